import { hashPassword } from "../../src/accounts/passwords.ts";
import { denoCommand, ServerProcess } from "./server_process.ts";
import type { StoreProcess } from "./store_process.ts";

/** Who is measured. */
export const CONTESTANTS = ["cosftp", "pyftpdlib", "ftp-srv"] as const;
export type ContestantName = typeof CONTESTANTS[number];

/** A server that is measured. */
export interface Contestant extends AsyncDisposable {
  readonly name: ContestantName;
  readonly process: ServerProcess;
}

/** Every server has this account. */
export const ACCOUNT = { user: "bench", password: "bench" } as const;

const PASSIVE_PORTS = "20000,29999";
const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * The program that is measured as cosftp: the executable that `COSFTP_BIN` names or, where it is not set, dist/cosftp; the
 * source when there is no such file.
 *
 * @returns how to run it and what to call it.
 */
export function cosftpProgram(): { command: [string, ...string[]]; title: string } {
  const built = Deno.env.get("COSFTP_BIN") ?? `${ROOT}dist/cosftp`;
  if (isFile(built)) return { command: [built], title: built };
  const task = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`)).tasks.cosftp.command;
  const flags = task.split(" ").filter((word: string) => word.startsWith("--"));
  const command: [string, ...string[]] = [Deno.execPath(), "run", ...flags, `${ROOT}main.ts`];
  return { command, title: `the source, Deno ${Deno.version.deno}` };
}

/** How cosftp is set up where it is not as always. */
export interface CosftpSettings {
  /** `upload_memory_max`. @default that of cosftp */
  readonly uploadMemory?: string;
  /**
   * As on the internet: on all addresses, with a hash in place of the password and the limits on connections. But nobody is
   * banned, as when an attacker has many addresses. @default false
   */
  readonly isExposed?: boolean;
}

export async function startCosftp(
  store: StoreProcess,
  { uploadMemory = "default", isExposed = false }: CosftpSettings = {},
): Promise<Contestant> {
  const password = new TextEncoder().encode(ACCOUNT.password);
  const folder = await Deno.makeTempDir({ prefix: "cosftp-bench-" });
  const file = `${folder}/vsftpd.conf`;
  await Deno.writeTextFile(
    file,
    `[COS_ACCOUNT_0]
cos_secretid = bench
cos_secretkey = bench
cos_bucket = bench-1250000000
cos_endpoint = ${store.endpoint}
cos_protocol = http
ftp_login_user_name = ${ACCOUNT.user}
ftp_login_user_password = ${isExposed ? await hashPassword(password) : ACCOUNT.password}

[NETWORK]
listen_address = ${isExposed ? "::" : "127.0.0.1"}
listen_port = 0
passive_port = ${PASSIVE_PORTS}

[LOGIN]
${isExposed ? "guard_threshold" : "max_connection_per_address"} = 0

[OPTIONAL]
upload_memory_max = ${uploadMemory}
log_dir = ${folder}
max_login_num = 1000
max_list_file = 1000000
`,
  );
  const { command } = cosftpProgram();
  const process = await ServerProcess.start([...command, "serve", "--config", file], {
    ready: /cosftp serves FTP listen=\S+:(\d+)/,
  });
  return contestant("cosftp", process, folder);
}

/** @throws Error when python3-pyftpdlib is not installed. */
export async function startPyftpdlib(): Promise<Contestant> {
  const folder = await Deno.makeTempDir({ dir: "/dev/shm", prefix: "cosftp-bench-" });
  const script = new URL("pyftpd.py", import.meta.url).pathname;
  // The system's own Python, which apt's packages are for, whatever other one comes first in PATH.
  const command: [string, ...string[]] = ["/usr/bin/python3", script, folder];
  const process = await ServerProcess.start(command, { ready: /^ready (\d+)$/m });
  return contestant("pyftpdlib", process, folder);
}

export async function startFtpSrv(store: StoreProcess): Promise<Contestant> {
  const folder = await Deno.makeTempDir({ prefix: "cosftp-bench-" });
  const command = denoCommand("ftp_srv.ts", store.endpoint);
  const process = await ServerProcess.start(command, { ready: /^ready (\d+)$/m });
  return contestant("ftp-srv", process, folder);
}

function contestant(name: ContestantName, process: ServerProcess, folder: string): Contestant {
  return {
    name,
    process,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

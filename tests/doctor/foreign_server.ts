import type { Program } from "./namespaces.ts";
import type { Network } from "./network.ts";

/** FTP servers of others, by Debian package, with what is particular about each. */
export type ServerKind = "vsftpd" | "proftpd" | "pure-ftpd";

/** How a server is set up; all ports and addresses are as they have to be unless it says otherwise. */
export interface ServerSetup {
  readonly kind: ServerKind;
  /** What its 227 reply names. */
  readonly named?: string;
  /** Lines of its configuration besides. */
  readonly lines?: readonly string[];
}

/** The ports of all of them. */
export const FOREIGN_PORTS = { first: 60_000, last: 60_099 };

/** Starts a server on the network's server, with files in `folder`; its account is `user`, `secret`, or anonymous. */
export async function startForeignServer(
  network: Network,
  { folder, setup }: { folder: string; setup: ServerSetup },
): Promise<Program> {
  for (const name of ["files", "empty"]) await Deno.mkdir(`${folder}/${name}`);
  await Deno.chmod(folder, 0o755);
  await Deno.writeTextFile(`${folder}/files/hello.txt`, "hello\n");
  const command = await COMMANDS[setup.kind](folder, setup);
  const server = network.server.start(command);
  await network.server.run(["sh", "-euc", "until ss -ltn | grep -q :2121; do sleep 0.02; done"]);
  return server;
}

/** The account that each of them knows. */
export function accountOf(kind: ServerKind): string {
  return kind === "pure-ftpd" ? "user" : "anonymous";
}

const { first, last } = FOREIGN_PORTS;

const COMMANDS: Readonly<
  Record<ServerKind, (folder: string, setup: ServerSetup) => Promise<string[]>>
> = {
  async vsftpd(folder, { named, lines = [] }) {
    const file = `${folder}/vsftpd.conf`;
    await Deno.writeTextFile(
      file,
      [
        "listen=YES",
        "listen_port=2121",
        "background=NO",
        "anonymous_enable=YES",
        "local_enable=NO",
        "ftp_username=daemon",
        `anon_root=${folder}/files`,
        `secure_chroot_dir=${folder}/empty`,
        `pasv_min_port=${first}`,
        `pasv_max_port=${last}`,
        ...(named === undefined ? [] : [`pasv_address=${named}`]),
        ...lines,
        "",
      ].join("\n"),
    );
    return [pathOf("vsftpd"), file];
  },
  async proftpd(folder, { named, lines = [] }) {
    const file = `${folder}/proftpd.conf`;
    await Deno.writeTextFile(
      file,
      [
        'ServerName "test"',
        "ServerType standalone",
        "Port 2121",
        "User nobody",
        "Group nogroup",
        "UseIPv6 off",
        "UseFtpUsers off",
        "WtmpLog off",
        "TransferLog none",
        `PidFile ${folder}/pid`,
        `ScoreboardFile ${folder}/scoreboard`,
        `SystemLog ${folder}/log`,
        `DelayTable none`,
        `PassivePorts ${first} ${last}`,
        ...(named === undefined ? [] : [`MasqueradeAddress ${named}`]),
        ...lines,
        `<Anonymous ${folder}/files>`,
        "User nobody",
        "Group nogroup",
        "UserAlias anonymous nobody",
        "RequireValidShell off",
        "</Anonymous>",
        "",
      ].join("\n"),
    );
    return [pathOf("proftpd"), "--nodaemon", "--config", file];
  },
  async "pure-ftpd"(folder, { named, lines = [] }) {
    const [accounts, database] = [`${folder}/accounts`, `${folder}/accounts.pdb`];
    const { success } = await runWithInput([
      pathOf("pure-pw", "bin"),
      ...`useradd user -u nobody -g nogroup -d ${folder}/files -f ${accounts} -F ${database} -m`
        .split(" "),
    ], "secret\nsecret\n");
    if (!success) throw new Error("pure-pw cannot make an account");
    return [
      pathOf("pure-ftpd"),
      ...`-S 2121 -l puredb:${database} -p ${first}:${last} -H -E -u 1`.split(" "),
      ...(named === undefined ? [] : ["-P", named]),
      ...lines,
    ];
  },
};

/** Packages that cannot be installed beside each other are unpacked into the folder of `FTP_SERVERS_DIR`. */
function candidates(program: string, folder: "bin" | "sbin"): string[] {
  const unpacked = Deno.env.get("FTP_SERVERS_DIR");
  return [...(unpacked === undefined ? [] : [unpacked]), ""]
    .map((root) => `${root}/usr/${folder}/${program}`);
}

function pathOf(program: string, folder: "bin" | "sbin" = "sbin"): string {
  const found = candidates(program, folder).find(isFile);
  if (!found) throw new Error(`${program} is not installed`);
  return found;
}

/** What is not installed here: `doctor against vsftpd: it is not installed (.ci/run shows how)`. */
export function missingServers(): string[] {
  return (["vsftpd", "proftpd", "pure-ftpd"] as const)
    .filter((kind) => !candidates(kind, "sbin").some(isFile))
    .map((kind) => `doctor against ${kind}: it is not installed (.ci/run shows how)`);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function runWithInput(command: readonly string[], input: string) {
  const [program, ...args] = command;
  const child = new Deno.Command(program!, {
    args,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  return await child.status;
}

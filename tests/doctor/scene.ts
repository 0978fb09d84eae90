import assert from "node:assert/strict";
import { cosftpCommand } from "../clients/gateway_process.ts";
import { type Certificate, makeCertificate } from "./certificates.ts";
import type { Host, Program } from "./namespaces.ts";
import { type Nat, Network } from "./network.ts";

const KEYS = { secretId: "AKIDexample", secretKey: "a key for tests" };
const BUCKET = "examplebucket-1250000000";

/** A finding of `--json`. */
export interface ReportedFinding {
  readonly check: string;
  readonly target: string;
  readonly status: "pass" | "warn" | "fail" | "skip";
  readonly summary: string;
  readonly detail: string | null;
  readonly remedy: { readonly text: string; readonly commands: readonly string[] } | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A network with a gateway on its server. */
export class Scene implements AsyncDisposable {
  readonly network: Network;
  readonly nat: Nat;
  /** Who signed the gateway's certificate: a PEM file. */
  readonly authority: string | undefined;
  /** What `cosftp` is given there: where it is, and its configuration. */
  readonly #env: Record<string, string>;
  readonly #resources: AsyncDisposableStack;
  #gateway: Program | undefined;

  private constructor(options: {
    network: Network;
    nat: Nat;
    authority: string | undefined;
    env: Record<string, string>;
    resources: AsyncDisposableStack;
  }) {
    this.network = options.network;
    this.nat = options.nat;
    this.authority = options.authority;
    this.#env = options.env;
    this.#resources = options.resources;
  }

  /**
   * @param options.ipv6 whether the gateway listens on IPv6 too, and everybody has addresses of it.
   * @param options.settings lines of [NETWORK].
   * @param options.tls whether it must be used, by a certificate for this address.
   */
  static async build(
    options: { nat: Nat; ipv6?: boolean; settings?: readonly string[]; tls?: string },
  ): Promise<Scene> {
    await using resources = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "cosftp-scene-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    const network = resources.use(await Network.build(options));
    const command = cosftpCommand().map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(`${folder}/cosftp`, `#!/bin/sh\nexec ${command} "$@"\n`, {
      mode: 0o755,
    });
    const certificate = options.tls === undefined
      ? undefined
      : await makeCertificate(folder, { address: options.tls });
    await Deno.writeTextFile(
      `${folder}/vsftpd.conf`,
      configuration({
        network: [
          `listen_address = ${options.ipv6 ? "::" : "0.0.0.0"}`,
          ...options.settings ?? [],
        ],
        certificate,
      }),
    );
    const env = {
      PATH: `${folder}:/usr/sbin:/usr/bin:/sbin:/bin`,
      COSFTP_CONFIG: `${folder}/vsftpd.conf`,
      COSFTP_PASSWORD: "secret",
    };
    await Deno.writeTextFile(`${folder}/key`, KEYS.secretKey);
    const emulator = `cosftp emulator --listen 127.0.0.1:9000 --bucket ${BUCKET} ` +
      `--secret-id ${KEYS.secretId} --secret-key-file ${folder}/key`;
    await resources.use(network.server.start(emulator.split(" "), { env }))
      .hasSaid(/127\.0\.0\.1:9000/);
    return new Scene({
      network,
      nat: options.nat,
      authority: certificate?.authority,
      env,
      resources: resources.move(),
    });
  }

  /** Starts the gateway, by a line of shell; one that runs is stopped before. */
  async serve(line = "cosftp serve"): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    // `exec`, so that what is killed is the gateway and not its shell.
    const script = `exec env ${line}`;
    const gateway = this.network.server.start(["sh", "-euc", script], { env: this.#env });
    this.#gateway = gateway;
    await gateway.hasSaid(/cosftp serves FTP/);
  }

  /** Runs `cosftp doctor ARGS` on a machine. @returns its findings. */
  doctor(host: Host, ...args: string[]): Promise<readonly ReportedFinding[]> {
    return this.#findings(host, ["cosftp", "doctor", "--json", ...args]);
  }

  /** Runs a line of shell on a machine, which ends in `cosftp doctor --json ARGS`. @returns its findings. */
  doctorBy(host: Host, line: string): Promise<readonly ReportedFinding[]> {
    return this.#findings(host, ["sh", "-euc", line]);
  }

  async #findings(host: Host, command: readonly string[]): Promise<readonly ReportedFinding[]> {
    const { stdout, stderr } = await host.outcome(command, { env: this.#env });
    try {
      return JSON.parse(stdout).findings;
    } catch {
      throw new Error(`doctor gave no report: ${stdout}${stderr}`);
    }
  }

  /** Runs `cosftp doctor --listen-probe` on the server, until it is disposed of. */
  async holdPorts(): Promise<AsyncDisposable> {
    const command = ["cosftp", "doctor", "--listen-probe"];
    const holding = this.network.server.start(command, { env: this.#env });
    await holding.hasSaid(/^Holding \d+ of \d+ ports/);
    return holding;
  }

  /** Makes so many directories in the bucket. */
  async fill(count: number): Promise<void> {
    const commands = Array.from({ length: count }, (_, index) => `-Q "MKD directory-${index}"`);
    const curl = `curl -sS -u user:secret ftp://127.0.0.1:2121/ ${commands.join(" ")}`;
    await this.network.server.paste([curl]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    await this.#resources[Symbol.asyncDispose]();
  }
}

/** The only finding of a check that is no pass. */
export function worseOf(findings: readonly ReportedFinding[], check: string): ReportedFinding {
  const found = findings.filter((finding) => finding.check === check && finding.status !== "pass");
  assert.equal(found.length, 1, `${check}: ${JSON.stringify(findings, null, 2)}`);
  return found[0]!;
}

/** The lines under the comment that begins like this (`# On the server, with iptables`). */
export function linesFor({ remedy, check }: ReportedFinding, comment: string): readonly string[] {
  const lines = remedy?.commands ?? [];
  const start = lines.findIndex((line) => line.startsWith(comment));
  assert.notEqual(start, -1, `${check} has no ${comment}: ${lines.join("\n")}`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("#"));
  return end === -1 ? rest : rest.slice(0, end);
}

function configuration({ network, certificate }: {
  network: readonly string[];
  certificate: Certificate | undefined;
}): string {
  const tls = certificate === undefined ? "" : `[TLS]
tls_cert_file = ${certificate.certificate}
tls_key_file = ${certificate.key}
tls_required = all
`;
  return `[COS_ACCOUNT_0]
cos_secretid = ${KEYS.secretId}
cos_secretkey = ${KEYS.secretKey}
cos_bucket = ${BUCKET}
cos_endpoint = 127.0.0.1:9000
cos_protocol = http
home_dir = /home/user
ftp_login_user_name = user
ftp_login_user_password = secret
[NETWORK]
${network.join("\n")}
[OPTIONAL]
log_file_enabled = false
${tls}`;
}

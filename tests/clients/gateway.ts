import { selfSignedCertificate } from "../../src/net/self_signed.ts";
import { Bucket } from "./bucket.ts";
import { GatewayProcess } from "./gateway_process.ts";

/** The `min_part_size` of every gateway under test. */
export const PART_SIZE = 1024 * 1024;

/** Passive ports of one gateway: enough for every test, outside the range that Linux gives to outgoing connections. */
const PASSIVE_PORTS = 64;
const PASSIVE_FLOOR = 20_000;
const PASSIVE_CEILING = 32_000;

/** Settings by section and key, as in the configuration file. */
export type Settings = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** A gateway in a process of its own, `main.ts` or the executable that `COSFTP_BIN` names, with a bucket of its own. */
export class Gateway implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly user = "demo";
  readonly password = "secret";
  readonly port: number;
  /** Inclusive. */
  readonly passivePorts: { readonly first: number; readonly last: number };
  readonly bucket: Bucket;
  readonly process: GatewayProcess;
  /** The file of the certificate that it shows, for clients to trust. */
  readonly certificate: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(options: {
    bucket: Bucket;
    process: GatewayProcess;
    port: number;
    passivePorts: { first: number; last: number };
    certificate: string;
    resources: AsyncDisposableStack;
  }) {
    this.bucket = options.bucket;
    this.process = options.process;
    this.port = options.port;
    this.passivePorts = options.passivePorts;
    this.certificate = options.certificate;
    this.#resources = options.resources;
  }

  /**
   * @param given settings besides those that every test needs, or instead of them. A section `TLS` gets a certificate, and
   * clients that begin with TLS a port.
   */
  static async start(given: Settings | ((bucket: Bucket) => Settings) = {}): Promise<Gateway> {
    await using resources = new AsyncDisposableStack();
    const bucket = resources.use(await Bucket.start());
    const folder = await Deno.makeTempDir({ prefix: "cosftp-gateway-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    const file = `${folder}/vsftpd.conf`;
    const settings = typeof given === "function" ? given(bucket) : given;
    const passivePorts = freePassivePorts();
    const tls = await certificateFiles(folder);
    const text = configuration({ bucket, passivePorts, settings, tls });
    await Deno.writeTextFile(file, text, { mode: 0o600 });
    const process = resources.use(new GatewayProcess(["serve", "--config", file]));
    const [, port] = await process.said(/cosftp serves FTP listen=127\.0\.0\.1:(\d+)/);
    return new Gateway({
      bucket,
      process,
      port: Number(port),
      passivePorts,
      certificate: tls.tls_cert_file,
      resources: resources.move(),
    });
  }

  /** The port for clients that begin with TLS; undefined where there is no TLS. */
  get implicitPort(): number | undefined {
    const [, port] = /implicitTls=127\.0\.0\.1:(\d+)/.exec(this.process.stderr) ?? [];
    return port === undefined ? undefined : Number(port);
  }

  /** Runs a test's body; its failure also shows what the gateway said last. */
  async explain(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      const last = this.process.stderr.split("\n").slice(-60).join("\n");
      if (error instanceof Error) error.message += `\n\nThe gateway said last:\n${last}`;
      throw error;
    }
  }

  /** Ends the gateway as an operator does. @throws when it does not exit with 0. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}

/** Makes a certificate for 127.0.0.1 and its key in `folder`. */
async function certificateFiles(folder: string) {
  const { cert, key } = await selfSignedCertificate({
    names: ["localhost", "127.0.0.1"],
    now: Date.now(),
    days: 2,
  });
  const files = { tls_cert_file: `${folder}/cert.pem`, tls_key_file: `${folder}/key.pem` };
  await Deno.writeTextFile(files.tls_cert_file, cert);
  await Deno.writeTextFile(files.tls_key_file, key);
  return files;
}

function configuration({ bucket, passivePorts, settings, tls }: {
  bucket: Bucket;
  passivePorts: { first: number; last: number };
  settings: Settings;
  tls: { tls_cert_file: string; tls_key_file: string };
}): string {
  const sections: Settings = {
    COS_ACCOUNT_0: {
      cos_secretid: bucket.keys.secretId,
      cos_secretkey: bucket.keys.secretKey,
      cos_bucket: bucket.name,
      cos_endpoint: bucket.endpoint,
      cos_protocol: "http",
      home_dir: "/home/demo",
      ftp_login_user_name: "demo",
      ftp_login_user_password: "secret",
    },
    NETWORK: {
      listen_address: "127.0.0.1",
      listen_port: 0,
      passive_port: `${passivePorts.first},${passivePorts.last}`,
    },
    ...settings.TLS && { TLS: { ...tls, implicit_tls_port: 0 } },
    OPTIONAL: { min_part_size: PART_SIZE, log_level: "DEBUG", log_file_enabled: "false" },
  };
  return Object.keys({ ...sections, ...settings }).map((section) => {
    const lines = Object.entries({ ...sections[section], ...settings[section] });
    return [`[${section}]`, ...lines.map(([key, value]) => `${key} = ${value}`), ""].join("\n");
  }).join("\n");
}

/** A row of ports that nobody listens on now. */
function freePassivePorts(): { first: number; last: number } {
  for (;;) {
    const span = PASSIVE_CEILING - PASSIVE_FLOOR - PASSIVE_PORTS;
    const first = PASSIVE_FLOOR + Math.floor(Math.random() * span);
    const last = first + PASSIVE_PORTS - 1;
    const listeners: Deno.TcpListener[] = [];
    try {
      for (let port = first; port <= last; port++) {
        listeners.push(Deno.listen({ hostname: "127.0.0.1", port }));
      }
      return { first, last };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    } finally {
      for (const listener of listeners) listener.close();
    }
  }
}

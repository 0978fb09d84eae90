import { Bucket } from "./bucket.ts";

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
  readonly #resources: AsyncDisposableStack;

  private constructor(options: {
    bucket: Bucket;
    process: GatewayProcess;
    port: number;
    passivePorts: { first: number; last: number };
    resources: AsyncDisposableStack;
  }) {
    this.bucket = options.bucket;
    this.process = options.process;
    this.port = options.port;
    this.passivePorts = options.passivePorts;
    this.#resources = options.resources;
  }

  /** @param settings besides those that every test needs, or instead of them. */
  static async start(settings: Settings = {}): Promise<Gateway> {
    await using resources = new AsyncDisposableStack();
    const bucket = resources.use(await Bucket.start());
    const folder = await Deno.makeTempDir({ prefix: "cosftp-gateway-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    const file = `${folder}/vsftpd.conf`;
    const passivePorts = freePassivePorts();
    await Deno.writeTextFile(file, configuration({ bucket, passivePorts, settings }));
    const process = resources.use(new GatewayProcess(["serve", "--config", file]));
    const [, port] = await process.said(/cosftp serves FTP listen=127\.0\.0\.1:(\d+)/);
    return new Gateway({
      bucket,
      process,
      port: Number(port),
      passivePorts,
      resources: resources.move(),
    });
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

/** A cosftp process. Disposing of it stops it by SIGTERM and wants it to exit with 0. */
export class GatewayProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<void>[];
  #stdout = "";
  #stderr = "";
  #waiting: (() => void)[] = [];
  #ended = false;

  /** @param args of `cosftp`. */
  constructor(args: readonly string[]) {
    const [program, ...first] = cosftpCommand();
    this.#child = new Deno.Command(program!, {
      args: [...first, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = [
      this.#collect(this.#child.stdout, (text) => this.#stdout += text),
      this.#collect(this.#child.stderr, (text) => this.#stderr += text),
    ];
  }

  get pid(): number {
    return this.#child.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when stdout or stderr matches. @throws when the process ends before. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stderr) ?? pattern.exec(this.#stdout);
      if (match) return match;
      if (this.#ended) {
        throw new Error(`Cannot wait for ${pattern}: cosftp ended\n${this.#stdout}${this.#stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  kill(signal: "SIGINT" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** What it ended with, once it has and all it said was read. */
  async status(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await Promise.all(this.#output);
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.kill("SIGTERM");
    const { code, signal } = await this.status();
    if (code !== 0) {
      const end = signal ?? `exit code ${code}`;
      throw new Error(`Cannot accept how cosftp ended: ${end}, not 0\n${this.#stderr}`);
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      add(text);
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** How cosftp is started: the executable of `COSFTP_BIN`, else from source with the permissions of `deno task cosftp`. */
function cosftpCommand(): string[] {
  const executable = Deno.env.get("COSFTP_BIN");
  if (executable) return [executable];
  const root = new URL("../../", import.meta.url);
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const [, ...args] = (tasks.cosftp.command as string).split(" ");
  return [
    Deno.execPath(),
    ...args.map((arg) => arg === "main.ts" ? `${root.pathname}main.ts` : arg),
  ];
}

function configuration({ bucket, passivePorts, settings }: {
  bucket: Bucket;
  passivePorts: { first: number; last: number };
  settings: Settings;
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

/** A cosftp process. Disposing of it stops it by SIGTERM and wants it to exit with 0, unless it was crashed. */
export class GatewayProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<void>;
  #stdout = "";
  #stderr = "";
  #waiting: (() => void)[] = [];
  #ended = false;
  #crashed = false;

  /** @param args of `cosftp`. */
  constructor(args: readonly string[]) {
    const [program, ...first] = cosftpCommand();
    this.#child = new Deno.Command(program!, {
      args: [...first, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = this.#collect();
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

  kill(signal: "SIGINT" | "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Stops the process where it stands, until the result is disposed of. */
  pause(): Disposable {
    this.#child.kill("SIGSTOP");
    return { [Symbol.dispose]: () => this.#child.kill("SIGCONT") };
  }

  /** Ends it by SIGKILL, wherever it is. */
  async crash(): Promise<void> {
    this.#crashed = true;
    this.#child.kill("SIGKILL");
    await this.status();
  }

  /** What it ended with, once it has and all it said was read. */
  async status(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#output;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#crashed) return;
    if (!this.#ended) this.kill("SIGTERM");
    const { code, signal } = await this.status();
    if (code !== 0) {
      const end = signal ?? `exit code ${code}`;
      throw new Error(`Cannot accept how cosftp ended: ${end}, not 0\n${this.#stderr}`);
    }
  }

  async #collect(): Promise<void> {
    const read = async (stream: ReadableStream<Uint8Array>, add: (text: string) => void) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        add(text);
        this.#wake();
      }
    };
    await Promise.all([
      read(this.#child.stdout, (text) => this.#stdout += text),
      read(this.#child.stderr, (text) => this.#stderr += text),
    ]);
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
export function cosftpCommand(): string[] {
  const executable = Deno.env.get("COSFTP_BIN");
  // A client's working directory is another one.
  if (executable) return [Deno.realPathSync(executable)];
  const root = new URL("../../", import.meta.url);
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const [, ...args] = (tasks.cosftp.command as string).split(" ");
  return [
    Deno.execPath(),
    ...args.map((arg) => arg === "main.ts" ? `${root.pathname}main.ts` : arg),
  ];
}

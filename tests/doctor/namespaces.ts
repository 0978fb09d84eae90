/** One network namespace, a machine of its own as far as its network goes. */
export class Host implements AsyncDisposable {
  readonly name: string;
  /** What programs there are given besides. */
  readonly env: Record<string, string> = {};
  readonly #children = new Set<Deno.ChildProcess>();

  private constructor(name: string) {
    this.name = name;
  }

  static async create(name: string): Promise<Host> {
    await runHere(["ip", "netns", "add", name]);
    const host = new Host(name);
    await host.run(["ip", "link", "set", "lo", "up"]);
    return host;
  }

  /** Gives it a copy of its own of a folder in /etc (ip-netns(8)). */
  async ownFolder(name: string): Promise<void> {
    await runHere(["mkdir", "-p", this.#etc]);
    await runHere(["cp", "-a", `/etc/${name}`, this.#etc]);
  }

  /** Runs a program there, which must succeed. @returns what it wrote to stdout. */
  async run(command: readonly string[]): Promise<string> {
    return await runHere(this.#inside(command), this.env);
  }

  /** Runs lines of shell there, as an operator would paste them. */
  async paste(lines: readonly string[]): Promise<void> {
    for (const line of lines) await this.run(["sh", "-euc", line]);
  }

  /** Runs a program there to its end, however it ends. */
  async outcome(
    command: readonly string[],
    options: { env?: Record<string, string> } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const [program, ...args] = this.#inside(command);
    const { code, stdout, stderr } = await new Deno.Command(program!, {
      args,
      stdin: "null",
      env: { ...this.env, ...options.env },
    }).output();
    return { code, stdout: decoded(stdout), stderr: decoded(stderr) };
  }

  /** Starts a program there that is killed at the latest when the namespace goes. */
  start(command: readonly string[], options: { env?: Record<string, string> } = {}): Program {
    const [program, ...args] = this.#inside(command);
    const child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { ...this.env, ...options.env },
    }).spawn();
    this.#children.add(child);
    return new Program(child, () => this.#children.delete(child));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Servers leave children behind; with the last process the namespace goes.
    const pids = await runHere(["ip", "netns", "pids", this.name]);
    for (const pid of pids.split("\n").filter((line) => line !== "")) {
      try {
        Deno.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    await Promise.all([...this.#children].map(({ status }) => status));
    await runHere(["ip", "netns", "del", this.name]);
    await runHere(["rm", "-rf", this.#etc]);
  }

  get #etc(): string {
    return `/etc/netns/${this.name}`;
  }

  #inside(command: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.name, ...command];
  }
}

/** A program that runs. Disposing of it kills it. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<unknown>;
  readonly #onEnd: () => void;
  #said = "";
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(child: Deno.ChildProcess, onEnd: () => void) {
    this.#child = child;
    this.#onEnd = onEnd;
    this.#output = Promise.all([this.#collect(child.stdout), this.#collect(child.stderr)])
      .then(() => {
        this.#ended = true;
        this.#wake();
      });
  }

  /** What it wrote to stdout and stderr. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it said so. @throws when it ends before. */
  async hasSaid(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#said);
      if (match) return match;
      if (this.#ended) throw new Error(`Cannot wait for ${pattern}: it ended\n${this.#said}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async status(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#output;
    this.#onEnd();
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.status();
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#said += text;
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A name that no namespace has. */
export function newName(role: string): string {
  return `cosftp-${crypto.randomUUID().slice(0, 8)}-${role}`;
}

/** Runs a program in this namespace, which must succeed. */
export async function runHere(
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const [program, ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program!, {
    args,
    env,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot run ${command.join(" ")}: ${decoded(stderr)}`);
  return decoded(stdout);
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

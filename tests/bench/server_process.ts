/** A server in a process of its own: says where it listens, tells what it costs. Disposing of it kills it. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #draining: Promise<void>;
  readonly port: number;

  private constructor(
    child: Deno.ChildProcess,
    options: { port: number; draining: Promise<void> },
  ) {
    this.#child = child;
    this.port = options.port;
    this.#draining = options.draining;
  }

  /**
   * @param command the program and its arguments.
   * @param options.ready what the process says when it serves; the first group is the port.
   * @throws Error with all that it said when it ends before.
   */
  static async start(
    [program, ...args]: readonly [string, ...string[]],
    { ready }: { ready: RegExp },
  ): Promise<ServerProcess> {
    const child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let said = "";
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const drain = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        if (said.length < 100_000) said += text;
        const port = ready.exec(said)?.[1];
        if (port) resolve(Number(port));
      }
    };
    const draining = Promise.all([drain(child.stdout), drain(child.stderr)]).then(() =>
      reject(new Error(`Cannot start ${program} ${args.join(" ")}: it said\n${said}`))
    );
    return new ServerProcess(child, { port: await promise, draining });
  }

  /** Processor seconds used so far, by all threads, in user and kernel mode. */
  async processorSeconds(): Promise<number> {
    const stat = await Deno.readTextFile(`/proc/${this.#child.pid}/stat`);
    // Fields 14 and 15 of proc(5), in ticks of 10 ms; the second field may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** The most memory that was resident since {@linkcode ServerProcess.forgetPeak}. MiB. */
  async peakMemory(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.#child.pid}/status`);
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** Begins to measure the peak anew. proc(5), clear_refs. */
  async forgetPeak(): Promise<void> {
    await Deno.writeTextFile(`/proc/${this.#child.pid}/clear_refs`, "5");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#draining;
  }
}

/** Runs a module of this folder with the Deno that runs this one. */
export function denoCommand(module: string, ...args: string[]): [string, ...string[]] {
  const path = new URL(module, import.meta.url).pathname;
  const lock = new URL("../deno.lock", import.meta.url).pathname;
  const flags = ["--quiet", "--no-prompt", `--lock=${lock}`, "--allow-all"];
  return [Deno.execPath(), "run", ...flags, path, ...args];
}

/** How long a program may run: a server that never answers must not stop the benchmark. Milliseconds. */
const PATIENCE = 120_000;

/** Runs a program. @returns what it printed. @throws Error when it fails, or takes too long. */
export async function runToEnd(
  [program, ...args]: readonly [string, ...string[]],
): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(PATIENCE),
  }).output();
  if (!success) {
    throw new Error(`Cannot go on: ${program} ${args.join(" ")} failed or took too long`);
  }
  return new TextDecoder().decode(stdout);
}

import { ACCOUNT } from "./contestants.ts";
import { denoCommand } from "./server_process.ts";

/** An idle session of a server, that asks it from time to time whether it is still there (`noop_probe.ts`). */
export class NoopSession implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<Deno.CommandOutput>;

  private constructor(child: Deno.ChildProcess, output: Promise<Deno.CommandOutput>) {
    this.#child = child;
    this.#output = output;
  }

  /** Logs in to the server on `port`. */
  static start(port: number): NoopSession {
    const address = JSON.stringify({ ...ACCOUNT, port });
    const [program, ...args] = denoCommand("noop_probe.ts", address);
    const child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    return new NoopSession(child, child.output());
  }

  /** Logs out. @returns how long the server took to answer each time, in milliseconds. */
  async end(): Promise<readonly number[]> {
    await this.#child.stdin.close();
    const { stdout } = await this.#output;
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    await this.#output;
  }
}

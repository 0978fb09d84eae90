import { clientEnvironment } from "./client_run.ts";
import type { Gateway } from "./gateway.ts";

/** curl, storing what it is given bit by bit. */
export class PipedCurl implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #messages: ReadableStreamDefaultReader<string>;
  #said = "";

  /** Begins to store `file`, under TLS where the gateway has it. */
  constructor({ host, port, user, password, implicitPort, certificate }: Gateway) {
    const tls = implicitPort === undefined ? [] : ["--ssl-reqd", "--cacert", certificate];
    this.#child = new Deno.Command("curl", {
      args: ["-sS", "-v", ...tls, "-T", "-", `ftp://${user}:${password}@${host}:${port}/file`],
      clearEnv: true,
      env: clientEnvironment("/"),
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#messages = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Resolves when 150 has come, and bytes have gone out. */
  async send(size: number): Promise<void> {
    await this.#input.write(new Uint8Array(size).fill(0x78));
    while (!/^< 150 [^]*^} \[/m.test(this.#said)) {
      const { value, done } = await this.#messages.read();
      if (done) throw new Error(`Cannot send by curl: it ended\n${this.#said}`);
      this.#said += value;
    }
  }

  /** Ends the file. */
  async finish(): Promise<void> {
    await this.#input.close();
  }

  /** The exit code, once curl has ended. */
  async code(): Promise<number> {
    return (await this.#child.status).code;
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.abort().catch(() => {});
    await this.#messages.cancel();
    await this.#child.status;
  }
}

import assert from "node:assert/strict";
import { clientEnvironment } from "./client_run.ts";

/** Where a client logs in; a gateway is one. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const SCRIPT = new URL("raw_client.py", import.meta.url).pathname;

/** A client over raw sockets, in a process of its own (`raw_client.py` says what it obeys). */
export class RawClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;
  #rest = "";

  private constructor({ host, port, user, password }: Login) {
    this.#child = new Deno.Command("python3", {
      args: [SCRIPT, host, String(port), user, password],
      clearEnv: true,
      env: clientEnvironment("/"),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async logIn(login: Login): Promise<RawClient> {
    const client = new RawClient(login);
    assert.equal(await client.#answer(), "ready");
    return client;
  }

  /** Gives a command. @returns the answer. */
  async do(command: string): Promise<string> {
    await this.#input.write(new TextEncoder().encode(`${command}\n`));
    return await this.#answer();
  }

  /** Begins to store `file`: resolves when 150 has come and `size` bytes have arrived. */
  async send(size: number): Promise<void> {
    await this.do("store file");
    assert.equal(await this.do("reply"), "150");
    await this.do(`send ${size}`);
    while (Number(await this.do("received")) < size);
  }

  /** Ends the data connection in good order. */
  async finish(): Promise<void> {
    await this.do("finish");
  }

  /** Kills the process as `kill -9` does; the kernel closes its connections. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#answers.cancel();
    await this.#child.status;
  }

  async #answer(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end !== -1) {
        const answer = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return answer;
      }
      const { value, done } = await this.#answers.read();
      if (done) throw new Error("Cannot wait for an answer: the raw client has ended");
      this.#rest += value;
    }
  }
}

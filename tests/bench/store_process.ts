import { denoCommand, ServerProcess } from "./server_process.ts";

/** The stand-in for COS (`store.ts`) in a process of its own. */
export class StoreProcess implements AsyncDisposable {
  readonly #process: ServerProcess;
  /** `127.0.0.1:<port>` */
  readonly endpoint: string;

  private constructor(process: ServerProcess) {
    this.#process = process;
    this.endpoint = `127.0.0.1:${process.port}`;
  }

  /** @param options.checksums whether it answers with the CRC64 of what it got. */
  static async start(options: { checksums: boolean }): Promise<StoreProcess> {
    const command = denoCommand("store.ts", ...options.checksums ? ["--crc64"] : []);
    return new StoreProcess(await ServerProcess.start(command, { ready: /^ready (\d+)$/m }));
  }

  /** How long it waits before it answers a request. Milliseconds. */
  async setLatency(milliseconds: number): Promise<void> {
    await this.#ask(`latency?milliseconds=${milliseconds}`);
  }

  /** Requests by operation since this was called last. */
  async takeCounts(): Promise<Record<string, number>> {
    return JSON.parse(await this.#ask("counts"));
  }

  /** How many objects that were stored below `prefix` have each size. */
  async sizes(prefix: string): Promise<Record<string, number>> {
    return JSON.parse(await this.#ask(`sizes?prefix=${prefix}`));
  }

  /** URL of an object, for curl. */
  url(key: string): string {
    return `http://${this.endpoint}/bench-1250000000/${key}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }

  async #ask(target: string): Promise<string> {
    const response = await fetch(`http://${this.endpoint}/-/${target}`);
    return await response.text();
  }
}

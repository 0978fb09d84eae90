import { type Clock, Deadline } from "../clock.ts";
import type { Connection, SocketAddress } from "../net/connection.ts";
import { CommandError } from "./command_error.ts";
import type { ControlLine } from "./control_line.ts";
import type { Protection } from "./protection.ts";
import { readLines } from "./read_lines.ts";
import { Code } from "./reply.ts";

/** The control connection of a session, in clear text or in TLS: lines come in, replies go out in order. */
export class ControlChannel {
  #connection: Connection;
  #sending: Promise<void> = Promise.resolve();
  readonly #protection: Protection;
  readonly #clock: Clock;
  readonly #stallTimeout: number;

  /** @param options.stallTimeout how long a client may read nothing of what is sent, in milliseconds. */
  constructor(
    connection: Connection,
    options: { protection: Protection; clock: Clock; stallTimeout: number },
  ) {
    this.#connection = connection;
    this.#protection = options.protection;
    this.#clock = options.clock;
    this.#stallTimeout = options.stallTimeout;
  }

  get local(): SocketAddress {
    return this.#connection.local;
  }

  get remote(): SocketAddress {
    return this.#connection.remote;
  }

  /** Speaks TLS from here on. @throws when that fails, or with the signal's reason: then the connection is closed. */
  async startTls(signal: AbortSignal): Promise<void> {
    this.#connection = await this.#protection.protectControl(this.#connection, signal);
  }

  /**
   * Has lines taken one after the other until the connection ends ({@linkcode readLines}).
   *
   * @throws what reading throws.
   */
  read(take: (line: ControlLine) => Promise<void>): Promise<void> {
    return readLines(() => this.#connection, take);
  }

  /** Sends `bytes` after all that was sent before. @throws {CommandError} 421: the client is gone, or does not read. */
  send(bytes: Uint8Array): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      using _stuck = this.#closeWhenStuck();
      await this.#connection.write(bytes).catch((cause) => {
        throw new CommandError(Code.serviceNotAvailable, "The client has gone", { cause });
      });
    });
    this.#sending.catch(() => {});
    return this.#sending;
  }

  /** Closes the connection when the client has got what was sent, or takes too long. Never throws. */
  async end(): Promise<void> {
    {
      using _stuck = this.#closeWhenStuck();
      await this.#connection.closeWrite().catch(() => {});
    }
    this.close();
  }

  /** Closes the connection at once. */
  close(): void {
    this.#connection.close();
  }

  #closeWhenStuck(): Deadline {
    const deadline = new Deadline({
      clock: this.#clock,
      milliseconds: this.#stallTimeout,
      error: () => new Error("stuck"),
    });
    deadline.signal.addEventListener("abort", () => this.close(), { once: true });
    return deadline;
  }
}

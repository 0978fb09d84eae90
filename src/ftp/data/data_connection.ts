import { type Clock, Deadline } from "../../clock.ts";
import type { Connection } from "../../net/connection.ts";
import { DataConnectionError } from "./data_error.ts";

/**
 * A data connection in use. It is given up when `signal` aborts, and when the client neither takes nor gives a byte for
 * `stallTimeout` milliseconds of a read or write; what we wait for ourselves does not count.
 */
export class DataConnection implements Disposable {
  readonly #connection: Connection;
  readonly #deadline: Deadline;
  readonly #close = () => this.#connection.close();

  constructor(
    connection: Connection,
    options: { signal: AbortSignal; clock: Clock; stallTimeout: number },
  ) {
    this.#connection = connection;
    this.#deadline = new Deadline({
      clock: options.clock,
      milliseconds: options.stallTimeout,
      parent: options.signal,
      error: () => new DataConnectionError("stalled", "The client did not go on with the transfer"),
    });
    this.#deadline.pause();
    if (this.#deadline.signal.aborted) this.#close();
    else this.#deadline.signal.addEventListener("abort", this.#close, { once: true });
  }

  /**
   * Reads what has arrived, at least one byte; null at the clean end.
   *
   * @throws {DataConnectionError} `lost`, `stalled`; the signal's reason.
   */
  read(into: Uint8Array): Promise<number | null> {
    return this.#guard(() => this.#connection.read(into));
  }

  /** Writes all. @throws {DataConnectionError} `lost`, `stalled`; the signal's reason. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#guard(() => this.#connection.write(bytes));
  }

  /** Tells the client that everything was sent. @throws {DataConnectionError} `lost`; the signal's reason. */
  finish(): Promise<void> {
    return this.#guard(() => this.#connection.closeWrite());
  }

  [Symbol.dispose](): void {
    this.#deadline.signal.removeEventListener("abort", this.#close);
    this.#deadline[Symbol.dispose]();
    this.#close();
  }

  async #guard<T>(operation: () => Promise<T>): Promise<T> {
    this.#deadline.resume();
    try {
      return await operation();
    } catch (error) {
      this.#deadline.signal.throwIfAborted();
      throw new DataConnectionError("lost", "The data connection was lost", { cause: error });
    } finally {
      this.#deadline.pause();
    }
  }
}

import { type Clock, Deadline } from "../../clock.ts";
import type { Arrivals } from "../../net/arrival_barrier.ts";
import type { Connection } from "../../net/connection.ts";
import type { TokenBucket } from "../../net/token_bucket.ts";
import { DataConnectionError } from "./data_error.ts";

/** How much a transfer moves before the other connections are heard. Bytes. */
const TURN = 1024 * 1024;

/**
 * A data connection in use. It is given up when `signal` aborts, and when the client neither takes nor gives a byte for
 * `stallTimeout` milliseconds of a read or write; what we wait for ourselves does not count.
 *
 * It gives way to other connections: a read or write that need not wait is carried out at once, over and over again, and
 * Deno's event loop looks at sockets only every 61st time around, so that one fast transfer would let the others wait for
 * 50 ms.
 */
export class DataConnection implements Disposable {
  readonly #connection: Connection;
  readonly #deadline: Deadline;
  readonly #close = () => this.#connection.close();
  readonly #arrivals: Arrivals;
  readonly #upload: TokenBucket | undefined;
  readonly #download: TokenBucket | undefined;
  #movedInTurn = 0;

  constructor(
    connection: Connection,
    options: {
      signal: AbortSignal;
      clock: Clock;
      stallTimeout: number;
      arrivals: Arrivals;
      /** What reading and writing are held to. @default nothing */
      upload?: TokenBucket;
      download?: TokenBucket;
    },
  ) {
    this.#connection = connection;
    this.#arrivals = options.arrivals;
    this.#upload = options.upload;
    this.#download = options.download;
    this.#deadline = new Deadline({
      clock: options.clock,
      milliseconds: options.stallTimeout,
      parent: options.signal,
      error: () => new DataConnectionError("stalled", "The client did not go on with the transfer"),
    });
    this.#deadline.pause();
    connection.onProgress = () => this.#deadline.touch();
    if (this.#deadline.signal.aborted) this.#close();
    else this.#deadline.signal.addEventListener("abort", this.#close, { once: true });
  }

  /**
   * Reads what has arrived, at least one byte; null at the clean end.
   *
   * @throws {DataConnectionError} `lost`, `truncated`, `stalled`; the signal's reason.
   */
  async read(into: Uint8Array): Promise<number | null> {
    await this.#giveWay();
    await this.#upload?.turn(this.#deadline.signal);
    const space = into.subarray(0, this.#upload?.piece);
    const count = await this.#guard(() => this.#connection.read(space));
    this.#upload?.moved(count ?? 0);
    this.#movedInTurn += count ?? 0;
    return count;
  }

  /** Writes all. @throws {DataConnectionError} `lost`, `stalled`; the signal's reason. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#giveWay();
    const piece = this.#download?.piece ?? bytes.length;
    for (let at = 0; at < bytes.length; at += piece) {
      const next = bytes.subarray(at, at + piece);
      await this.#download?.turn(this.#deadline.signal);
      await this.#guard(() => this.#connection.write(next));
      this.#download?.moved(next.length);
    }
    this.#movedInTurn += bytes.length;
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

  async #giveWay(): Promise<void> {
    if (this.#movedInTurn < TURN) return;
    this.#movedInTurn = 0;
    await this.#arrivals.catchUp();
  }

  async #guard<T>(operation: () => Promise<T>): Promise<T> {
    this.#deadline.resume();
    try {
      return await operation();
    } catch (error) {
      this.#deadline.signal.throwIfAborted();
      if (error instanceof Deno.errors.UnexpectedEof) {
        const text = "The data connection ended without TLS close_notify: bytes may be missing";
        throw new DataConnectionError("truncated", text, { cause: error });
      }
      throw new DataConnectionError("lost", "The data connection was lost", { cause: error });
    } finally {
      this.#deadline.pause();
    }
  }
}

import { type Clock, Deadline } from "../clock.ts";
import type { HttpConnection } from "./http_connection.ts";
import { HttpError } from "./http_error.ts";

/** What a {@linkcode ConnectionPool} works with. Times are milliseconds. */
export interface ConnectionPoolOptions {
  /** Opens a connection. @throws the signal's reason, or why there is none. */
  readonly open: (signal: AbortSignal) => Promise<HttpConnection>;
  readonly clock: Clock;
  /** Connections at once; whoever needs one more waits for its turn. */
  readonly maxConnections: number;
  /** How long a connection is kept that nobody uses. */
  readonly idleTimeout: number;
  /** How long getting a connection may take, waiting and opening together. */
  readonly connectTimeout: number;
}

type Waiter = (handed: HttpConnection | undefined) => void;

/**
 * The connections to one origin. One that was used last is used next, so that those too many grow old and are closed; one
 * that the server closes is dropped at once. Waiters are served in their order.
 */
export class ConnectionPool implements Disposable {
  readonly #options: ConnectionPoolOptions;
  readonly #open = new Set<HttpConnection>();
  /** The one used last is last. */
  readonly #idle: HttpConnection[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #closing = new AbortController();
  /** Connections that are open, being opened, or promised to a waiter. */
  #slots = 0;
  #sweep: Disposable | undefined;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  /** Whether there is neither a connection nor anybody who wants one. */
  get isUnused(): boolean {
    return this.#slots === 0;
  }

  /**
   * A connection for one request; to be given back by {@linkcode ConnectionPool.release} or
   * {@linkcode ConnectionPool.discard}.
   *
   * @param options.maxIdle the longest time that it may have been idle; 0 for a new one.
   * @throws {HttpError} `not-connected`, `timeout`; the signal's reason.
   */
  async acquire(options: { maxIdle: number; signal: AbortSignal }): Promise<HttpConnection> {
    options.signal.throwIfAborted();
    const idle = this.#idle.at(-1);
    if (idle && this.#suits(idle, options.maxIdle)) return this.#idle.pop()!;

    using deadline = new Deadline({
      clock: this.#options.clock,
      milliseconds: this.#options.connectTimeout,
      error: () => new HttpError("timeout", "Connecting took too long", { requestSent: false }),
      parent: AbortSignal.any([options.signal, this.#closing.signal]),
    });
    const handed = await this.#takeSlot(deadline.signal);
    if (handed && this.#suits(handed, options.maxIdle)) return handed;
    if (handed) this.#forget(handed);
    try {
      const connection = await this.#options.open(deadline.signal);
      this.#open.add(connection);
      return connection;
    } catch (cause) {
      this.#freeSlot();
      deadline.signal.throwIfAborted();
      if (cause instanceof HttpError) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new HttpError("not-connected", message, { requestSent: false, cause });
    }
  }

  /** Takes back a connection that can carry another request. */
  release(connection: HttpConnection): void {
    if (connection.closed) return this.discard(connection);
    connection.expectNext(() => this.#dropIdle(connection));
    connection.idleSince = this.#options.clock.now();
    const [waiter] = this.#waiters;
    if (waiter) {
      this.#waiters.delete(waiter);
      return waiter(connection);
    }
    this.#idle.push(connection);
    this.#sweep ??= this.#scheduleSweep(this.#options.idleTimeout);
  }

  /** Closes a connection that cannot. Idempotent. */
  discard(connection: HttpConnection): void {
    if (this.#forget(connection)) this.#freeSlot();
  }

  /** Closes all connections; what is in flight on them fails. */
  [Symbol.dispose](): void {
    this.#closing.abort(
      new HttpError("not-connected", "The client was closed", { requestSent: false }),
    );
    this.#sweep?.[Symbol.dispose]();
    this.#sweep = undefined;
    this.#idle.length = 0;
    for (const connection of this.#open) this.discard(connection);
  }

  #suits(connection: HttpConnection, maxIdle: number): boolean {
    return !connection.closed && this.#options.clock.now() - connection.idleSince < maxIdle;
  }

  /** A slot of one's own, maybe with a connection in it. @throws the signal's reason. */
  async #takeSlot(signal: AbortSignal): Promise<HttpConnection | undefined> {
    if (this.#slots < this.#options.maxConnections) {
      this.#slots++;
      return undefined;
    }
    const oldest = this.#idle.shift();
    if (oldest) return oldest;
    return await new Promise((resolve, reject) => {
      const waiter: Waiter = (handed) => {
        signal.removeEventListener("abort", stop);
        resolve(handed);
      };
      const stop = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #freeSlot(): void {
    const [waiter] = this.#waiters;
    if (!waiter) {
      this.#slots--;
      return;
    }
    this.#waiters.delete(waiter);
    waiter(undefined);
  }

  /** Closes it, its slot stays taken. @returns whether it was ours. */
  #forget(connection: HttpConnection): boolean {
    connection.close();
    return this.#open.delete(connection);
  }

  /** Closes it unless it is in use. */
  #dropIdle(connection: HttpConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.discard(connection);
  }

  #scheduleSweep(milliseconds: number): Disposable {
    return this.#options.clock.schedule(milliseconds, () => {
      const { clock, idleTimeout } = this.#options;
      const oldest = () => this.#idle[0] && clock.now() - this.#idle[0].idleSince;
      for (let age = oldest(); age !== undefined && age >= idleTimeout; age = oldest()) {
        this.#dropIdle(this.#idle[0]!);
      }
      const age = oldest();
      this.#sweep = age === undefined ? undefined : this.#scheduleSweep(idleTimeout - age);
    });
  }
}

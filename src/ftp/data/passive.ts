import type { Connection, Listener, SocketAddress } from "../../net/connection.ts";
import { abortion } from "./abortion.ts";
import { DataConnectionError } from "./data_error.ts";

/**
 * One passive data connection to come (PASV, EPSV). It listens from the moment the reply is sent; the first connection of
 * the right peer is the data connection and ends the listening. Strangers are closed and the waiting goes on, so nobody
 * can take a client's place by being faster.
 */
export class PassiveListener implements Disposable {
  readonly #listener: Listener;
  readonly #isPeer: (hostname: string) => boolean;
  readonly #onStranger: (peer: SocketAddress) => void;
  readonly #accepted: Promise<Connection | null>;
  #handedOver = false;

  constructor(listener: Listener, options: {
    /** Whether a data connection may come from this address. */
    isPeer: (hostname: string) => boolean;
    /** Called for the first one only: a flood of them is not to fill the log too. */
    onStranger: (peer: SocketAddress) => void;
  }) {
    this.#listener = listener;
    this.#isPeer = options.isPeer;
    this.#onStranger = options.onStranger;
    this.#accepted = this.#accept();
    this.#accepted.catch(() => {});
  }

  get address(): SocketAddress {
    return this.#listener.address;
  }

  /**
   * The data connection; its ownership passes to the caller.
   *
   * @throws {DataConnectionError} `not-opened`; the signal's reason.
   */
  async connect(signal: AbortSignal): Promise<Connection> {
    using aborted = abortion(signal);
    let connection: Connection | null;
    try {
      connection = await Promise.race([this.#accepted, aborted.promise]);
    } catch (error) {
      signal.throwIfAborted();
      throw new DataConnectionError("not-opened", "Cannot accept the data connection", {
        cause: error,
      });
    }
    if (connection === null) {
      throw new DataConnectionError("not-opened", "The passive port was closed");
    }
    this.#handedOver = true;
    return connection;
  }

  /** Stops listening; resolves when the port can be listened on again, which takes a turn of the event loop. */
  async close(): Promise<void> {
    this[Symbol.dispose]();
    await this.#accepted.catch(() => {});
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    if (!this.#handedOver) this.#accepted.then((unused) => unused?.close(), () => {});
  }

  async #accept(): Promise<Connection | null> {
    using listener = this.#listener;
    for (let strangers = 0;; strangers++) {
      const connection = await listener.accept();
      if (connection === null || this.#isPeer(connection.remote.hostname)) return connection;
      if (strangers === 0) this.#onStranger(connection.remote);
      connection.close();
    }
  }
}

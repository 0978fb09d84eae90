import { type Clock, Deadline } from "../clock.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Cidr, cidrContains } from "./cidr.ts";
import type { Connection, Listener, SocketAddress } from "./connection.ts";
import { PROXY_HEADER_MAX, type ProxyHeader, readProxyHeader } from "./proxy_header.ts";

/** How long a proxy may take to send its header. Milliseconds. */
const HEADER_TIMEOUT = 5_000;

/** How many headers may be awaited at the same time; further connections of proxies are closed. */
const AWAITED_MAX = 1024;

/**
 * A listener behind proxies that speak the PROXY protocol. A connection from one of the blocks `from` must begin with a
 * header, and has then the addresses that the header names; any other is passed on as it is. Headers are awaited side by side:
 * a proxy that is slow with one holds up nobody else.
 */
export class ProxyProtocolListener implements Listener {
  readonly #listener: Listener;
  readonly #from: readonly Cidr[];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #awaited = new Set<Connection>();
  readonly #ready: Connection[] = [];
  #accepting: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isReady = Promise.withResolvers<void>();
  #closed = false;

  /** Takes `listener` over. */
  constructor(
    listener: Listener,
    options: { from: readonly Cidr[]; clock: Clock; log: Logger },
  ) {
    this.#listener = listener;
    this.#from = options.from;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  get address(): SocketAddress {
    return this.#listener.address;
  }

  async accept(): Promise<Connection | null> {
    for (;;) {
      const connection = this.#ready.shift();
      if (connection) return connection;
      if (this.#closed) {
        await this.#accepting;
        return null;
      }
      this.#accepting ??= this.#acceptNext();
      await Promise.race([this.#accepting, this.#isReady.promise]);
      if (this.#failure) {
        const { error } = this.#failure;
        this.#failure = undefined;
        throw error;
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    for (const connection of [...this.#awaited, ...this.#ready.splice(0)]) connection.close();
    this.#isReady.resolve();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Never throws: whoever accepts next hears of it. */
  async #acceptNext(): Promise<void> {
    try {
      const connection = await this.#listener.accept();
      if (connection === null) this.close();
      else if (this.#isProxy(connection)) this.#readHeader(connection);
      else this.#hand(connection);
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#accepting = undefined;
    }
  }

  #isProxy({ remote }: Connection): boolean {
    return this.#from.some((block) => cidrContains(block, remote.hostname));
  }

  #hand(connection: Connection): void {
    if (this.#closed) return connection.close();
    this.#ready.push(connection);
    this.#isReady.resolve();
    this.#isReady = Promise.withResolvers();
  }

  /** Hands the connection on once its header has come. Never throws. */
  async #readHeader(connection: Connection): Promise<void> {
    const proxy = connection.remote.hostname;
    if (this.#closed || this.#awaited.size >= AWAITED_MAX) return connection.close();
    this.#awaited.add(connection);
    using deadline = new Deadline({
      clock: this.#clock,
      milliseconds: HEADER_TIMEOUT,
      error: () => new Error("the header did not come in time"),
    });
    deadline.signal.addEventListener("abort", () => connection.close(), { once: true });
    try {
      const proxied = await receiveHeader(connection);
      deadline.signal.throwIfAborted();
      if (proxied) this.#hand(proxied);
      else connection.close();
    } catch (error) {
      connection.close();
      if (this.#closed) return;
      const reason = deadline.signal.aborted ? deadline.signal.reason : error;
      this.#log.warning("A connection from proxy_protocol_from without a PROXY header was closed", {
        proxy,
        reason: (reason as Error).message,
      });
    } finally {
      this.#awaited.delete(connection);
    }
  }
}

/** @returns null when the peer closed without a word, as health checks do. @throws SyntaxError, or what reading throws. */
async function receiveHeader(connection: Connection): Promise<Connection | null> {
  const buffer = new Uint8Array(PROXY_HEADER_MAX);
  for (let length = 0;;) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) {
      if (length === 0) return null;
      throw new SyntaxError("the connection ended within the header");
    }
    length += count;
    const header = readProxyHeader(buffer.subarray(0, length));
    if (header) return proxied(connection, header, buffer.slice(header.length, length));
  }
}

/** The connection with the header's addresses; what came together with the header is read first. */
function proxied(
  connection: Connection,
  { ends }: ProxyHeader,
  surplus: Uint8Array,
): Connection {
  let unread = surplus;
  return {
    local: ends?.destination ?? connection.local,
    remote: ends?.source ?? connection.remote,
    reached: connection.local,
    read(into) {
      if (unread.length === 0) return connection.read(into);
      const count = Math.min(unread.length, into.length);
      into.set(unread.subarray(0, count));
      unread = unread.subarray(count);
      return Promise.resolve(count);
    },
    write: (bytes) => connection.write(bytes),
    closeWrite: () => connection.closeWrite(),
    close: () => connection.close(),
    [Symbol.dispose]: () => connection.close(),
  };
}

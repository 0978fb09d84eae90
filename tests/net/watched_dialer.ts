import {
  type Connection,
  type Dialer,
  type SocketAddress,
  systemDialer,
} from "../../src/net/connection.ts";

/** A connection of which a test sees what is written, and when it is closed. */
export class WatchedConnection implements Connection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** The very views that were written. */
  readonly written: Uint8Array[] = [];
  readonly closed: Promise<void>;
  readonly #connection: Connection;
  readonly #resolveClosed: () => void;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.local = connection.local;
    this.remote = connection.remote;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#connection.read(into);
  }

  write(bytes: Uint8Array): Promise<void> {
    this.written.push(bytes);
    return this.#connection.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  close(): void {
    this.#connection.close();
    this.#resolveClosed();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Connects as the system does, and keeps what it has opened. In place of TLS it notes the name and goes on in clear text. */
export class WatchedDialer implements Dialer {
  readonly connections: WatchedConnection[] = [];
  /** The names that certificates would have had to be valid for. */
  readonly tlsNames: string[] = [];
  /** Whether new connections are refused. */
  refusing = false;

  async connect(address: SocketAddress, signal: AbortSignal): Promise<Connection> {
    if (this.refusing) throw new Deno.errors.ConnectionRefused("refused");
    const connection = new WatchedConnection(await systemDialer.connect(address, signal));
    this.connections.push(connection);
    return connection;
  }

  connectTls(address: SocketAddress, signal: AbortSignal): Promise<Connection> {
    this.tlsNames.push(address.hostname);
    return this.connect(address, signal);
  }

  startTls(connection: Connection, options: { hostname: string }): Promise<Connection> {
    this.tlsNames.push(options.hostname);
    return Promise.resolve(connection);
  }
}

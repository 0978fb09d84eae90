/** A socket address. `hostname` is a numeric IP address; IPv4-mapped IPv6 addresses are written as IPv4. */
export interface SocketAddress {
  readonly hostname: string;
  readonly port: number;
}

/**
 * One TCP connection, plain or TLS. Reads and writes use the caller's buffers, because `.readable` and `.writable` cost
 * three copies a chunk. A pending read or write ends with an error as soon as the connection is closed: closing is how a
 * wait is aborted.
 */
export interface Connection extends Disposable {
  /** The end that the peer has reached: a proxy's, where one in front of us says so (PROXY protocol). */
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** The end on this machine, where a proxy stands in between. */
  readonly reached?: SocketAddress;
  /**
   * Reads what has arrived, at least one byte.
   *
   * @returns the number of bytes read, or null when the peer has closed its side in an orderly way (FIN).
   * @throws when the peer reset the connection, or it was closed here.
   */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes all of `bytes`. @throws when the peer reset the connection, or it was closed here. */
  write(bytes: Uint8Array): Promise<void>;
  /** Sends FIN; reading goes on. */
  closeWrite(): Promise<void>;
  /** Closes both sides at once. Idempotent, never throws. */
  close(): void;
  /** Called whenever bytes came from the peer or went to it, where reads and writes do not tell of each (TLS). */
  onProgress?: () => void;
}

/** Accepts connections until it is closed. */
export interface Listener extends Disposable {
  readonly address: SocketAddress;
  /** The next connection, or null once the listener is closed. */
  accept(): Promise<Connection | null>;
  /** Idempotent, never throws. */
  close(): void;
}

/** Opens connections. */
export interface Dialer {
  /** @throws the signal's reason, or the operating system's error. */
  connect(address: SocketAddress, signal: AbortSignal): Promise<Connection>;
  /** @throws the signal's reason, or the operating system's error; the certificate must be valid for `hostname`. */
  connectTls(address: SocketAddress, signal: AbortSignal): Promise<Connection>;
  /**
   * Speaks TLS over `connection`, which it takes over: also when it fails, the connection is closed.
   *
   * @throws as {@linkcode Dialer.connectTls}.
   */
  startTls(
    connection: Connection,
    options: {
      hostname: string;
      signal: AbortSignal;
      /** Certificates to trust besides the machine's, PEM. */
      trusted?: readonly string[];
    },
  ): Promise<Connection>;
}

/** One turn of the event loop: what has already arrived on other sockets is read meanwhile. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** IPv4 for an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`), everything else unchanged. */
export function plainAddress(hostname: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname);
  return mapped?.[1] ?? hostname;
}

/** `hostname:port`, an IPv6 address in brackets. */
export function formatAddress({ hostname, port }: SocketAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** A connection that Deno opened. */
export class DenoConnection implements Connection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly #conn: Deno.TcpConn | Deno.TlsConn;
  readonly #pendingWrites = new Set<(reason: Error) => void>();
  #closed = false;

  constructor(conn: Deno.TcpConn | Deno.TlsConn) {
    this.#conn = conn;
    this.local = socketAddress(conn.localAddr);
    this.remote = socketAddress(conn.remoteAddr);
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#conn.read(into);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#write(sent === 0 ? bytes : bytes.subarray(sent));
    }
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Gives the socket to a TLS connection; this one is closed from then on. */
  startTls(hostname: string, trusted: readonly string[]): Promise<Deno.TlsConn> {
    this.#closed = true;
    return Deno.startTls(this.#conn as Deno.TcpConn, { hostname, caCerts: [...trusted] });
  }

  /** Of a TLS connection: settles when both sides trust each other. */
  async handshake(): Promise<void> {
    await (this.#conn as Deno.TlsConn).handshake();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
    const closed = new Deno.errors.Interrupted("The connection was closed");
    for (const reject of this.#pendingWrites) reject(closed);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * On Deno 2.7 closing ends a pending read but not a pending write: that one, and the socket with it, lives until the peer
   * reads or goes. Nobody waits for it any more.
   */
  #write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#pendingWrites.add(reject);
      this.#conn.write(bytes).then(resolve, reject)
        .finally(() => this.#pendingWrites.delete(reject));
    });
  }
}

/** So many connections are accepted before others have their turn: there may always be a next one, which need not wait. */
const TURN = 8;

class DenoListener implements Listener {
  readonly address: SocketAddress;
  readonly #listener: Deno.TcpListener;
  #acceptedInTurn = 0;
  #closed = false;

  constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
    this.address = socketAddress(listener.addr);
  }

  async accept(): Promise<Connection | null> {
    while (!this.#closed) {
      if (this.#acceptedInTurn++ === TURN) {
        this.#acceptedInTurn = 0;
        await nextTurn();
        continue;
      }
      try {
        return accepted(await this.#listener.accept());
      } catch (error) {
        if (this.#closed) return null;
        // The peer left between the handshake and accept: the listener itself is well.
        if (isPeerGone(error)) continue;
        throw error;
      }
    }
    return null;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** @throws when the peer has left; the connection is closed then. */
function accepted(conn: Deno.TcpConn): Connection {
  try {
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
    return new DenoConnection(conn);
  } catch (error) {
    conn.close();
    throw error;
  }
}

/** Listens on a TCP port (0: any free one). @throws Deno.errors.AddrInUse, Deno.errors.AddrNotAvailable. */
export function listen(address: SocketAddress): Listener {
  return new DenoListener(Deno.listen({ hostname: address.hostname, port: address.port }));
}

/** Connects over the machine's own network. */
export const systemDialer: Dialer = {
  async connect(address, signal) {
    const conn = await abortable(Deno.connect({ ...address, signal }), signal);
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
    return new DenoConnection(conn);
  },
  async connectTls(address, signal) {
    const plain = await this.connect(address, signal);
    return await this.startTls(plain, { hostname: address.hostname, signal });
  },
  async startTls(connection, { hostname, signal, trusted = [] }) {
    using plain = connection;
    if (!(plain instanceof DenoConnection)) {
      throw new TypeError("Cannot start TLS: the connection was not opened by this dialer");
    }
    signal.throwIfAborted();
    const tls = new DenoConnection(await plain.startTls(hostname, trusted));
    // Deno lets go of the socket only when the peer ends the handshake too, or TCP keep-alive finds it gone.
    const stop = () => tls.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await tls.handshake();
      signal.throwIfAborted();
      return tls;
    } catch (error) {
      tls.close();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  },
};

/** Settles like `opening`, or throws the signal's reason at once and closes what `opening` still brings. */
function abortable<T extends { close(): void }>(
  opening: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(signal.reason);
      opening.then((late) => late.close(), () => {});
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    opening.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Whether accepting failed of the peer alone, which had left already. */
export function isPeerGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.NotConnected;
}

function socketAddress(address: Deno.Addr): SocketAddress {
  const { hostname, port } = address as Deno.NetAddr;
  return { hostname: plainAddress(hostname), port };
}

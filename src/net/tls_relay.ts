import type { CertificatePair } from "./certificate.ts";
import { type Connection, DenoConnection, type SocketAddress } from "./connection.ts";
import { TlsConnection, type TlsEnding } from "./tls_connection.ts";

/** The right to be the server's side of TLS with one certificate, until it is disposed of. */
export interface TlsLease extends Disposable {
  /**
   * Speaks TLS over `connection`, which it takes over: also when it fails, the connection is closed. Where the records
   * came from and how they get to the peer is the connection's business; its addresses stay.
   *
   * @throws the signal's reason; what the handshake failed of.
   */
  accept(
    connection: Connection,
    options: TlsEnding & { signal: AbortSignal },
  ): Promise<Connection>;
}

/**
 * The server's side of TLS for connections that are already open, with one certificate. Deno's `startTls` is for clients:
 * so this listens with `Deno.listenTls` on loopback, connects to itself, and relays. All connections of one relay share
 * the sessions that clients may resume.
 */
export class TlsRelay {
  readonly #listener: Deno.TlsListener;
  #pairing: Promise<unknown> = Promise.resolve();
  #leases = 0;
  #retired = false;

  /** @throws Deno.errors.InvalidData when certificate and key cannot be used. */
  constructor({ cert, key }: CertificatePair) {
    this.#listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  }

  /** Where it listens for itself. */
  get address(): SocketAddress {
    const { hostname, port } = this.#listener.addr as Deno.NetAddr;
    return { hostname, port };
  }

  lease(): TlsLease {
    this.#leases++;
    let held = true;
    return {
      accept: (connection, options) => this.#accept(connection, options),
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#leases--;
        this.#closeIfUnused();
      },
    };
  }

  /** No more leases: it closes when the last one ends. Idempotent. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#retired && this.#leases === 0) this.#listener.close();
  }

  async #accept(
    wire: Connection,
    options: TlsEnding & { signal: AbortSignal },
  ): Promise<Connection> {
    const { signal } = options;
    using closing = new DisposableStack();
    closing.use(wire);
    const { inner, tls } = await this.#pair();
    const connection = closing.use(new TlsConnection({ wire, inner, tls }, options));
    const stop = () => connection.close();
    signal.addEventListener("abort", stop, { once: true });
    closing.defer(() => signal.removeEventListener("abort", stop));
    try {
      signal.throwIfAborted();
      await connection.handshake();
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    signal.removeEventListener("abort", stop);
    closing.move();
    return connection;
  }

  /** Both ends of a connection to ourselves, made one after the other: what else is accepted is a stranger's. */
  #pair(): Promise<{ inner: Connection; tls: DenoConnection }> {
    const paired = this.#pairing.then(() => this.#connectToSelf());
    this.#pairing = paired.catch(() => {});
    return paired;
  }

  async #connectToSelf(): Promise<{ inner: Connection; tls: DenoConnection }> {
    const conn = await Deno.connect(this.address);
    conn.setNoDelay(true);
    const inner = new DenoConnection(conn);
    try {
      for (;;) {
        const tls = new DenoConnection(await this.#listener.accept());
        if (tls.remote.port === inner.local.port) return { inner, tls };
        // Deno lets go of its socket only when the stranger does.
        tls.close();
      }
    } catch (error) {
      inner.close();
      throw error;
    }
  }
}

import type { CertificatePair } from "./certificate.ts";
import type { Connection, SocketAddress } from "./connection.ts";
import { LoopbackTls } from "./loopback_tls.ts";
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
 * so this connects to itself over loopback, where `Deno.listenTls` is the server's side, and relays. All connections of one
 * relay share the sessions that clients may resume.
 */
export class TlsRelay {
  readonly #loopback: LoopbackTls;
  #leases = 0;
  #retired = false;

  /** @throws Deno.errors.InvalidData when certificate and key cannot be used. */
  constructor(pair: CertificatePair) {
    this.#loopback = new LoopbackTls(pair);
  }

  /** Where it listens for itself. */
  get address(): SocketAddress {
    return this.#loopback.address;
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
    if (this.#retired && this.#leases === 0) this.#loopback.close();
  }

  async #accept(
    wire: Connection,
    options: TlsEnding & { signal: AbortSignal },
  ): Promise<Connection> {
    const { signal } = options;
    using closing = new DisposableStack();
    closing.use(wire);
    const { inner, tls } = await this.#loopback.connect();
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
}

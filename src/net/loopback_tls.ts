import type { CertificatePair } from "./certificate.ts";
import {
  type Connection,
  DenoConnection,
  formatAddress,
  isPeerGone,
  nextTurn,
  type SocketAddress,
} from "./connection.ts";

/** A connection to ourselves: what `inner` carries as records, `tls` writes and reads in clear. */
export interface LoopbackPair {
  readonly inner: Connection;
  readonly tls: DenoConnection;
}

/**
 * Connections to ourselves over loopback, of which one end is the server's side of TLS. Others on this machine can connect
 * there too: they are let go of at once, so that they neither pass for ours nor fill the queue in which ours wait.
 */
export class LoopbackTls {
  readonly #listener: Deno.TlsListener;
  /** Ends that are waited for, by the address that they come from. */
  readonly #awaited = new Map<string, PromiseWithResolvers<DenoConnection>>();
  /** Ends that came while addresses of ours were not known yet. */
  readonly #early = new Map<string, DenoConnection>();
  /** How many connections of ours have no address yet. */
  #connecting = 0;
  #isAccepting = false;
  #closed = false;

  /** @throws Deno.errors.InvalidData when certificate and key cannot be used. */
  constructor({ cert, key }: CertificatePair) {
    this.#listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
    this.#accept();
  }

  /** Where it listens for itself. */
  get address(): SocketAddress {
    const { hostname, port } = this.#listener.addr as Deno.NetAddr;
    return { hostname, port };
  }

  /** A new connection, before its handshake. @throws what connecting or accepting fails of. */
  async connect(): Promise<LoopbackPair> {
    let inner: Connection;
    let otherEnd: Promise<DenoConnection>;
    this.#connecting++;
    try {
      const conn = await Deno.connect(this.address);
      conn.setNoDelay(true);
      inner = new DenoConnection(conn);
      otherEnd = this.#otherEnd(inner.local);
    } finally {
      this.#connecting--;
      this.#dropStrangers();
    }
    this.#accept();
    try {
      return { inner, tls: await otherEnd };
    } catch (error) {
      inner.close();
      throw error;
    }
  }

  /** Idempotent, never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  #otherEnd(address: SocketAddress): Promise<DenoConnection> {
    const from = formatAddress(address);
    const early = this.#early.get(from);
    if (early) {
      this.#early.delete(from);
      return Promise.resolve(early);
    }
    const awaited = Promise.withResolvers<DenoConnection>();
    this.#awaited.set(from, awaited);
    return awaited.promise;
  }

  #dropStrangers(): void {
    if (this.#connecting > 0) return;
    for (const stranger of this.#early.values()) stranger.close();
    this.#early.clear();
  }

  /** Accepts until that fails. Whoever waits then hears why, and the next one who wants a connection begins anew. */
  async #accept(): Promise<void> {
    if (this.#isAccepting) return;
    this.#isAccepting = true;
    try {
      for (;;) await this.#acceptNext();
    } catch (error) {
      for (const { reject } of this.#awaited.values()) reject(error);
      this.#awaited.clear();
    } finally {
      this.#isAccepting = false;
    }
  }

  async #acceptNext(): Promise<void> {
    let tls: DenoConnection;
    try {
      tls = new DenoConnection(await this.#listener.accept());
    } catch (error) {
      if (isPeerGone(error)) return;
      throw error;
    }
    const from = formatAddress(tls.remote);
    const awaited = this.#awaited.get(from);
    if (awaited) {
      this.#awaited.delete(from);
      awaited.resolve(tls);
      return;
    }
    // Deno lets go of a stranger's socket only when the stranger does.
    if (this.#connecting > 0) this.#early.set(from, tls);
    else tls.close();
    // Where there is a stranger there may always be another one.
    if (this.#connecting === 0 || this.#early.size > this.#connecting) await nextTurn();
  }
}

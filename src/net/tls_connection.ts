import type { Connection, DenoConnection, SocketAddress } from "./connection.ts";

/** A buffer of the relay, at first and where there is much to move. Bytes. */
const BUFFER_MIN = 16 * 1024;
const BUFFER_MAX = 256 * 1024;

/** What a TLS connection's end means when TCP's came without a close_notify alert (RFC 8446 section 6.1). */
export type Truncation =
  /** Bytes may be missing: reading throws `Deno.errors.UnexpectedEof`. */
  | "reject"
  /** The peer is one of those that never send it. */
  | "accept";

/**
 * A connection that has become TLS. Deno can be the server's side of TLS on connections only that its own TLS listener has
 * accepted, so there are three: the `wire` to the peer carries records, which are relayed to `inner`, whose other end is
 * `tls`. It has the wire's addresses.
 */
export class TlsConnection implements Connection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  onProgress?: () => void;
  readonly #wire: Connection;
  readonly #inner: Connection;
  readonly #tls: DenoConnection;
  readonly #truncation: Truncation;
  /** Settles when all that was written has gone to the peer, the end included. */
  readonly #sent: Promise<void>;
  /** Why the wire broke. */
  #failure: unknown;

  constructor(
    { wire, inner, tls }: { wire: Connection; inner: Connection; tls: DenoConnection },
    { truncation }: { truncation: Truncation },
  ) {
    this.local = wire.local;
    this.remote = wire.remote;
    this.#wire = wire;
    this.#inner = inner;
    this.#tls = tls;
    this.#truncation = truncation;
    this.#sent = this.#relay(inner, wire);
    this.#sent.catch(() => {});
    this.#relay(wire, inner).catch(() => {});
  }

  /** @throws when the peer breaks off, or the two sides have no version, cipher or trust in common. */
  async handshake(): Promise<void> {
    await this.#explain(() => this.#tls.handshake());
  }

  /** As {@linkcode Connection.read}; null is the close_notify alert, or what {@linkcode Truncation} takes for it. */
  async read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#explain(() => this.#tls.read(into));
    } catch (error) {
      if (this.#truncation === "accept" && error instanceof Deno.errors.UnexpectedEof) return null;
      throw error;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#explain(() => this.#tls.write(bytes));
  }

  /** Sends close_notify and FIN; resolves when they and all before them have left for the peer. */
  closeWrite(): Promise<void> {
    return this.#explain(async () => {
      await this.#tls.closeWrite();
      await this.#sent;
    });
  }

  close(): void {
    this.#tls.close();
    this.#inner.close();
    this.#wire.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #relay(from: Connection, to: Connection): Promise<void> {
    let buffer = new Uint8Array(BUFFER_MIN);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) return await to.closeWrite();
        await to.write(buffer.subarray(0, count));
        this.onProgress?.();
        if (count === buffer.length && count < BUFFER_MAX) buffer = new Uint8Array(2 * count);
      }
    } catch (error) {
      this.#failure ??= error;
      this.#inner.close();
      throw error;
    }
  }

  /** What TLS makes of a wire that broke (an end without close_notify) is not what happened to it. */
  async #explain<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw this.#failure ?? error;
    }
  }
}

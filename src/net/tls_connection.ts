import type { Connection, DenoConnection, SocketAddress } from "./connection.ts";
import { APPLICATION_DATA, RecordWatch } from "./record_watch.ts";

/** A buffer of the relay, at first and where there is much to move. Bytes. */
const BUFFER_MIN = 16 * 1024;
const BUFFER_MAX = 256 * 1024;

/** What a TLS connection's end means when TCP's came without a close_notify alert (RFC 8446 section 6.1). */
export type Truncation =
  /** Bytes may be missing: reading throws `Deno.errors.UnexpectedEof`. */
  | "reject"
  /** The peer is one of those that never send it. */
  | "accept";

/** How a TLS connection takes its peer's end. */
export interface TlsEnding {
  readonly truncation: Truncation;
  /**
   * Whether writing goes on after the peer has ended its side. If not, its close_notify is answered at once (RFC 5246
   * section 7.2.1), for which some clients wait.
   */
  readonly halfClose: boolean;
}

/**
 * A connection that has become TLS. Deno can be the server's side of TLS on connections only that its own TLS listener has
 * accepted, so there are three: the `wire` to the peer carries records, which are relayed to `inner`, whose other end is
 * `tls`. It has the wire's addresses.
 *
 * TLS 1.3's session tickets, which a server sends unasked after the handshake, are held back until this side writes or ends:
 * some clients send a file and close without reading anything, and a close with something unread resets the connection, so
 * that what is on its way is lost.
 */
export class TlsConnection implements Connection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  onProgress?: () => void;
  readonly #wire: Connection;
  readonly #inner: Connection;
  readonly #tls: DenoConnection;
  readonly #ending: TlsEnding;
  /** Settles when all that was written has gone to the peer, the end included. */
  readonly #sent: Promise<void>;
  /** Sees when the peer has done its part of the handshake. */
  readonly #fromPeer = new RecordWatch();
  /** Resolves when this side writes or ends. */
  readonly #speaking = Promise.withResolvers<void>();
  /** Why the wire broke. */
  #failure: unknown;

  constructor(
    { wire, inner, tls }: { wire: Connection; inner: Connection; tls: DenoConnection },
    ending: TlsEnding,
  ) {
    this.local = wire.local;
    this.remote = wire.remote;
    this.#wire = wire;
    this.#inner = inner;
    this.#tls = tls;
    this.#ending = ending;
    this.#sent = this.#relay(inner, wire, (bytes) => this.#holdTickets(bytes));
    this.#sent.catch(() => {});
    this.#relay(wire, inner, (bytes) => this.#fromPeer.push(bytes)).catch(() => {});
  }

  /**
   * When it fails, the alert that tells the peer why (RFC 8446 section 6.2) has left before this throws, or the connection
   * was closed.
   *
   * @throws when the peer breaks off, or the two sides have no version, cipher or trust in common.
   */
  async handshake(): Promise<void> {
    try {
      await this.#explain(() => this.#tls.handshake());
    } catch (error) {
      this.#speaking.resolve();
      // Its end is what the relay to the peer ends by.
      this.#tls.close();
      await this.#sent.catch(() => {});
      throw error;
    }
  }

  /** As {@linkcode Connection.read}; null is the close_notify alert, or what {@linkcode Truncation} takes for it. */
  async read(into: Uint8Array): Promise<number | null> {
    const count = await this.#explain(() => this.#readRecord(into));
    // Not all peers wait to hear it.
    if (count === null && !this.#ending.halfClose) await this.closeWrite().catch(() => {});
    return count;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#speaking.resolve();
    return this.#explain(() => this.#tls.write(bytes));
  }

  /** Sends close_notify and FIN; resolves when they and all before them have left for the peer. */
  closeWrite(): Promise<void> {
    this.#speaking.resolve();
    return this.#explain(async () => {
      await this.#tls.closeWrite();
      await this.#sent;
    });
  }

  close(): void {
    this.#speaking.resolve();
    this.#tls.close();
    this.#inner.close();
    this.#wire.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #readRecord(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#tls.read(into);
    } catch (error) {
      const isTolerated = this.#ending.truncation === "accept" && !this.#failure;
      if (isTolerated && error instanceof Deno.errors.UnexpectedEof) return null;
      throw error;
    }
  }

  #holdTickets(bytes: Uint8Array): Promise<void> | undefined {
    // Whatever the peer's part of the handshake depended on has been sent whole: here a record begins.
    const isHeld = this.#fromPeer.seen && bytes[0] === APPLICATION_DATA;
    return isHeld ? this.#speaking.promise : undefined;
  }

  /** @param pass is shown what is about to be passed on, and may have it wait. */
  async #relay(
    from: Connection,
    to: Connection,
    pass: (bytes: Uint8Array) => Promise<void> | void,
  ): Promise<void> {
    let buffer = new Uint8Array(BUFFER_MIN);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) return await to.closeWrite();
        const bytes = buffer.subarray(0, count);
        await pass(bytes);
        await to.write(bytes);
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

import type { SocketAddress } from "../../src/net/connection.ts";
import { bytesOf, textOf } from "./scripted_connection.ts";

/** What a peer that left, or a server that was closed, makes of a read or write. */
const GONE = [
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.BadResource,
  Deno.errors.Interrupted,
];

/** The server's side of one connection, spoken byte by byte. */
export class Peer {
  readonly #conn: Deno.TcpConn;
  #received: Uint8Array = new Uint8Array();

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    conn.setNoDelay(true);
  }

  /** A request's head with its empty line, one character a byte; null when the client has left. */
  async readHead(): Promise<string | null> {
    for (;;) {
      const text = textOf(this.#received);
      const end = text.indexOf("\r\n\r\n");
      if (end !== -1) {
        this.#received = this.#received.subarray(end + 4);
        return text.slice(0, end + 4);
      }
      if (!await this.#receive()) return null;
    }
  }

  /** The next bytes; fewer when the client has left. */
  async readBytes(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let length = 0;;) {
      const more = this.#received.subarray(0, count - length);
      bytes.set(more, length);
      length += more.length;
      this.#received = this.#received.subarray(more.length);
      if (length === count || !await this.#receive()) return bytes.subarray(0, length);
    }
  }

  /** Settles when the client has left. */
  async gone(): Promise<void> {
    while (await this.#receive()) this.#received = new Uint8Array();
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? bytesOf(data) : data;
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }

  /** Sends FIN; a RST where bytes of the client were not read. */
  close(): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }

  async #receive(): Promise<boolean> {
    const buffer = new Uint8Array(64 * 1024);
    const count = await this.#conn.read(buffer).catch((error) => {
      if (isGone(error)) return null;
      throw error;
    });
    if (count === null) return false;
    const received = new Uint8Array(this.#received.length + count);
    received.set(this.#received);
    received.set(buffer.subarray(0, count), this.#received.length);
    this.#received = received;
    return true;
  }
}

/** A server that a test speaks for. Disposing of it throws what a script threw. */
export class RawServer implements AsyncDisposable {
  readonly address: SocketAddress;
  readonly #listener: Deno.TcpListener;
  readonly #peers: Peer[] = [];
  readonly #running: Promise<void>[] = [];

  /** @param script runs for each connection and closes it at its end; connections count from 1. */
  constructor(script: (peer: Peer, connection: number) => Promise<void>) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = this.#listener.addr as Deno.NetAddr;
    this.#running.push(this.#accept(script));
  }

  /** How many connections have come. */
  get connections(): number {
    return this.#peers.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const peer of this.#peers) peer.close();
    await Promise.all(this.#running);
  }

  async #accept(script: (peer: Peer, connection: number) => Promise<void>): Promise<void> {
    for await (const conn of this.#listener) {
      const peer = new Peer(conn);
      const number = this.#peers.push(peer);
      this.#running.push(
        script(peer, number).catch((error) => {
          if (!isGone(error)) throw error;
        }).finally(() => peer.close()),
      );
    }
  }
}

function isGone(error: unknown): boolean {
  return GONE.some((kind) => error instanceof kind);
}

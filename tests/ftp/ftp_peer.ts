import assert from "node:assert/strict";
import type { SocketAddress } from "../../src/net/connection.ts";
import { LOCALHOST } from "../net/localhost_certificate.ts";

const encoder = new TextEncoder();

/** A reply as it arrived, all of its lines. */
export interface ReceivedReply {
  readonly code: number;
  /** Without line ends; the code only where it stood in front. */
  readonly lines: readonly string[];
  /** The last line without its code. */
  readonly text: string;
}

/**
 * The client's side of a control connection, byte by byte, on Deno's own sockets. It is strict: a reply that breaks the
 * form of RFC 959 section 4.2 fails the test.
 */
export class FtpPeer implements Disposable {
  /** TCP, or the TLS over it. */
  conn: Deno.Conn;
  /** Whether data connections speak TLS, as PROT P asks for. */
  dataIsPrivate = false;
  /** The certificate that TLS must show. PEM. */
  trusted = LOCALHOST.cert;
  /** What the server's lines are to be written in. */
  decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #buffer = new Uint8Array(64 * 1024);
  #received = new Uint8Array();
  #open = true;

  private constructor(conn: Deno.Conn) {
    this.conn = conn;
  }

  /** Connects, and reads nothing yet. */
  static async connect({ hostname, port }: SocketAddress): Promise<FtpPeer> {
    const conn = await Deno.connect({ hostname, port });
    conn.setNoDelay(true);
    return new FtpPeer(conn);
  }

  /** Speaks TLS from here on. */
  async startTls(): Promise<void> {
    this.conn = await startTls(this.conn as Deno.TcpConn, this.trusted);
    await (this.conn as Deno.TlsConn).handshake();
  }

  /** Makes the control connection TLS, and data connections too. */
  async protect(): Promise<void> {
    await this.ask("AUTH TLS", 234);
    await this.startTls();
    await this.ask("PBSZ 0", 200);
    await this.ask("PROT P", 200);
    this.dataIsPrivate = true;
  }

  /** Sends exactly these bytes. */
  async send(bytes: string | Uint8Array): Promise<void> {
    const all = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
    for (let sent = 0; sent < all.length;) sent += await this.conn.write(all.subarray(sent));
  }

  /** The next reply. @throws when the connection ends before it is whole. */
  async reply(): Promise<ReceivedReply> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line();
      lines.push(line);
      const first = lines[0]!;
      assert.match(first, /^[1-5]\d\d[ -]/, "a reply begins with its code");
      if (!line.startsWith(`${first.slice(0, 3)} `)) {
        assert.ok(lines.length > 1 || line[3] === "-", line);
        continue;
      }
      return { code: Number(first.slice(0, 3)), lines, text: line.slice(4) };
    }
  }

  /** Sends a line and gives its first reply. */
  async command(line: string): Promise<ReceivedReply> {
    await this.send(`${line}\r\n`);
    return await this.reply();
  }

  /** Reads a reply that must have this code. */
  async expect(code: number): Promise<ReceivedReply> {
    const received = await this.reply();
    assert.equal(received.code, code, received.lines.join("\n"));
    return received;
  }

  /** Sends a line whose first reply must have this code. */
  async ask(line: string, code: number): Promise<ReceivedReply> {
    await this.send(`${line}\r\n`);
    const received = await this.reply();
    assert.equal(received.code, code, `${line}: ${received.lines.join("\n")}`);
    return received;
  }

  async logIn(name = "alice", password = "secret"): Promise<void> {
    await this.ask(`USER ${name}`, 331);
    await this.ask(`PASS ${password}`, 230);
    await this.ask("TYPE I", 200);
  }

  /** Prepares a passive data connection. @returns the port. */
  async extendedPassive(): Promise<number> {
    const { text } = await this.ask("EPSV", 229);
    return Number(/\(\|\|\|(\d+)\|\)/.exec(text)![1]);
  }

  /** Opens a passive data connection. */
  async openData(): Promise<Deno.Conn> {
    const port = await this.extendedPassive();
    const { hostname } = this.conn.remoteAddr as Deno.NetAddr;
    const conn = await Deno.connect({ hostname, port });
    return this.dataIsPrivate ? await startTls(conn, this.trusted) : conn;
  }

  /** Waits until STAT tells that the transfer under way has moved so many bytes. */
  async moved(bytes: number): Promise<void> {
    while (await this.bytesMoved() < bytes);
  }

  /** How many bytes the transfer under way has moved, by STAT. */
  async bytesMoved(): Promise<number> {
    return Number(/: (\d+) bytes so far$/.exec((await this.ask("STAT", 213)).text)![1]);
  }

  /** Uploads by `line` (`STOR a`). @returns the last reply. */
  async upload(line: string, bytes: string | Uint8Array): Promise<ReceivedReply> {
    using data = await this.openData();
    await this.ask(line, 150);
    await sendAll(data, bytes);
    if (this.dataIsPrivate) await (data as Deno.TlsConn).closeWrite();
    data.close();
    return await this.reply();
  }

  /** Downloads or lists by `line`, which must succeed. */
  async download(line: string): Promise<{ bytes: Uint8Array; opening: string; closing: string }> {
    using data = await this.openData();
    const opening = await this.ask(line, 150);
    const bytes = await receiveAll(data);
    const closing = await this.expect(226);
    return { bytes, opening: opening.text, closing: closing.text };
  }

  /** The lines of a listing. */
  async list(line: string): Promise<string[]> {
    const text = this.decoder.decode((await this.download(line)).bytes);
    assert.ok(text === "" || text.endsWith("\r\n"), "every line has its end");
    return text.split("\r\n").slice(0, -1);
  }

  /** The names in an MLSD of `path`, as they come. */
  async names(path = ""): Promise<string[]> {
    const lines = await this.list(`MLSD ${path}`.trimEnd());
    return lines.map((line) => line.slice(line.indexOf("; ") + 2));
  }

  /** Reads until the server closes, and gives what it still said. */
  async rest(): Promise<string> {
    for (;;) {
      const count = await this.conn.read(this.#buffer).catch(() => null);
      if (count === null) return this.decoder.decode(this.#received);
      this.#take(count);
    }
  }

  close(): void {
    if (this.#open) this.conn.close();
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf(10);
      if (end !== -1) {
        assert.equal(this.#received[end - 1], 13, "a line ends with CR LF");
        const line = this.decoder.decode(this.#received.subarray(0, end - 1));
        this.#received = this.#received.slice(end + 1);
        return line;
      }
      const count = await this.conn.read(this.#buffer);
      if (count === null) {
        throw new Error(
          `The server closed the connection after "${this.decoder.decode(this.#received)}"`,
        );
      }
      this.#take(count);
    }
  }

  #take(count: number): void {
    const before = this.#received;
    this.#received = new Uint8Array(before.length + count);
    this.#received.set(before);
    this.#received.set(this.#buffer.subarray(0, count), before.length);
  }
}

/** The client's side of TLS with a server of this certificate. */
export function startTls(conn: Deno.TcpConn, cert = LOCALHOST.cert): Promise<Deno.TlsConn> {
  return Deno.startTls(conn, { hostname: "localhost", caCerts: [cert] });
}

/** Sends all of `bytes`. */
export async function sendAll(conn: Deno.Conn, bytes: string | Uint8Array): Promise<void> {
  const all = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
  for (let sent = 0; sent < all.length;) sent += await conn.write(all.subarray(sent));
}

/** Everything until the orderly end. */
export async function receiveAll(conn: Deno.Conn): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const buffer = new Uint8Array(256 * 1024);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) break;
    pieces.push(buffer.slice(0, count));
  }
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

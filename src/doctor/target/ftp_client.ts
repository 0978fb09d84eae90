import { type Clock, Deadline } from "../../clock.ts";
import type { Connection, Dialer, SocketAddress } from "../../net/connection.ts";

/** How long a server may think about a command. Milliseconds. */
const REPLY_TIMEOUT = 15_000;
/** A reply that is longer is none. Bytes. */
const REPLY_MAX = 64 * 1024;

/** A reply (RFC 959 section 4.2). */
export interface FtpReply {
  readonly code: number;
  /** As they came, without line ends. */
  readonly lines: readonly string[];
  /** The last line without its code. */
  readonly text: string;
}

/** The server said something that is no reply, said nothing, or ended the connection. */
export class FtpError extends Error {
  override readonly name = "FtpError";
}

/** The server names no passive port; the session goes on. */
export class RefusedPortError extends FtpError {}

/** The client's side of a control connection, patient with what servers really write. */
export class FtpClient implements Disposable {
  /** The server's, as it was asked for. */
  readonly address: SocketAddress;
  readonly #dialer: Dialer;
  readonly #clock: Clock;
  readonly #decoder = new TextDecoder();
  readonly #buffer = new Uint8Array(16 * 1024);
  #connection: Connection;
  #received = "";
  #isProtected = false;
  readonly #portsNamed = new Set<number>();

  constructor(
    connection: Connection,
    options: { address: SocketAddress; dialer: Dialer; clock: Clock },
  ) {
    this.#connection = connection;
    this.address = options.address;
    this.#dialer = options.dialer;
    this.#clock = options.clock;
  }

  /** The address on this side and on the server's. */
  get connection(): Pick<Connection, "local" | "remote"> {
    return this.#connection;
  }

  /** Whether it speaks TLS. */
  get isProtected(): boolean {
    return this.#isProtected;
  }

  /** Passive ports that the server has named. */
  get portsNamed(): readonly number[] {
    return [...this.#portsNamed];
  }

  /** The next reply. @throws {FtpError} when none comes; the signal's reason. */
  async reply(signal: AbortSignal): Promise<FtpReply> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line(signal);
      lines.push(line);
      const first = lines[0]!;
      const code = /^([1-5]\d\d)(?:[ -]|$)/.exec(first)?.[1];
      if (!code) throw new FtpError(`The server does not speak FTP: ${JSON.stringify(first)}`);
      if (line === code || line.startsWith(`${code} `)) {
        return { code: Number(code), lines, text: line.slice(4) };
      }
    }
  }

  /** Sends a command. @throws as {@linkcode FtpClient.reply}. */
  async ask(command: string, signal: AbortSignal): Promise<FtpReply> {
    if (/[\r\n\0]/.test(command)) throw new FtpError("Cannot send a command of several lines");
    using deadline = this.#deadline(signal);
    try {
      await this.#connection.write(new TextEncoder().encode(`${command}\r\n`));
    } catch (cause) {
      signal.throwIfAborted();
      throw new FtpError(`The control connection broke: ${(cause as Error).message}`, { cause });
    }
    return await this.reply(deadline.signal);
  }

  /** Asks for a passive port. @throws {RefusedPortError} when the server has none to give. */
  async askPassive(command: "PASV" | "EPSV", signal: AbortSignal): Promise<SocketAddress> {
    const answer = await this.ask(command, signal);
    const named = command === "EPSV"
      ? answer.code === 229 ? /\((.)\1\1(\d+)\1\)/.exec(answer.text) : null
      : answer.code === 227
      ? /(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)/.exec(answer.text)
      : null;
    if (!named) throw new RefusedPortError(`${command} was answered with ${answer.lines.at(-1)}`);
    const address = command === "EPSV"
      ? { hostname: this.address.hostname, port: Number(named[2]) }
      : { hostname: named.slice(1, 5).join("."), port: Number(named[5]) * 256 + Number(named[6]) };
    this.#portsNamed.add(address.port);
    return address;
  }

  /** Speaks TLS from here on (RFC 4217). @throws what TLS says. */
  async startTls(options: {
    hostname: string;
    trusted: readonly string[];
    signal: AbortSignal;
  }): Promise<void> {
    // What came in clear text before TLS belongs to nobody.
    this.#received = "";
    this.#connection = await this.#dialer.startTls(this.#connection, options);
    this.#isProtected = true;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #line(signal: AbortSignal): Promise<string> {
    using deadline = this.#deadline(signal);
    const stop = () => this.#connection.close();
    deadline.signal.addEventListener("abort", stop, { once: true });
    try {
      for (;;) {
        deadline.signal.throwIfAborted();
        const end = this.#received.indexOf("\n");
        if (end !== -1) {
          const line = this.#received.slice(0, end).replace(/\r$/, "");
          this.#received = this.#received.slice(end + 1);
          return line;
        }
        await this.#receive(deadline.signal);
      }
    } finally {
      deadline.signal.removeEventListener("abort", stop);
    }
  }

  async #receive(signal: AbortSignal): Promise<void> {
    let count: number | null;
    try {
      count = await this.#connection.read(this.#buffer);
    } catch (cause) {
      signal.throwIfAborted();
      throw new FtpError(`The control connection broke: ${(cause as Error).message}`, { cause });
    }
    if (count === null) throw new FtpError("The server closed the control connection");
    this.#received += this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    if (this.#received.length > REPLY_MAX) throw new FtpError("The server's reply has no end");
  }

  #deadline(parent: AbortSignal): Deadline {
    return new Deadline({
      clock: this.#clock,
      milliseconds: REPLY_TIMEOUT,
      parent,
      error: () => new FtpError(`The server did not answer within ${REPLY_TIMEOUT / 1_000} s`),
    });
  }
}

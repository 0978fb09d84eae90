import type { Connection } from "./connection.ts";
import {
  type Framing,
  malformed,
  MessageError,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from "./http_head.ts";

/** What is read of a connection at once when it is not body for the caller's buffer. Bytes. */
const BUFFER_SIZE = 16 * 1024;

/** Longest chunk-size line, extensions included. Bytes. */
const CHUNK_LINE_MAX = 1024;

/** Longest trailer section. Bytes. */
const TRAILER_MAX = 8 * 1024;

/** Empty lines skipped before a start line (RFC 9112 section 2.2). */
const EMPTY_LINES_MAX = 4;

const LF = 10;
const CR = 13;

/**
 * Reads the messages that arrive on one connection, one after the other. A wait ends when the connection is closed; what
 * the connection throws is passed on.
 */
export class MessageReader {
  readonly #connection: Connection;
  readonly #headMax: number;
  #buffer: Uint8Array = new Uint8Array(BUFFER_SIZE);
  #start = 0;
  #end = 0;

  /** @param options.headMax bytes of a start line and its fields. @default 65536 */
  constructor(connection: Connection, options: { headMax?: number } = {}) {
    this.#connection = connection;
    this.#headMax = options.headMax ?? 64 * 1024;
  }

  /** Whether bytes have been read that belong to no message yet. */
  get hasSurplus(): boolean {
    return this.#end > this.#start;
  }

  /**
   * The next request's head, or null when the peer closed the connection in between.
   *
   * @throws {MessageError}
   */
  async readRequestHead(): Promise<RequestHead | null> {
    const lines = await this.#readHead();
    return lines && parseRequestHead(lines);
  }

  /**
   * The next response's head, or null when the peer closed the connection before its first byte.
   *
   * @throws {MessageError}
   */
  async readResponseHead(): Promise<ResponseHead | null> {
    const lines = await this.#readHead();
    return lines && parseResponseHead(lines);
  }

  /** The body that follows the head read last. Read it to its end before the next head. */
  body(framing: Framing): BodyReader {
    return new BodyReader(this, framing);
  }

  /**
   * Bytes as they come: what is buffered, else straight from the connection.
   *
   * @returns their number, null at the end of the connection.
   */
  readBytes(into: Uint8Array): Promise<number | null> | number {
    const buffered = this.#end - this.#start;
    if (buffered === 0) return this.#connection.read(into);
    const count = Math.min(buffered, into.length);
    into.set(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count;
    return count;
  }

  /** As {@linkcode MessageReader.readBytes}, but a few bytes are read together with what follows them. */
  async readShortBytes(into: Uint8Array): Promise<number | null> {
    if (!this.hasSurplus && into.length < BUFFER_SIZE && !await this.#fill()) return null;
    return await this.readBytes(into);
  }

  /** One line without its end. @throws {MessageError} when it has more than `max` bytes. */
  async readLine(max: number, what: string): Promise<string> {
    for (let scanned = 0;;) {
      const lineEnd = this.#buffer.subarray(0, this.#end).indexOf(LF, this.#start + scanned);
      scanned = this.#end - this.#start;
      if ((lineEnd === -1 ? scanned : lineEnd - this.#start) > max) throw tooLarge(what, max);
      if (lineEnd === -1) {
        if (!await this.#fill()) throw truncated(what);
        continue;
      }
      const line = byteString(this.#buffer.subarray(this.#start, lineEnd));
      this.#start = lineEnd + 1;
      return line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  }

  /** The lines up to the empty one, or null at the end of the connection. */
  async #readHead(): Promise<string[] | null> {
    if (!await this.#skipEmptyLines()) return null;
    for (let scanned = 0;;) {
      const end = this.#headEnd(this.#start + scanned);
      const length = (end ?? this.#end) - this.#start;
      if (length > this.#headMax) throw tooLarge("the head", this.#headMax);
      if (end !== undefined) {
        const head = byteString(this.#buffer.subarray(this.#start, end));
        this.#start = end;
        const lines = head.split(/\r?\n/);
        // What splitting leaves behind the last line and behind the empty one.
        lines.length -= 2;
        return lines;
      }
      // The end may be split over reads: its last two bytes are looked at again.
      scanned = Math.max(0, length - 2);
      if (!await this.#fill()) throw truncated("the head");
    }
  }

  async #skipEmptyLines(): Promise<boolean> {
    for (let skipped = 0; skipped <= 2 * EMPTY_LINES_MAX; skipped++) {
      if (!this.hasSurplus && !await this.#fill()) return false;
      const byte = this.#buffer[this.#start];
      if (byte !== CR && byte !== LF) return true;
      this.#start++;
    }
    throw malformed("it begins with too many empty lines");
  }

  /** Where the head that is buffered ends, if it does; no line that begins before `from` is empty. */
  #headEnd(from: number): number | undefined {
    const buffered = this.#buffer.subarray(0, this.#end);
    for (let at = buffered.indexOf(LF, from); at !== -1; at = buffered.indexOf(LF, at + 1)) {
      if (buffered[at + 1] === LF) return at + 2;
      if (buffered[at + 1] === CR && buffered[at + 2] === LF) return at + 3;
    }
    return undefined;
  }

  /** Buffers what arrives next. @returns false at the end of the connection. */
  async #fill(): Promise<boolean> {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#end === this.#buffer.length) {
      const unread = this.#buffer.subarray(this.#start, this.#end);
      if (this.#start > 0) this.#buffer.copyWithin(0, this.#start, this.#end);
      else {
        this.#buffer = new Uint8Array(2 * unread.length);
        this.#buffer.set(unread);
      }
      this.#start = 0;
      this.#end = unread.length;
    }
    const count = await this.#connection.read(this.#buffer.subarray(this.#end));
    if (count === null) return false;
    this.#end += count;
    return true;
  }
}

/** Reads one body. */
export class BodyReader {
  readonly #reader: MessageReader;
  readonly #framing: Framing;
  /** Bytes of the body, or of the current chunk, that are still to come. */
  #remaining: number;
  #inFirstChunk = true;
  #ended: boolean;

  constructor(reader: MessageReader, framing: Framing) {
    this.#reader = reader;
    this.#framing = framing;
    this.#remaining = framing === "until-close" ? Infinity : framing === "chunked" ? 0 : framing;
    this.#ended = framing === 0;
  }

  /** Bytes in all, where they were announced. */
  get length(): number | undefined {
    return typeof this.#framing === "number" ? this.#framing : undefined;
  }

  /** Whether its last byte was read: only then can another message follow. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Reads what has arrived, at least one byte, straight into `into` but for what came together with the head.
   *
   * @returns the number of bytes read, or null after the last one.
   * @throws {MessageError} `truncated` when the connection ends before the body, `malformed` or `too-large` for a chunk.
   */
  async read(into: Uint8Array): Promise<number | null> {
    if (this.#remaining === 0 && !this.#ended) await this.#beginChunk();
    if (this.#ended) return null;
    const part = into.length > this.#remaining ? into.subarray(0, this.#remaining) : into;
    const count = this.#framing === "chunked"
      ? await this.#reader.readShortBytes(part)
      : await this.#reader.readBytes(part);
    if (count === null) {
      if (this.#framing !== "until-close") throw truncated("the body");
      this.#ended = true;
      return null;
    }
    this.#remaining -= count;
    if (this.#remaining === 0 && this.#framing !== "chunked") this.#ended = true;
    return count;
  }

  /** All of what is left. @throws {MessageError} `too-large` above `max` bytes; as {@linkcode BodyReader.read}. */
  collect(max: number): Promise<Uint8Array> {
    return collect(this, max);
  }

  /** Reads a chunk-size line, and after the last chunk the trailer section, which is dropped. RFC 9112 section 7.1. */
  async #beginChunk(): Promise<void> {
    const reader = this.#reader;
    if (!this.#inFirstChunk && await reader.readLine(CHUNK_LINE_MAX, "the chunk") !== "") {
      throw malformed("a chunk is longer than announced");
    }
    this.#inFirstChunk = false;
    const line = await reader.readLine(CHUNK_LINE_MAX, "the chunk-size line");
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw malformed("the chunk size is not a hexadecimal number");
    this.#remaining = parseInt(size, 16);
    if (this.#remaining > 0) return;
    for (let left = TRAILER_MAX;;) {
      const field = await reader.readLine(left, "the trailer section");
      if (field === "") break;
      left -= field.length + 2;
    }
    this.#ended = true;
  }
}

/** All bytes of a body that is read by `read`. @throws {MessageError} `too-large` above `max` bytes. */
export async function collect(
  body: Pick<BodyReader, "length" | "read">,
  max: number,
): Promise<Uint8Array> {
  if ((body.length ?? 0) > max) throw tooLarge("the body", max);
  let bytes = new Uint8Array(body.length ?? BUFFER_SIZE);
  let length = 0;
  while (length !== body.length) {
    if (length === bytes.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(bytes);
      bytes = larger;
    }
    const count = await body.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
    if (length > max) throw tooLarge("the body", max);
  }
  return bytes.subarray(0, length);
}

/** One character a byte, since a field may hold any byte. */
function byteString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

function tooLarge(what: string, max: number): MessageError {
  return new MessageError(
    "too-large",
    `Cannot read the message: ${what} is longer than ${max} bytes`,
  );
}

function truncated(what: string): MessageError {
  return new MessageError(
    "truncated",
    `Cannot read the message: the connection ended within ${what}`,
  );
}

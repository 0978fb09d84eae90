/** Why a message could not be read. */
export type MessageFault =
  /** It breaks the grammar, or contradicts itself. */
  | "malformed"
  /** A part of it is longer than allowed. */
  | "too-large"
  /** The peer closed the connection in the middle of it. */
  | "truncated";

/** A peer's message cannot be read; nothing that follows on its connection can be either. */
export class MessageError extends Error {
  override readonly name = "MessageError";
  readonly fault: MessageFault;

  constructor(fault: MessageFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** By lower-case name; the values of a repeated field joined by `, ` (RFC 9110 section 5.3). Each character is one byte. */
export type Fields = ReadonlyMap<string, string>;

/** Head of a request. */
export interface RequestHead {
  readonly method: string;
  /** As sent, not decoded. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly fields: Fields;
}

/** Head of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly fields: Fields;
}

/** Where a body ends (RFC 9112 section 6): after that many bytes, with the last chunk, or with the connection. */
export type Framing = number | "chunked" | "until-close";

/** @param lines start line and fields, without the empty line. @throws {MessageError} */
export function parseRequestHead(lines: readonly string[]): RequestHead {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^\s]+) HTTP\/(1\.[01])$/.exec(lines[0]!);
  if (!match) throw malformed("the request line is not METHOD TARGET HTTP/1.x");
  return {
    method: match[1]!,
    target: match[2]!,
    version: match[3] as "1.0" | "1.1",
    fields: parseFields(lines),
  };
}

/** @param lines status line and fields, without the empty line. @throws {MessageError} */
export function parseResponseHead(lines: readonly string[]): ResponseHead {
  const match = /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: ([^\0\r]*))?$/.exec(lines[0]!);
  if (!match) throw malformed("the status line is not HTTP/1.x STATUS REASON");
  return {
    version: match[1] as "1.0" | "1.1",
    status: Number(match[2]),
    reason: match[3] ?? "",
    fields: parseFields(lines),
  };
}

/** Where a request's body ends. @throws {MessageError} when the head contradicts itself. */
export function requestFraming(head: RequestHead): Framing {
  return announcedFraming(head) ?? 0;
}

/** Where the body of the response to a `method` request ends. @throws {MessageError} when the head contradicts itself. */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const { status } = head;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return 0;
  return announcedFraming(head) ?? "until-close";
}

/** Whether the sender of `head` lets the connection carry another message. RFC 9112 section 9.3. */
export function keepsAlive({ version, fields }: RequestHead | ResponseHead): boolean {
  const options = elements((fields.get("connection") ?? "").toLowerCase());
  return version === "1.0"
    ? options.includes("keep-alive") && !options.includes("close")
    : !options.includes("close");
}

/**
 * Bytes of a head: `startLine` (`GET / HTTP/1.1`, `HTTP/1.1 200 OK`) and the fields in their order.
 *
 * @throws TypeError for what would not be one line, or not one byte a character.
 */
export function encodeHead(
  startLine: string,
  fields: Iterable<readonly [name: string, value: string]>,
): Uint8Array {
  let text = oneLine(startLine) + "\r\n";
  for (const [name, value] of fields) text += `${oneLine(name)}: ${oneLine(value)}\r\n`;
  return byteArray(text + "\r\n");
}

function announcedFraming({ version, fields }: RequestHead | ResponseHead): Framing | undefined {
  const coding = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) throw malformed("it has Content-Length and Transfer-Encoding");
    if (version === "1.0" || coding.toLowerCase() !== "chunked") {
      throw malformed("its Transfer-Encoding is not chunked");
    }
    return "chunked";
  }
  if (length === undefined) return undefined;
  const [first, ...others] = elements(length);
  if (!/^\d{1,15}$/.test(first!) || others.some((other) => other !== first)) {
    throw malformed("its Content-Length is not one number");
  }
  return Number(first);
}

function parseFields(lines: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index]!;
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\0\r]*)$/.exec(line);
    if (!match) {
      throw malformed(
        /^[ \t]/.test(line) ? "a field is folded over lines" : "a field is not NAME: VALUE",
      );
    }
    const name = match[1]!.toLowerCase();
    const value = trimBlanks(match[2]!);
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

/** Elements of a field value that is a list. */
function elements(value: string): string[] {
  return value.split(",").map(trimBlanks);
}

/** Without blanks and tabs at both ends: not `trim`, which takes the byte A0 for a blank, and no pattern that backtracks. */
function trimBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === " " || text[at] === "\t";
  let [start, end] = [0, text.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

/** One byte a character. */
function byteArray(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return bytes.length === text.length
    ? bytes
    : Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function oneLine(text: string): string {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text)) {
    throw new TypeError(`Cannot send ${JSON.stringify(text)} in a head: not one line of bytes`);
  }
  return text;
}

/** An error for what breaks the grammar: the message says `what`. */
export function malformed(what: string): MessageError {
  return new MessageError("malformed", `Cannot read the message: ${what}`);
}

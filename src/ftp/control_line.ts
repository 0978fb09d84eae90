/** A line of the control connection, longer than which none is read. Bytes, without the line end. */
export const LINE_MAX = 8 * 1024;

/** What arrived: a line without its end, or the fact that one was too long and was dropped. */
export type ControlLine = Uint8Array | "too-long";

const LF = 10;
const CR = 13;

/** Telnet (RFC 854), as far as FTP clients use it (RFC 959 section 4.1.3). */
const IAC = 255;
const TELNET_DONT = 254;
const TELNET_WILL = 251;
const DATA_MARK = 242;
const TELNET_COMMAND_MIN = 240;

/**
 * Cuts the bytes of a control connection into lines, however they are split over segments. Within a line every byte is the
 * command's; Telnet sequences before a verb are taken out.
 *
 * Clients announce ABOR by IAC IP IAC DM with the last byte they send at once marked urgent, and the operating system keeps
 * the urgent byte from us. So the second IAC may be missing (the data mark stands alone), or the data mark (IAC is followed
 * by the verb), or, with Python's ftplib, which sends all of ABOR as urgent, the line feed: ABOR ends with its CR.
 */
export class ControlLineReader {
  #line = new Uint8Array(512);
  #length = 0;
  #tooLong = false;
  /** Bytes of a Telnet sequence that are still to come. */
  #telnet: "none" | "command" | "option" = "none";
  /** The line feed that belongs to the ABOR just given out, if it comes. */
  #skipLineFeed = false;

  /** Whether the next byte may begin a Telnet sequence, since no command has begun. */
  get isBetweenLines(): boolean {
    return this.#length === 0 && !this.#tooLong;
  }

  /** The lines that `bytes` complete. */
  *push(bytes: Uint8Array): Generator<ControlLine> {
    for (let at = 0; at < bytes.length; at++) {
      if (this.#tooLong) {
        // Nothing but its end is of interest, and it may be far.
        const end = bytes.indexOf(LF, at);
        if (end === -1) return;
        at = end;
      }
      const byte = bytes[at]!;
      const skip = this.#skipLineFeed && byte === LF;
      this.#skipLineFeed = false;
      if (skip || this.#isTelnet(byte)) continue;
      if (byte === LF) yield this.#end();
      else this.#add(byte);
      if (byte === CR && this.#isAbor()) {
        yield this.#end();
        this.#skipLineFeed = true;
      }
    }
  }

  #end(): ControlLine {
    const line = this.#tooLong
      ? "too-long"
      : this.#line.slice(0, this.#endsWithCr() ? this.#length - 1 : this.#length);
    this.#length = 0;
    this.#tooLong = false;
    return line;
  }

  #isTelnet(byte: number): boolean {
    if (this.#telnet === "option") {
      this.#telnet = "none";
      return true;
    }
    if (this.#telnet === "command" && byte >= TELNET_COMMAND_MIN) {
      this.#telnet = byte >= TELNET_WILL && byte <= TELNET_DONT ? "option" : "none";
      return true;
    }
    this.#telnet = "none";
    if (this.#length > 0 || this.#tooLong) return false;
    if (byte === IAC) this.#telnet = "command";
    return byte === IAC || byte === DATA_MARK;
  }

  #add(byte: number): void {
    // One more than the longest line: the CR of its end.
    if (this.#length > LINE_MAX || (this.#length === LINE_MAX && byte !== CR)) this.#tooLong = true;
    if (this.#tooLong) return;
    if (this.#length === this.#line.length) {
      const larger = new Uint8Array(this.#line.length * 2);
      larger.set(this.#line);
      this.#line = larger;
    }
    this.#line[this.#length++] = byte;
  }

  #endsWithCr(): boolean {
    return this.#length > 0 && this.#line[this.#length - 1] === CR;
  }

  #isAbor(): boolean {
    return this.#length === 5 && /^abor\r$/i.test(ascii(this.#line.subarray(0, 5)));
  }
}

/** One command: the verb in upper case, and the bytes after the blank exactly as they came. */
export interface Command {
  readonly verb: string;
  readonly argument: Uint8Array;
}

/** Splits a line (RFC 959 section 5.3). The verb is empty for an empty line. */
export function parseCommand(line: Uint8Array): Command {
  const blank = line.indexOf(32);
  const end = blank === -1 ? line.length : blank;
  return { verb: ascii(line.subarray(0, end)).toUpperCase(), argument: line.slice(end + 1) };
}

/** One character a byte, whatever the bytes are. */
function ascii(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

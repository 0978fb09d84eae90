import type { Deadline } from "../clock.ts";
import { type Connection, nextTurn } from "./connection.ts";
import { HttpError, readingError } from "./http_error.ts";
import { encodeHead, malformed, type ResponseHead } from "./http_head.ts";
import { MessageReader } from "./http_message.ts";

/** Bodies up to this size go out in one write with their head. Bytes. */
const COALESCED_MAX = 64 * 1024;

/** How much is written at once: with every write the stall timeout begins anew. Bytes. */
const PIECE = 1024 * 1024;

/** How many 1xx answers may come before the final one. */
const INTERIM_MAX = 8;

/** A request as it is written. */
export interface RequestMessage {
  readonly method: string;
  readonly target: string;
  readonly fields: Iterable<readonly [name: string, value: string]>;
  readonly body: readonly Uint8Array[];
}

/**
 * The client's side of one connection, for one request after the other. An answer's head is always being read, also
 * between requests: so a server that leaves is noticed at once, and an answer before the request's end is seen.
 */
export class HttpConnection implements Disposable {
  readonly #connection: Connection;
  readonly #reader: MessageReader;
  #head: Promise<ResponseHead | null>;
  #closed = false;
  #sent: "not yet" | "maybe" | "whole" = "not yet";
  #used = false;
  /** When it became idle, by its pool's clock. */
  idleSince = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#reader = new MessageReader(connection);
    this.#head = this.#readHead();
  }

  /** Whether it has carried a request before. */
  get used(): boolean {
    return this.#used;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get reader(): MessageReader {
    return this.#reader;
  }

  /** Whether the server may have got the whole of the current request. */
  get requestSent(): boolean {
    return this.#sent !== "not yet";
  }

  /** Whether the current request was written to its end, so that another may follow. */
  get requestWhole(): boolean {
    return this.#sent === "whole";
  }

  /** Whether no byte of an answer has come. */
  get silent(): boolean {
    return !this.#reader.hasSurplus;
  }

  /**
   * Sends a request and reads the head of its answer. When that comes before all is sent, the rest is not sent.
   *
   * @param deadline is touched with each piece sent.
   * @throws {HttpError}; TypeError for fields that cannot be sent.
   */
  async exchange(message: RequestMessage, deadline: Deadline): Promise<ResponseHead> {
    const { method, target, fields, body } = message;
    const pieces = outgoing(encodeHead(`${method} ${target} HTTP/1.1`, fields), body);
    const answer = this.#head;
    let answered = false;
    const stop = () => void (answered = true);
    answer.then(stop, stop);
    this.#sent = "not yet";
    // When writing fails, reading says why: an answer may have come before.
    const sending = this.#send(pieces, { deadline, isAnswered: () => answered }).catch(() => {});
    let head: ResponseHead | null;
    try {
      head = await answer;
    } catch (error) {
      throw readingError(error, { requestSent: this.requestSent });
    }
    if (head === null) {
      throw new HttpError("lost", "The server closed the connection without an answer", {
        requestSent: this.requestSent,
      });
    }
    // The last write may be a turn later in saying that it is done.
    if (this.requestSent && !this.requestWhole) await Promise.race([sending, nextTurn()]);
    this.#used = true;
    return head;
  }

  /**
   * To be called when an answer was read to its end and another request may follow.
   *
   * @param stirred is called when an answer begins or the server leaves, asked for or not.
   */
  expectNext(stirred: () => void): void {
    this.#head = this.#readHead();
    this.#head.then(stirred, stirred);
  }

  /** Idempotent; ends what is being read or written. */
  close(): void {
    this.#closed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readHead(): Promise<ResponseHead | null> {
    const reading = this.#readFinalHead();
    // Between requests nobody listens.
    reading.catch(() => {});
    return reading;
  }

  async #readFinalHead(): Promise<ResponseHead | null> {
    for (let interim = 0; interim <= INTERIM_MAX; interim++) {
      const head = await this.#reader.readResponseHead();
      if (head === null || head.status >= 200) return head;
    }
    throw malformed("too many interim answers");
  }

  async #send(
    pieces: readonly Uint8Array[],
    { deadline, isAnswered }: { deadline: Deadline; isAnswered: () => boolean },
  ): Promise<void> {
    for (const [index, piece] of pieces.entries()) {
      if (isAnswered()) return;
      if (index === pieces.length - 1) this.#sent = "maybe";
      await this.#connection.write(piece);
      deadline.touch();
    }
    this.#sent = "whole";
  }
}

/** What is written, in order: the body's own views, except for a small body, which is copied behind the head. */
function outgoing(head: Uint8Array, body: readonly Uint8Array[]): Uint8Array[] {
  const size = byteLength(body);
  if (size > COALESCED_MAX) return [head, ...body.flatMap(cut)];
  if (size === 0) return [head];
  const whole = new Uint8Array(head.length + size);
  whole.set(head);
  let at = head.length;
  for (const view of body) {
    whole.set(view, at);
    at += view.length;
  }
  return [whole];
}

function cut(view: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < view.length; at += PIECE) pieces.push(view.subarray(at, at + PIECE));
  return pieces;
}

/** Bytes in all. */
export function byteLength(body: readonly Uint8Array[]): number {
  return body.reduce((sum, { length }) => sum + length, 0);
}

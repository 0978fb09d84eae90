import type { Clock } from "../clock.ts";
import { sleep } from "../clock.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Connection, Listener, SocketAddress } from "./connection.ts";
import type { RequestHead } from "./http_head.ts";
import { encodeHead, keepsAlive, MessageError, requestFraming } from "./http_head.ts";
import type { BodyReader } from "./http_message.ts";
import { MessageReader } from "./http_message.ts";

/** A request whose head has arrived. */
export interface IncomingRequest {
  readonly head: RequestHead;
  readonly remote: SocketAddress;
  /** Asking for the first bytes tells a client that waits for 100 (Continue) to send them. */
  readonly body: Pick<BodyReader, "length" | "read" | "collect">;
  /** Aborts when the server is closed. */
  readonly signal: AbortSignal;
}

/** A body that is sent piece by piece. */
export interface StreamedBody {
  /** Bytes, or undefined to send them in chunks. */
  readonly length: number | undefined;
  /** Called at most once; each piece is valid until the next one is asked for. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** A response. Disposed of when it was sent, or will not be. */
export interface OutgoingResponse extends Partial<Disposable> {
  readonly status: number;
  /** Without those of framing, but for the Content-Length of an answer to HEAD that has no body. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array | StreamedBody;
}

/** In place of a response: does with the connection what it likes; the connection is closed afterwards. */
export interface Takeover {
  takeOver(connection: Connection): Promise<void>;
}

/** Answers a request. What it throws is answered with 500 and logged. */
export type HttpHandler = (request: IncomingRequest) => Promise<OutgoingResponse | Takeover>;

/** After an answer that came before the request's end, this much of the rest is still taken, so that the answer arrives. */
const LINGER_MAX = 64 * 1024 * 1024;
/** Bodies up to this size go out in one write with their head. */
const COALESCED_MAX = 64 * 1024;
/** How long accepting rests after the operating system refused it (no descriptor left). */
const ACCEPT_PAUSE = 100;

/** HTTP/1.1 over a listener (RFC 9112): persistent connections, pipelined requests answered in their order. */
export class HttpServer implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #handler: HttpHandler;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #connections = new Map<Connection, Promise<void>>();
  readonly #accepting: Promise<void>;

  /** Serves at once. The listener is closed with the server. */
  constructor(
    options: { listener: Listener; handler: HttpHandler; clock: Clock; logger: Logger },
  ) {
    this.#listener = options.listener;
    this.#handler = options.handler;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#accepting = this.#accept();
  }

  /** Closes the listener and every connection, whatever they are doing, and waits for the handlers to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error("Cannot go on: the HTTP server is closed"));
    this.#listener.close();
    for (const connection of this.#connections.keys()) connection.close();
    await this.#accepting;
    await Promise.all(this.#connections.values());
  }

  async #accept(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const connection = await this.#listener.accept();
        if (connection === null) return;
        const served = this.#serve(connection).catch((error) => {
          // A connection that breaks is its peer's business.
          this.#logger.debug("HTTP connection ended", { reason: String(error) });
        }).finally(() => {
          connection.close();
          this.#connections.delete(connection);
        });
        this.#connections.set(connection, served);
      } catch (error) {
        this.#logger.error("Cannot accept an HTTP connection", { reason: String(error) });
        await sleep(this.#clock, ACCEPT_PAUSE, signal).catch(() => {});
      }
    }
  }

  async #serve(connection: Connection): Promise<void> {
    const reader = new MessageReader(connection);
    for (;;) {
      let head: RequestHead | null;
      let body: BodyReader;
      try {
        head = await reader.readRequestHead();
        if (head === null) return;
        body = reader.body(requestFraming(head));
      } catch (error) {
        if (error instanceof MessageError && error.fault !== "truncated") {
          await connection.write(refusal(error.fault === "too-large" ? 431 : 400));
        }
        return;
      }
      const response = await this.#answer(connection, { head, body });
      if ("takeOver" in response) return await response.takeOver(connection);
      const goesOn = body.ended && keepsAlive(head) && canBeFramed(head, response);
      try {
        await writeResponse(connection, { head, response, goesOn });
      } finally {
        response[Symbol.dispose]?.();
      }
      if (goesOn) continue;
      if (!body.ended) await linger(connection, body);
      return;
    }
  }

  async #answer(
    connection: Connection,
    { head, body }: { head: RequestHead; body: BodyReader },
  ): Promise<OutgoingResponse | Takeover> {
    try {
      return await this.#handler({
        head,
        remote: connection.remote,
        body: head.fields.get("expect")?.toLowerCase() === "100-continue"
          ? continuing(connection, body)
          : body,
        signal: this.#closing.signal,
      });
    } catch (error) {
      this.#logger.error("Cannot answer an HTTP request", {
        method: head.method,
        target: head.target,
        reason: String(error),
      });
      return { status: 500, fields: [] };
    }
  }
}

/** `body`, whose first reading tells the client to go on (RFC 9110 section 10.1.1). */
function continuing(connection: Connection, body: BodyReader): IncomingRequest["body"] {
  let asked = false;
  const ask = async () => {
    if (asked || body.ended) return;
    asked = true;
    await connection.write(encodeHead("HTTP/1.1 100 Continue", []));
  };
  return {
    length: body.length,
    async read(into) {
      await ask();
      return await body.read(into);
    },
    async collect(max) {
      await ask();
      return await body.collect(max);
    },
  };
}

function refusal(status: number): Uint8Array {
  return encodeHead(statusLine(status), [["Content-Length", "0"], ["Connection", "close"]]);
}

/** Whether the peer can see where the response ends without the connection ending. */
function canBeFramed({ version }: RequestHead, { body }: OutgoingResponse): boolean {
  return version === "1.1" || body === undefined || body.length !== undefined;
}

/** The head of `response` as it is sent to whoever sent `head`. */
export function encodeResponseHead(
  { head, response, goesOn }: { head: RequestHead; response: OutgoingResponse; goesOn: boolean },
): Uint8Array {
  const { status, fields, body } = response;
  const bodiless = status < 200 || status === 204 || status === 304;
  const framing: [string, string][] = [];
  if (body?.length !== undefined) framing.push(["Content-Length", String(body.length)]);
  else if (body) {
    if (head.version === "1.1") framing.push(["Transfer-Encoding", "chunked"]);
  } else if (!bodiless && !fields.some(([name]) => /^content-length$/i.test(name))) {
    framing.push(["Content-Length", "0"]);
  }
  if (!goesOn) framing.push(["Connection", "close"]);
  else if (head.version === "1.0") framing.push(["Connection", "keep-alive"]);
  return encodeHead(statusLine(status), [...fields, ...framing]);
}

async function writeResponse(
  connection: Connection,
  options: { head: RequestHead; response: OutgoingResponse; goesOn: boolean },
): Promise<void> {
  const { head, response: { body } } = options;
  const bytes = encodeResponseHead(options);
  if (!body || head.method === "HEAD") return await connection.write(bytes);
  if (body instanceof Uint8Array) {
    if (body.length <= COALESCED_MAX) return await connection.write(joined([bytes, body]));
    await connection.write(bytes);
    return await connection.write(body);
  }
  await connection.write(bytes);
  const chunked = body.length === undefined && head.version === "1.1";
  let sent = 0;
  for await (const piece of body.pieces()) {
    sent += piece.length;
    await connection.write(chunked ? chunk(piece) : piece);
  }
  if (chunked) await connection.write(chunk(new Uint8Array(0)));
  if (body.length !== undefined && sent !== body.length) {
    throw new Error(`Cannot send the response: its body has ${sent} bytes, not ${body.length}`);
  }
}

/** The last chunk is an empty one (RFC 9112 section 7.1). */
function chunk(piece: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  return joined([
    encoder.encode(`${piece.length.toString(16)}\r\n`),
    piece,
    encoder.encode("\r\n"),
  ]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Closing while the peer is still sending would destroy the answer on its way (RFC 9112 section 9.6). */
async function linger(connection: Connection, body: BodyReader): Promise<void> {
  await connection.closeWrite();
  const scrap = new Uint8Array(COALESCED_MAX);
  for (let taken = 0; taken < LINGER_MAX;) {
    const count = await body.read(scrap);
    if (count === null) return;
    taken += count;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  307: "Temporary Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  416: "Range Not Satisfiable",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
};

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${REASONS[status] ?? ""}`;
}

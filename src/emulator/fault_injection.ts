import type { Connection } from "../net/connection.ts";
import type { IncomingRequest, OutgoingResponse, Takeover } from "../net/http_server.ts";
import { encodeResponseHead } from "../net/http_server.ts";
import type { Answer, RequestBody } from "./api/call.ts";
import type { Exchange } from "./api/response.ts";
import { errorXml, toResponse } from "./api/response.ts";
import type { Fault } from "./faults.ts";

/**
 * Answers a request with a fault other than a latency.
 *
 * @param options.perform Carries the request out with this body; it answers errors, and is not called where the fault keeps the
 * request from taking effect.
 */
export async function answerWithFault(
  fault: Exclude<Fault, { kind: "latency" }> | undefined,
  options: {
    request: IncomingRequest;
    body: RequestBody;
    exchange: Exchange;
    perform: (body: RequestBody) => Promise<Answer>;
  },
): Promise<OutgoingResponse | Takeover> {
  const { request, body, exchange, perform } = options;
  switch (fault?.kind) {
    case "reset-before-answer":
      return { takeOver: close };
    case "reset-in-request":
      await readHalf(body);
      return { takeOver: close };
    case "timeout":
      return { takeOver: waitForPeer };
    case "error":
    case "error-in-200": {
      const xml = errorXml(
        { code: fault.code, message: "The emulator was told to fail." },
        exchange,
      );
      const status = fault.kind === "error" ? fault.status : 200;
      return toResponse({ status, headers: {}, body: xml }, exchange);
    }
  }
  const answer = await perform(fault?.kind === "corrupt-request" ? corruptSource(body) : body);
  switch (fault?.kind) {
    case "lose-answer":
      answer[Symbol.dispose]?.();
      return { takeOver: close };
    case "corrupt-checksum":
      return toResponse(corruptChecksum(answer), exchange);
    case "corrupt-answer":
      return toResponse(corruptBody(answer), exchange);
    case "truncate-answer":
      return { takeOver: (connection) => sendPart(connection, { request, answer, exchange }) };
    case "reset-in-answer":
      return {
        takeOver: async (connection) => {
          const response = toResponse(answer, exchange);
          using _answer = disposing(response);
          const head = encodeResponseHead({ head: request.head, response, goesOn: true });
          await connection.write(head.subarray(0, head.length / 2));
        },
      };
    default:
      return toResponse(answer, exchange);
  }
}

function close(connection: Connection): Promise<void> {
  connection.close();
  return Promise.resolve();
}

/** Says nothing, until the peer has had enough or the server is closed. */
async function waitForPeer(connection: Connection): Promise<void> {
  const scrap = new Uint8Array(64 * 1024);
  while (await connection.read(scrap) !== null);
}

/** Reads the first half of a body, all of it where its length is not known. */
async function readHalf(body: RequestBody): Promise<void> {
  const half = (body.length ?? Infinity) / 2;
  const scrap = new Uint8Array(64 * 1024);
  for (let read = 0; read < half;) {
    const count = await body.read(scrap.subarray(0, Math.ceil(half - read)));
    if (count === null) return;
    read += count;
  }
}

/** Sends the head and half of the body of `answer`. */
async function sendPart(
  connection: Connection,
  { request, answer, exchange }: { request: IncomingRequest; answer: Answer; exchange: Exchange },
): Promise<void> {
  const response = toResponse(answer, exchange);
  using _answer = disposing(response);
  const { body } = response;
  await connection.write(encodeResponseHead({ head: request.head, response, goesOn: true }));
  if (!body) return;
  if (body instanceof Uint8Array) return await connection.write(body.subarray(0, body.length / 2));
  let left = Math.floor((body.length ?? 0) / 2);
  for await (const piece of body.pieces()) {
    if (left === 0) return;
    await connection.write(piece.subarray(0, left));
    left -= Math.min(left, piece.length);
  }
}

function disposing(response: OutgoingResponse): Disposable {
  return { [Symbol.dispose]: () => response[Symbol.dispose]?.() };
}

/** `body` with its first byte changed. */
function corruptSource(body: RequestBody): RequestBody {
  let first = true;
  return {
    length: body.length,
    async read(into) {
      const count = await body.read(into);
      if (first && count !== null) into[0]! ^= 0xff;
      first = false;
      return count;
    },
  };
}

/** `answer` with the first byte of its body changed. */
function corruptBody(answer: Answer): Answer {
  const { body } = answer;
  if (body === undefined || typeof body === "string") return answer;
  return {
    ...answer,
    body: {
      length: body.length,
      async *pieces() {
        let first = true;
        for await (const piece of body.pieces()) {
          if (!first) yield piece;
          else yield piece.map((byte, i) => i === 0 ? byte ^ 0xff : byte);
          first = false;
        }
      },
    },
  };
}

/** `answer` with another CRC-64 wherever it tells one. */
function corruptChecksum(answer: Answer): Answer {
  const name = "x-cos-hash-crc64ecma";
  const checksum = answer.headers[name];
  if (checksum === undefined) return answer;
  const wrong = String(BigInt(checksum) ^ 1n);
  return {
    ...answer,
    headers: { ...answer.headers, [name]: wrong },
    body: typeof answer.body === "string"
      ? answer.body.replace(`<CRC64>${checksum}<`, `<CRC64>${wrong}<`)
      : answer.body,
  };
}

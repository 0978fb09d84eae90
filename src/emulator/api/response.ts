import type { OutgoingResponse } from "../../net/http_server.ts";
import type { Answer } from "./call.ts";
import type { CosError } from "./cos_error.ts";
import { writeXml } from "./xml.ts";

/** What an answer says of its request. */
export interface Exchange {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly method: string;
  /** Host and request target, as they were sent. */
  readonly resource: string;
}

const encoder = new TextEncoder();

/** An id as COS makes them: Base64 of hexadecimal words, the first of which is the time in seconds. */
export function newRequestId(now: number): string {
  const [a, b] = crypto.getRandomValues(new Uint32Array(2));
  return btoa(`${Math.floor(now / 1000).toString(16)}_${a!.toString(16)}_${b!.toString(16)}`);
}

/** `answer` in HTTP. */
export function toResponse(answer: Answer, exchange: Exchange): OutgoingResponse {
  const headers: Record<string, string> = {
    Server: "tencent-cos",
    Date: new Date(exchange.now).toUTCString(),
    "x-cos-request-id": exchange.requestId,
    ...answer.headers,
  };
  const body = typeof answer.body === "string" ? encoder.encode(answer.body) : answer.body;
  if (body instanceof Uint8Array) headers["Content-Type"] = "application/xml";
  return {
    status: answer.status,
    fields: Object.entries(headers),
    body: answer.chunked && body instanceof Uint8Array ? inChunks(body) : body,
    [Symbol.dispose]: () => answer[Symbol.dispose]?.(),
  };
}

function inChunks(bytes: Uint8Array): OutgoingResponse["body"] {
  return {
    length: undefined,
    async *pieces() {
      yield bytes;
    },
  };
}

/** The answer to a request that is refused; one to HEAD has no body. */
export function errorAnswer(error: CosError, exchange: Exchange): Answer {
  const { status, headers } = error;
  if (exchange.method === "HEAD") return { status, headers };
  return { status, headers, body: errorXml(error, exchange) };
}

/** The `<Error>` of COS document 436/7730. */
export function errorXml(
  error: { code: string; message: string; details?: Readonly<Record<string, string>> },
  { resource, requestId }: Exchange,
): string {
  return writeXml("Error", {
    Code: error.code,
    Message: error.message,
    ...error.details,
    Resource: resource,
    RequestId: requestId,
    TraceId: btoa(`trace_${requestId}`),
  });
}

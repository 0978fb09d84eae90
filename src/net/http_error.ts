import { MessageError } from "./http_head.ts";

/** Why a request got no answer, or not all of one. */
export type HttpErrorKind =
  /** No connection, to the origin or through the proxy. */
  | "not-connected"
  /** Connecting, the answer, or the next bytes of either body took too long. */
  | "timeout"
  /** The connection broke. */
  | "lost"
  /** What came is not HTTP/1.1, or more than is accepted. */
  | "malformed";

/** A request failed below HTTP's own statuses. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly kind: HttpErrorKind;
  /** Whether the server may have got the whole request: only then can it have acted on it. */
  readonly requestSent: boolean;

  constructor(
    kind: HttpErrorKind,
    message: string,
    options: { requestSent: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.requestSent = options.requestSent;
  }
}

/** The error for what reading an answer threw. */
export function readingError(
  cause: unknown,
  { requestSent }: { requestSent: boolean },
): HttpError {
  if (cause instanceof HttpError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof MessageError && cause.fault !== "truncated"
    ? new HttpError("malformed", message, { requestSent, cause })
    : new HttpError("lost", `The connection broke: ${message}`, { requestSent, cause });
}

import { StoreError, type StoreErrorKind } from "../object_store.ts";
import { parseXml, textOf } from "./xml.ts";

/** COS's error codes (COS, "Error codes") that mean more than their HTTP status. */
const KINDS: Readonly<Record<string, StoreErrorKind>> = {
  NoSuchKey: "not-found",
  NoSuchUpload: "not-found",
  NoSuchBucket: "not-found",
  AccessDenied: "denied",
  InvalidAccessKeyId: "denied",
  SignatureDoesNotMatch: "denied",
  RequestTimeTooSkewed: "denied",
  ExpiredToken: "denied",
  InvalidObjectState: "denied",
  PreconditionFailed: "conflict",
  FileAlreadyExists: "conflict",
  PathConflict: "conflict",
  SlowDown: "throttled",
  ServiceUnavailable: "throttled",
  RequestLimitExceeded: "throttled",
  InternalError: "unavailable",
  RequestTimeout: "unavailable",
  BadDigest: "corrupt",
  InvalidDigest: "corrupt",
  IncompleteBody: "unavailable",
};

/** What an error answer of COS says. */
export interface CosFailure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
}

/** Reads the body of an error answer; one without a body (HEAD), or with a foreign one, is named after its status. */
export function readFailure(
  answer: { status: number; body: string; requestId: string | undefined },
): CosFailure {
  const { status, body, requestId } = answer;
  let code: string | undefined;
  let message: string | undefined;
  if (body.trimStart().startsWith("<")) {
    try {
      const error = parseXml(body);
      code = textOf(error, "Code");
      message = textOf(error, "Message");
    } catch {
      // A proxy's page, not COS's answer.
    }
  }
  return {
    status,
    code: code ?? codeOfStatus(status),
    message: message ?? "COS gave no reason",
    requestId,
  };
}

/** The error for an answer that says no. @param action what was tried, `Cannot read a/b`. */
export function storeError(
  action: string,
  failure: CosFailure,
  options: { mayHaveHappened?: boolean } = {},
): StoreError {
  const { status, code, message, requestId } = failure;
  return new StoreError(`${action}: ${code}: ${message}`, {
    kind: KINDS[code] ?? kindOfStatus(status),
    code,
    status,
    requestId,
    mayHaveHappened: options.mayHaveHappened,
  });
}

function codeOfStatus(status: number): string {
  if (status >= 300 && status < 400) return "Redirect";
  const codes: Record<number, string> = {
    403: "AccessDenied",
    404: "NoSuchKey",
    412: "PreconditionFailed",
    416: "InvalidRange",
    503: "ServiceUnavailable",
  };
  return codes[status] ?? `Http${status}`;
}

function kindOfStatus(status: number): StoreErrorKind {
  if (status >= 500 || status === 408 || status === 429) return "unavailable";
  if (status === 403 || status === 401) return "denied";
  if (status === 404) return "not-found";
  if (status === 409 || status === 412) return "conflict";
  return "invalid";
}

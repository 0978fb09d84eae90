import type { Fields } from "../../net/http_head.ts";
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
  TooManyRequests: "throttled",
  InternalError: "unavailable",
  RequestTimeout: "unavailable",
  BadDigest: "corrupt",
  InvalidDigest: "corrupt",
  IncompleteBody: "unavailable",
  UserNetworkTooSlow: "unavailable",
};

const NO_REASON = "COS gave no reason";

/** Longest reason of COS that is passed on. Characters. */
const MESSAGE_MAX = 500;

/** What an error answer of COS says. */
export interface CosFailure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
}

/** Reads an error answer; one without a body (HEAD), or with a foreign one, is named after its status. */
export function readFailure(
  { status, fields, body }: { status: number; fields: Fields; body: string },
): CosFailure {
  const { code, message } = readErrorXml(body);
  const isRedirect = status >= 300 && status < 400;
  return {
    status,
    code: code ?? codeOfStatus(status),
    message: isRedirect
      ? `the bucket is not at this endpoint but at ${
        fields.get("location")?.slice(0, MESSAGE_MAX) ?? "another"
      }`
      : message ?? NO_REASON,
    requestId: fields.get("x-cos-request-id"),
  };
}

function readErrorXml(body: string): { code?: string; message?: string } {
  if (!body.trimStart().startsWith("<")) return {};
  try {
    const error = parseXml(body);
    const code = textOf(error, "Code");
    if (code === undefined || !/^[\w.-]{1,64}$/.test(code)) return {};
    return { code, message: textOf(error, "Message")?.slice(0, MESSAGE_MAX) };
  } catch {
    // A proxy's page, not COS's answer.
    return {};
  }
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

/** Whether the answer may mean that the request's time was wrong. HEAD is refused without a reason. */
export function isClockFailure({ status, code, message }: CosFailure): boolean {
  return code === "RequestTimeTooSkewed" ||
    status === 403 && (message === "Request has expired" || message === NO_REASON);
}

/** Whether the answer may mean that the keys do not hold any more. HEAD is refused without a reason. */
export function isKeyFailure({ status, code, message }: CosFailure): boolean {
  return code === "ExpiredToken" || code === "InvalidAccessKeyId" ||
    status === 403 && message === NO_REASON;
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

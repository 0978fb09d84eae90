import { StoreError } from "../store/object_store.ts";
import type { LogFields, Logger } from "../telemetry/log.ts";
import type { Argument } from "./argument.ts";
import { Code, type Reply } from "./reply.ts";

/** What the log is told of an error, COS's own words included. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const store = error instanceof StoreError
    ? error
    : cause instanceof StoreError
    ? cause
    : undefined;
  return {
    error: error.message,
    cause: cause?.message,
    code: store?.code,
    requestId: store?.requestId,
    stack: error instanceof TypeError || error instanceof ReferenceError ? error.stack : undefined,
  };
}

const lenient = new TextDecoder();

/** A command as the log may show it: "PASS" and a tab makes a verb of the password. */
export function commandFields({ verb }: { verb: string }, { bytes }: Argument): LogFields {
  const isPassword = /^PASS(?!V$)/.test(verb) || verb === "ACCT";
  return {
    verb: isPassword ? verb.slice(0, 4) : verb,
    argument: isPassword ? "***" : lenient.decode(bytes),
  };
}

/** Tells of a command that failed, as loudly as it is somebody's trouble. */
export function logFailure(
  log: Logger,
  { verb, failure, error }: { verb: string; failure: Reply; error: unknown },
): void {
  const fields = { verb, reply: failure.code, ...errorFields(error) };
  if (error instanceof StoreError) log.warning("COS refused or failed", fields);
  else if (failure.code === Code.localError) log.error("A command failed", fields);
  else log.debug("A command was refused", fields);
}

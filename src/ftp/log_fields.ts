import { StoreError } from "../store/object_store.ts";
import type { LogFields, Logger } from "../telemetry/log.ts";
import { TreeError } from "../vfs/tree_error.ts";
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

/**
 * A command as the log may show it: without passwords, and not what follows a verb that there is none of, which may be a PASS
 * that a blank, a tab or line noise has made another word.
 */
export function commandFields(
  { verb }: { verb: string },
  { argument, isKnown }: { argument: Argument; isKnown: boolean },
): LogFields {
  if (!isKnown) return { verb: "unknown", bytes: verb.length + argument.bytes.length };
  const isPassword = verb === "PASS" || verb === "ACCT";
  return { verb, argument: isPassword ? "***" : lenient.decode(argument.bytes) };
}

/** Tells of a command that failed, as loudly as it is somebody's trouble. */
export function logFailure(
  log: Logger,
  { verb, failure, error }: { verb: string; failure: Reply; error: unknown },
): void {
  const fields = { verb, reply: failure.code, ...errorFields(error) };
  if (error instanceof StoreError) log.warning("COS refused or failed", fields);
  else if (error instanceof TreeError) log.debug("A command was refused", fields);
  else if (failure.code === Code.localError) log.error("A command failed", fields);
  else log.debug("A command was refused", fields);
}

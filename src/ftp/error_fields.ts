import { StoreError } from "../store/object_store.ts";
import type { LogFields } from "../telemetry/log.ts";

/** What the log says of an error: COS's own words and request id, and for a fault of ours where it happened. */
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

import type { StoredObject } from "../storage/change.ts";

/** Headers that make a request depend on the object as it is now. */
export interface Conditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: string;
  readonly ifUnmodifiedSince?: string;
}

/**
 * Evaluates conditions in the order of RFC 9110 section 13.2.2.
 *
 * @returns "failed" where If-Match or If-Unmodified-Since does not hold, "unchanged" where If-None-Match or
 * If-Modified-Since does not.
 */
export function evaluateConditions(
  conditions: Conditions,
  object: Pick<StoredObject, "etag" | "modified">,
): "met" | "failed" | "unchanged" {
  const { ifMatch, ifNoneMatch } = conditions;
  // HTTP dates have no fractions of a second.
  const modified = Math.floor(object.modified / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, object.etag)) return "failed";
  } else if (modified > date(conditions.ifUnmodifiedSince, Infinity)) return "failed";
  if (ifNoneMatch !== undefined) {
    if (lists(ifNoneMatch, object.etag)) return "unchanged";
  } else if (modified <= date(conditions.ifModifiedSince, -Infinity)) return "unchanged";
  return "met";
}

function lists(header: string, etag: string): boolean {
  return header.split(",").some((item) => {
    const tag = item.trim().replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
    return tag === "*" || tag === etag;
  });
}

/** Milliseconds since the epoch; `otherwise` where there is no date, or none that can be read. */
function date(header: string | undefined, otherwise: number): number {
  const time = header === undefined ? NaN : Date.parse(header);
  return Number.isNaN(time) ? otherwise : time;
}

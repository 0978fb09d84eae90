/** A stretch of an object: bytes `start` to `end` - 1. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header (RFC 9110 section 14.2) for an object of `size` bytes. Several ranges, and what is not a range of
 * bytes, are ignored as the RFC allows and COS does.
 *
 * @returns the stretch, undefined where the whole object is to be sent, or "unsatisfiable".
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return undefined;
    const start = Math.max(0, size - Number(last));
    return start < size ? { start, end: size } : "unsatisfiable";
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size : Math.min(size, Number(last) + 1) };
}

/** Reads `x-cos-copy-source-range: bytes=first-last`. @returns undefined where it is not that, or not inside `size` bytes. */
export function parseCopyRange(header: string, size: number): ByteRange | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header.trim());
  if (!match) return undefined;
  const [start, last] = [Number(match[1]), Number(match[2])];
  return start <= last && last < size ? { start, end: last + 1 } : undefined;
}

/** COS: a multipart upload has at most this many parts. */
export const PART_COUNT_MAX = 10_000;

/** COS: every part but the last has at least 1 MB; cosftp counts in MiB. */
export const PART_SIZE_MIN = 1024 ** 2;

/** COS: no part has more than 5 GB. */
export const PART_SIZE_MAX = 5 * 1024 ** 3;

/** One WebAssembly memory holds all parts (`checksum/part_memory.ts`). Bytes. */
export const UPLOAD_MEMORY_MAX = 4095 * 1024 ** 2;

/** The largest part, in whole MiB, that leaves room for `threads` parts in flight and one being filled. Bytes. */
export function largestPart({ memory, threads }: { memory: number; threads: number }): number {
  const part = Math.floor(memory / (threads + 1));
  return Math.min(PART_SIZE_MAX, Math.max(PART_SIZE_MIN, part - part % PART_SIZE_MIN));
}

/** The memory with which {@linkcode largestPart} is at least `partSize`. Bytes. */
export function memoryForPart(partSize: number, threads: number): number {
  return Math.ceil(partSize / PART_SIZE_MIN) * PART_SIZE_MIN * (threads + 1);
}

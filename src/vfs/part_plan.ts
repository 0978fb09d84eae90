/** COS: a multipart upload has at most this many parts. */
export const PART_COUNT_MAX = 10_000;

/** COS: every part but the last has at least 1 MB; we count in MiB. */
export const PART_SIZE_MIN = 1024 ** 2;

/** COS: no part has more than 5 GB. */
const PART_SIZE_MAX = 5 * 1024 ** 3;

/** Up to here parts stay at their smallest: little memory, and little to send again, for the files that are common. */
const SMALL_PARTS_UP_TO = 1024 ** 3;

/** What the size of parts follows from. Bytes. */
export interface PartPlan {
  readonly minPartSize: number;
  readonly maxPartSize: number;
  readonly maxFileSize: number;
}

/** The largest part that leaves room for `threads` parts in flight and one being filled. Bytes, whole slices. */
export function largestPart(options: { memory: number; threads: number }): number {
  const part = Math.floor(options.memory / (options.threads + 1));
  return Math.min(PART_SIZE_MAX, Math.max(PART_SIZE_MIN, part - part % PART_SIZE_MIN));
}

/**
 * How large the next part should be, after `parts` parts that hold `bytes` bytes: the smallest size with which the parts
 * that are left still reach the largest file, so parts grow along a file, and grow more after parts that had to be short.
 */
export function nextPartSize(plan: PartPlan, sent: { parts: number; bytes: number }): number {
  const smallest = Math.min(plan.minPartSize, plan.maxPartSize);
  if (sent.bytes < SMALL_PARTS_UP_TO && mayCommitShort(plan, sent, smallest)) return smallest;
  const needed = Math.ceil(neededPartSize(plan, sent) / PART_SIZE_MIN) * PART_SIZE_MIN;
  return Math.min(plan.maxPartSize, Math.max(smallest, needed));
}

/** Whether a part of `size` bytes now leaves enough parts for the rest of the largest file. */
export function mayCommitShort(
  plan: PartPlan,
  sent: { parts: number; bytes: number },
  size: number,
): boolean {
  if (size < PART_SIZE_MIN) return false;
  const after = { parts: sent.parts + 1, bytes: sent.bytes + size };
  return after.parts < PART_COUNT_MAX && neededPartSize(plan, after) <= plan.maxPartSize;
}

function neededPartSize(plan: PartPlan, sent: { parts: number; bytes: number }): number {
  return Math.max(0, plan.maxFileSize - sent.bytes) / Math.max(1, PART_COUNT_MAX - sent.parts);
}

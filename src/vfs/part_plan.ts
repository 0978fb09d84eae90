import { PART_COUNT_MAX, PART_SIZE_MIN } from "../config/part_limits.ts";

/** Up to here parts stay at their smallest: little memory, and little to send again, for the files that are common. */
const SMALL_PARTS_UP_TO = 1024 ** 3;

/** What the size of parts follows from. Bytes. */
export interface PartPlan {
  readonly minPartSize: number;
  readonly maxPartSize: number;
  readonly maxFileSize: number;
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

import assert from "node:assert/strict";
import { largestPart, PART_COUNT_MAX } from "../../src/config/part_limits.ts";
import { mayCommitShort, nextPartSize, type PartPlan } from "../../src/vfs/part_plan.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

/** The parts of the largest file of `plan`. */
function parts(plan: PartPlan): number[] {
  const sizes: number[] = [];
  for (let bytes = 0; bytes < plan.maxFileSize;) {
    const size = Math.min(
      nextPartSize(plan, { parts: sizes.length, bytes }),
      plan.maxFileSize - bytes,
    );
    sizes.push(size);
    bytes += size;
    assert.ok(sizes.length <= PART_COUNT_MAX, `${plan.maxFileSize} bytes need too many parts`);
  }
  return sizes;
}

const PLANS: readonly PartPlan[] = [
  { minPartSize: 8 * MIB, maxPartSize: 64 * MIB, maxFileSize: 200 * GIB },
  { minPartSize: MIB, maxPartSize: 5 * GIB, maxFileSize: 48.82 * TIB },
  { minPartSize: MIB, maxPartSize: 21 * MIB, maxFileSize: 200 * GIB },
  { minPartSize: MIB, maxPartSize: MIB, maxFileSize: 10_000 * MIB },
  { minPartSize: 64 * MIB, maxPartSize: 64 * MIB, maxFileSize: 10_000 * 64 * MIB },
  { minPartSize: 5 * GIB, maxPartSize: 64 * MIB, maxFileSize: GIB },
  { minPartSize: 8 * MIB, maxPartSize: 64 * MIB, maxFileSize: 1 },
];

Deno.test("part plans reach the largest file within COS's limits", () => {
  for (const plan of PLANS) {
    const sizes = parts(plan);
    for (const size of sizes.slice(0, -1)) {
      assert.ok(size >= MIB && size <= Math.min(plan.maxPartSize, 5 * GIB), `${size}`);
      assert.equal(size % MIB, 0, `${size}`);
    }
  }
});

Deno.test("part plans begin with the smallest parts and grow only as far as they must", () => {
  const plan = PLANS[0]!;
  const sizes = parts(plan).slice(0, -1);
  assert.ok(sizes.slice(0, GIB / plan.minPartSize).every((size) => size === plan.minPartSize));
  const rest = sizes.slice(GIB / plan.minPartSize);
  const even = (plan.maxFileSize - GIB) / (PART_COUNT_MAX - GIB / plan.minPartSize);
  assert.ok(rest.every((size) => size > plan.minPartSize && size < even + MIB));
});

Deno.test("part plans leave room for the rest of the largest file after parts that were short", () => {
  const plan = PLANS[0]!;
  const sent = { parts: 0, bytes: 0 };
  while (sent.bytes < plan.maxFileSize) {
    const size = mayCommitShort(plan, sent, MIB) ? MIB : nextPartSize(plan, sent);
    sent.parts++;
    sent.bytes += size;
    assert.ok(size <= plan.maxPartSize && sent.parts <= PART_COUNT_MAX, `${sent.parts}`);
  }
});

Deno.test("short parts are at least 1 MiB and never the last that COS allows", () => {
  const plan = PLANS[0]!;
  assert.equal(mayCommitShort(plan, { parts: 0, bytes: 0 }, MIB - 1), false);
  assert.equal(mayCommitShort(plan, { parts: 0, bytes: 0 }, MIB), true);
  assert.equal(mayCommitShort(plan, { parts: PART_COUNT_MAX - 1, bytes: 0 }, MIB), false);
});

Deno.test("the largest part leaves memory for those in flight and the one being filled", () => {
  assert.equal(largestPart({ memory: 256 * MIB, threads: 3 }), 64 * MIB);
  assert.equal(largestPart({ memory: 100 * MIB, threads: 3 }), 25 * MIB);
  assert.equal(largestPart({ memory: 103 * MIB, threads: 3 }), 25 * MIB);
  assert.equal(largestPart({ memory: MIB, threads: 8 }), MIB);
  assert.equal(largestPart({ memory: 1000 * GIB, threads: 1 }), 5 * GIB);
});

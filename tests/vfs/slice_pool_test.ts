import assert from "node:assert/strict";
import { PartMemory } from "../../src/checksum/part_memory.ts";
import { SlicePool } from "../../src/vfs/slice_pool.ts";

const signal = new AbortController().signal;
const poolOf = (slices: number) =>
  new SlicePool(new PartMemory({ bytes: slices * 1024, sliceSize: 1024 }));

Deno.test("SlicePool gives each slice to one holder at a time", async () => {
  const pool = poolOf(3);
  const held = await Promise.all([0, 1, 2].map(() => pool.acquire(signal)));
  assert.equal(new Set(held).size, 3);
  assert.equal(pool.free, 0);
  assert.equal(pool.tryAcquire(), undefined);
  pool.release(held[1]!);
  assert.equal(pool.tryAcquire(), held[1]);
});

Deno.test("SlicePool serves those who wait in their order, before anyone who comes later", async () => {
  const pool = poolOf(1);
  const held = await pool.acquire(signal);
  const order: string[] = [];
  const first = pool.acquire(signal).then((slice) => (order.push("first"), slice));
  const second = pool.acquire(signal).then((slice) => (order.push("second"), slice));
  pool.release(held);
  assert.equal(pool.tryAcquire(), undefined);
  pool.release(await first);
  pool.release(await second);
  assert.deepEqual(order, ["first", "second"]);
  assert.equal(pool.free, 1);
});

Deno.test("SlicePool loses no slice to someone who gave up waiting", async () => {
  const pool = poolOf(1);
  const held = await pool.acquire(signal);
  const controller = new AbortController();
  const given = pool.acquire(controller.signal);
  const patient = pool.acquire(signal);
  controller.abort(new Error("gone"));
  await assert.rejects(given, /gone/);
  await assert.rejects(pool.acquire(AbortSignal.abort(new Error("late"))), /late/);
  pool.release(held);
  pool.release(await patient);
  assert.equal(pool.free, 1);
  assert.ok(pool.tryAcquire());
});

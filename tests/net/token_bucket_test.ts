import assert from "node:assert/strict";
import { TokenBucket } from "../../src/net/token_bucket.ts";
import { nextTurn } from "../../src/net/connection.ts";
import { FakeClock } from "../fake_clock.ts";

const { signal } = new AbortController();

/** Moves pieces as fast as the bucket lets it. */
async function mover(bucket: TokenBucket, moved: { bytes: number }, stop: AbortSignal) {
  try {
    for (;;) {
      await bucket.turn(stop);
      await nextTurn();
      bucket.moved(bucket.piece);
      moved.bytes += bucket.piece;
    }
  } catch (error) {
    if (error !== stop.reason) throw error;
  }
}

Deno.test("those who share a bucket move its rate together, and each as much as any other", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ rate: 8_000, clock });
  const stop = new AbortController();
  const all = [1, 2, 3, 4, 5].map(() => ({ bytes: 0 }));
  const running = all.map((moved) => mover(bucket, moved, stop.signal));
  for (let time = 0; time < 10_000; time += 50) {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    clock.advance(50);
  }
  stop.abort(new Error("enough"));
  await Promise.all(running);
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const wanted = 10 * 8_000;
  // What is on its way when time is up may be one piece of each.
  const inexact = all.length * bucket.piece;
  assert.ok(Math.abs(total - wanted) <= inexact, `${total} of ${wanted}`);
  for (const { bytes } of all) {
    assert.ok(Math.abs(bytes - total / all.length) <= 2 * bucket.piece, `${bytes} of ${total}`);
  }
});

Deno.test("time in which nothing moved is made up for by a tenth of a second only", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ rate: 1_000, clock });
  clock.advance(3_600_000);
  await bucket.turn(signal);
  bucket.moved(1_100);
  let isMyTurn = false;
  const turn = bucket.turn(signal).then(() => isMyTurn = true);
  clock.advance(999);
  await nextTurn();
  assert.equal(isMyTurn, false);
  clock.advance(1);
  await turn;
});

Deno.test("who waits for a turn leaves with the signal's reason", async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ rate: 1_000, clock });
  bucket.moved(10_000);
  const abort = new AbortController();
  const reason = new Error("enough");
  const waiting = bucket.turn(abort.signal);
  abort.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  assert.equal(clock.pending, 0);
});

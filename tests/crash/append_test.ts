import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { noise } from "../checksum/noise.ts";
import { seededRandom } from "../seeded_random.ts";
import { CrashingGateway, killInEach, PART_SIZE, sameBytes, store } from "./crashing_gateway.ts";

const ROUNDS = 20;
const OLD = noise(PART_SIZE - 7);

const ADDED = noise(3 * PART_SIZE + ROUNDS);

/** What is appended: several parts, others each round. */
function additionOf(round: number): Uint8Array {
  return ADDED.subarray(round, round + 3 * PART_SIZE);
}

Deno.test("appends killed at 20 moments leave the file as it was or with all that was added", async () => {
  await using gateway = await CrashingGateway.start();
  await killInEach(gateway, {
    rounds: ROUNDS,
    random: seededRandom(2),
    prepare: () => gateway.put("file", OLD),
    act: (peer, round) => store(peer, "APPE file", additionOf(round)),
    async check(round, code) {
      const added = new Uint8Array(Buffer.concat([OLD, additionOf(round)]));
      const { file } = await gateway.files();
      const isAdded = sameBytes(file, added);
      assert.ok(isAdded || sameBytes(file, OLD));
      if (code !== undefined) assert.deepEqual([code, isAdded], [226, true]);
      if (isAdded) return;
      using peer = await gateway.logIn();
      assert.equal(await store(peer, "APPE file", additionOf(round)), 226);
      assert.ok(sameBytes((await gateway.files()).file, added));
    },
  });
  assert.deepEqual(await gateway.sweep(), []);
});

import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { noise } from "../checksum/noise.ts";
import { seededRandom } from "../seeded_random.ts";
import { CrashingGateway, killInEach, PART_SIZE, sameBytes, store } from "./crashing_gateway.ts";

const ROUNDS = 20;

/** Several parts. */
const SIZE = 6 * PART_SIZE + 7;
const NOISE = noise(SIZE + ROUNDS);

/** Another content each round, different in every part. */
function contentOf(round: number): Uint8Array {
  return NOISE.subarray(round, round + SIZE);
}

Deno.test("uploads killed at 20 moments leave the old file or the new one, and the next upload discards what is left of them", async () => {
  await using gateway = await CrashingGateway.start();
  const foreign = await gateway.store.initiateUpload("file", uninterrupted());
  const part = { key: "file", uploadId: foreign, partNumber: 1 };
  await gateway.store.uploadPart(part, [new Uint8Array(1)], uninterrupted());
  let left = 0;
  await killInEach(gateway, {
    rounds: ROUNDS,
    random: seededRandom(1),
    prepare: () => Promise.resolve(),
    act: (peer, round) => store(peer, "STOR file", contentOf(round)),
    async check(round, code) {
      const { file } = await gateway.files();
      const isNew = sameBytes(file, contentOf(round));
      assert.ok(isNew || sameBytes(file, contentOf(round - 1)));
      if (code !== undefined) assert.deepEqual([code, isNew], [226, true]);
      left = Math.max(left, (await gateway.uploads()).length - 1);
      using peer = await gateway.logIn();
      assert.equal(await store(peer, "STOR file", contentOf(round)), 226);
      assert.ok(sameBytes((await gateway.files()).file, contentOf(round)));
    },
  });
  assert.ok(left > 0, "none was killed in its midst");
  assert.match(gateway.said, /Discarded an interrupted upload/);
  assert.deepEqual(await gateway.sweep(), [foreign]);
});

import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { seededRandom } from "../seeded_random.ts";
import { CrashingGateway, type Files, killInEach, rename, sameBytes } from "./crashing_gateway.ts";

const ROUNDS = 20;

/** The files of a directory: more than are copied at once. */
const CONTENTS: Files = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [`sub/${index}`, noise(1000 + index)]),
);

/** The files that lie in a directory. */
function filesIn(directory: string, files: Files): Files {
  const prefix = `${directory}/`;
  const inside = Object.entries(files).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(inside.map(([key, bytes]) => [key.slice(prefix.length), bytes]));
}

/** @throws AssertionError when a file is in neither directory, or is not what it was. @returns whether `from` is empty. */
function checkNothingLost(files: Files, from: string, to: string): boolean {
  const [left, moved] = [filesIn(from, files), filesIn(to, files)];
  for (const [name, content] of Object.entries(CONTENTS)) {
    assert.ok(left[name] || moved[name], `${name} is lost`);
    for (const found of [left[name], moved[name]]) {
      assert.ok(!found || sameBytes(found, content), `${name} is damaged`);
    }
  }
  assert.equal(Object.keys(files).length, Object.keys(left).length + Object.keys(moved).length);
  return Object.keys(left).length === 0;
}

Deno.test("renames of a directory killed at 20 moments lose nothing, and are finished by doing them again", async () => {
  await using gateway = await CrashingGateway.start();
  for (const [name, content] of Object.entries(CONTENTS)) await gateway.put(`0/${name}`, content);
  await killInEach(gateway, {
    rounds: ROUNDS,
    random: seededRandom(3),
    prepare: () => Promise.resolve(),
    act: (peer, round) => rename(peer, `${round}`, `${round + 1}`),
    async check(round, code) {
      const [from, to] = [`${round}`, `${round + 1}`];
      const isMoved = checkNothingLost(await gateway.files(), from, to);
      if (code !== undefined) assert.deepEqual([code, isMoved], [250, true]);
      if (isMoved) return;
      using peer = await gateway.logIn();
      assert.equal(await rename(peer, from, to), 250);
      assert.ok(checkNothingLost(await gateway.files(), from, to));
    },
  });
});

Deno.test("renames of a file killed at 20 moments leave it in one place or in both", async () => {
  await using gateway = await CrashingGateway.start();
  const content = noise(100_000);
  await gateway.put("0", content);
  await killInEach(gateway, {
    rounds: ROUNDS,
    random: seededRandom(4),
    prepare: () => Promise.resolve(),
    act: (peer, round) => rename(peer, `${round}`, `${round + 1}`),
    async check(round, code) {
      const [from, to] = [`${round}`, `${round + 1}`];
      const files = await gateway.files();
      const places = Object.keys(files);
      assert.ok(places.length > 0 && places.every((place) => place === from || place === to));
      assert.ok(Object.values(files).every((bytes) => sameBytes(bytes, content)));
      if (code !== undefined) assert.deepEqual([code, places], [250, [to]]);
      if (!places.includes(from)) return;
      using peer = await gateway.logIn();
      assert.equal(await rename(peer, from, to), 250);
      assert.deepEqual(Object.keys(await gateway.files()), [to]);
    },
  });
});

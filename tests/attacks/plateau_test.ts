import assert from "node:assert/strict";
import { assertPlateau } from "./attack.ts";

const MIB = 1024 ** 2;

const growing = (step: number) =>
  [1, 2, 3, 4].map((round) => ({
    heap: (10 + step * round) * MIB,
    rss: (100 + step * round) * MIB,
  }));

Deno.test("what an attack leaves in memory each time is found", () => {
  assert.throws(
    () => assertPlateau(growing(5)),
    /heap grows with each attack \(MiB\): 15\.0, 20\.0/,
  );
  assert.throws(() => assertPlateau(growing(100)), /grows with each attack/);
  const outside = growing(30).map(({ rss }) => ({ heap: 10 * MIB, rss }));
  assert.throws(() => assertPlateau(outside), /rss grows with each attack/);
});

Deno.test("what a first attack takes for good is no leak", () => {
  const [first, ...others] = growing(1);
  assertPlateau([{ heap: 1, rss: 1 }, ...others.map(() => ({ ...first! }))]);
});

Deno.test("one attack tells nothing about growth", () => {
  assert.throws(() => assertPlateau(growing(0).slice(0, 2)), /between repetitions/);
});

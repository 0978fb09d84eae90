import assert from "node:assert/strict";
import { type PortState, rangesByState } from "../../src/doctor/probe/port_map.ts";
import { settleSilence } from "../../src/doctor/probe/settle_silence.ts";
import { formatRange } from "../../src/doctor/steps.ts";

type Run = readonly [PortState, number];

function statesOf(runs: readonly Run[]): Map<number, PortState> {
  const states = new Map<number, PortState>();
  let port = 60_000;
  for (const [state, count] of runs) for (let i = 0; i < count; i++) states.set(port++, state);
  return states;
}

/** What is told of ports that are `really` so when they were `seen` otherwise, and how many were asked again. */
async function settled(seen: readonly Run[], really: readonly Run[]) {
  const [states, truth] = [statesOf(seen), statesOf(really)];
  let asked = 0;
  await settleSilence(states, (port) => {
    asked++;
    return Promise.resolve(truth.get(port)!);
  });
  const ranges = [...rangesByState(states)].map(([state, list]) =>
    `${state} ${list.map(formatRange).join(" ")}`
  );
  return { ranges: ranges.sort(), asked };
}

for (
  const [name, seen, really, ranges, most] of [
    [
      "rejected ports that were silent",
      [["open", 10], ["prohibited", 6], ["dropped", 40], ["prohibited", 1], ["dropped", 43]],
      [["open", 10], ["prohibited", 90]],
      ["open 60000-60009", "prohibited 60010-60099"],
      2,
    ],
    [
      "a dropped row beside a rejected one",
      [["prohibited", 6], ["dropped", 494], ["open", 10]],
      [["prohibited", 100], ["dropped", 400], ["open", 10]],
      ["dropped 60100-60499", "open 60500-60509", "prohibited 60000-60099"],
      10,
    ],
    [
      "a rejected row behind a dropped one",
      [["dropped", 200], ["prohibited", 1]],
      [["dropped", 150], ["prohibited", 51]],
      ["dropped 60000-60149", "prohibited 60150-60200"],
      10,
    ],
    [
      "a dropped row between rejected ones",
      [["prohibited", 1], ["dropped", 99], ["prohibited", 1]],
      [["prohibited", 21], ["dropped", 60], ["prohibited", 20]],
      ["dropped 60021-60080", "prohibited 60000-60020 60081-60100"],
      14,
    ],
    [
      "dropped ports",
      [["open", 5], ["dropped", 5_000]],
      [["open", 5], ["dropped", 5_000]],
      ["dropped 60005-65004", "open 60000-60004"],
      3,
    ],
    [
      "open ports whose answers were lost",
      [["open", 5], ["dropped", 20], ["open", 5]],
      [["open", 30]],
      ["open 60000-60029"],
      3,
    ],
    [
      "open ports whose answers were lost beside dropped ones",
      [["open", 5], ["dropped", 100]],
      [["open", 67], ["dropped", 38]],
      ["dropped 60067-60104", "open 60000-60066"],
      12,
    ],
    [
      "open ports whose answers were lost, on both sides of dropped ones",
      [["dropped", 300]],
      [["open", 100], ["dropped", 100], ["open", 100]],
      ["dropped 60100-60199", "open 60000-60099 60200-60299"],
      19,
    ],
    [
      "refused ports whose answers were lost, next to open ones",
      [["open", 450], ["dropped", 100], ["refused", 450]],
      [["open", 500], ["refused", 500]],
      ["open 60000-60499", "refused 60500-60999"],
      10,
    ],
    [
      "ports that nobody holds are passed over",
      [["prohibited", 1], ["dropped", 3], ["not held", 1], ["dropped", 3]],
      [["prohibited", 4], ["not held", 1], ["prohibited", 3]],
      ["not held 60004", "prohibited 60000-60007"],
      1,
    ],
  ] as const
) {
  Deno.test(`--probe asks once more: ${name}`, async () => {
    const result = await settled(seen, really);
    assert.deepEqual(result.ranges, ranges);
    assert.ok(result.asked <= most, `${result.asked} were asked`);
  });
}

Deno.test("--probe asks about the longest rows only, and takes short ones between rejected ports to be rejected", async () => {
  const seen = Array.from({ length: 100 }, (): Run[] => [["prohibited", 1], ["dropped", 2]]).flat();
  const { ranges, asked } = await settled([...seen, ["prohibited", 1]], [["prohibited", 301]]);
  assert.deepEqual(ranges, ["prohibited 60000-60300"]);
  assert.equal(asked, 20);
});

Deno.test("--probe asks each port of short rows again, when there are many of them", async () => {
  const seen = Array.from({ length: 100 }, (): Run[] => [["open", 1], ["dropped", 1]]).flat();
  const { ranges, asked } = await settled(seen, [["open", 199], ["dropped", 1]]);
  assert.deepEqual(ranges, ["dropped 60199", "open 60000-60198"]);
  assert.equal(asked, 100);
});

import assert from "node:assert/strict";
import { drawPortMap, type PortState, rangesByState } from "../../src/doctor/probe/port_map.ts";
import { decodeAnswer, encodeAnswer } from "../../src/doctor/probe/probe_answer.ts";

function states(...runs: [PortState, number][]): Map<number, PortState> {
  const map = new Map<number, PortState>();
  let port = 60_000;
  for (const [state, count] of runs) for (let i = 0; i < count; i++) map.set(port++, state);
  return map;
}

Deno.test("a port map has a letter for each state, and names the ranges", () => {
  assert.equal(
    drawPortMap(states(["open", 5], ["dropped", 3], ["not held", 1], ["dropped", 1])),
    "60000 #####...-.\n" +
      "(a letter is 1 port)\n" +
      "# open: 60000-60004\n" +
      ". dropped: 60005-60009\n" +
      "- not held: 60008\n",
  );
});

Deno.test("a port map of many ports fits on a screen, and marks letters that stand for several states", () => {
  const lines = drawPortMap(states(["open", 1_000], ["prohibited", 4_536])).split("\n");
  assert.deepEqual(lines.slice(0, 4).map((line) => line.length), [70, 70, 70, 66]);
  assert.equal(lines[0], `60000 ${"#".repeat(45)}*${"x".repeat(18)}`);
});

Deno.test("ranges go on over ports that nobody held, and not over others", () => {
  const ranges = rangesByState(
    states(["open", 2], ["not held", 1], ["open", 1], ["refused", 1], ["open", 1]),
  );
  assert.deepEqual(ranges.get("open"), [{ first: 60_000, last: 60_003 }, {
    first: 60_005,
    last: 60_005,
  }]);
});

Deno.test("an answer of the probe is read as it was written", () => {
  const answer = {
    nonce: "n",
    port: 60_001,
    range: { first: 60_000, last: 60_020 },
    held: new Set([60_001, 60_008, 60_020]),
  };
  assert.deepEqual(decodeAnswer(encodeAnswer(answer)), answer);
});

for (
  const line of [
    "",
    "220 ready\r\n",
    "{}",
    '{"cosftpProbe":1,"nonce":"n","port":70000,"range":[1,2],"held":""}',
  ]
) {
  Deno.test(`a line that is no answer of the probe is none: ${JSON.stringify(line)}`, () => {
    assert.equal(decodeAnswer(line), undefined);
  });
}

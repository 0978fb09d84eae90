import assert from "node:assert/strict";
import { attackTest, Crowd } from "./attack.ts";

attackTest({
  name: "10,000 connections of one address that say nothing",
  rounds: 3,
  async run(target, meanwhile) {
    using crowd = await Crowd.gather(10_000, () => target.connect());
    await meanwhile();
    const { held, files } = await target.report();
    assert.ok(held.sessions <= 128, `${held.sessions} sessions of one address`);
    assert.ok(files < 1_000, `${files} files`);
    assert.equal(crowd.conns.length, 10_000);
  },
});

attackTest({
  name: "clients that send their login one byte after the other",
  async run(target, meanwhile) {
    using crowd = await Crowd.gather(200, () => target.connect());
    for (const byte of "USER alice\r") await crowd.send(byte);
    await meanwhile();
    assert.ok((await target.report()).held.sessions > 100);
    await target.turn(30_000);
    await crowd.ended();
  },
});

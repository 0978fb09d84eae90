import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { attackTest, Crowd } from "./attack.ts";

const MIB = 1024 ** 2;

const IAC = 255;
const NOP = 241;
const DATA_MARK = 242;
const WILL = 251;
const DO = 253;

attackTest({
  name: "a line of 64 MiB",
  rounds: 3,
  async run(target, meanwhile) {
    using peer = await target.peer();
    const piece = new Uint8Array(MIB).fill(65);
    for (let sent = 0; sent < 64; sent++) {
      await peer.send(piece);
      if (sent === 32) await meanwhile();
    }
    await peer.ask("", 500);
    await peer.ask("NOOP", 200);
  },
});

/** Bytes that come before a verb, over and over. */
const TELNET: Readonly<Record<string, readonly number[]>> = {
  "IAC NOP": [IAC, NOP],
  "IAC IAC": [IAC, IAC],
  "IAC DO, IAC WILL": [IAC, DO, 1, IAC, WILL, 34],
  "lone data marks": [DATA_MARK],
};

attackTest({
  name: "floods of Telnet commands",
  async run(target, meanwhile) {
    for (const sequence of Object.values(TELNET)) {
      using peer = await target.peer();
      const flood = new Uint8Array(MIB).map((_, index) => sequence[index % sequence.length]!);
      const sending = peer.send(flood.subarray(0, flood.length - flood.length % sequence.length));
      await meanwhile();
      await sending;
      await peer.ask("NOOP", 200);
    }
  },
});

attackTest({
  name: "commands without end whose replies are not read",
  async run(target, meanwhile) {
    using crowd = await Crowd.gather(5, () => target.connect());
    const sending = crowd.send("HELP\r\nFEAT\r\n".repeat(100_000));
    await meanwhile();
    const { rss } = await target.report();
    await target.turn(130_000);
    await crowd.ended();
    await sending;
    assert.ok(rss < 1024 * MIB, "replies pile up nowhere");
  },
});

attackTest({
  name: "pipelined garbage",
  async run(target, meanwhile) {
    for (let seed = 1; seed <= 4; seed++) {
      using peer = await target.peer();
      const flood = noise(MIB, seed);
      const sending = peer.send(flood).catch(() => {});
      const reading = peer.rest();
      await meanwhile();
      await sending;
      await peer.conn.closeWrite();
      assert.match(await reading, /^(?:[1-5]\d\d[ -].*\r\n| .*\r\n)*$/);
    }
  },
});

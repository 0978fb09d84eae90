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
  rounds: 3,
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

/** What is no UTF-8: lone, cut, overlong, surrogates, beyond Unicode, and what is none anywhere. */
const INVALID = [
  "80",
  "c3",
  "e4bda0e5",
  "c0ae",
  "c0afc0ae",
  "e080af",
  "eda080",
  "f4908080",
  "fe",
  "ffff",
]
  .map((hex) => Uint8Array.fromHex(hex));

attackTest({
  name: "invalid UTF-8 and control characters in verbs and names",
  async run(target, meanwhile) {
    using peer = await target.logIn();
    const controls = Array.from({ length: 31 }, (_, code) => Uint8Array.of(code + 1))
      .filter(([code]) => code !== 10);
    for (const bytes of [...INVALID, ...controls, Uint8Array.of(0), Uint8Array.of(127)]) {
      for (const verb of ["CWD", "MKD", "SIZE", "DELE", "RNFR", "STAT", "MLST", "SITE", ""]) {
        const line = [...new TextEncoder().encode(`${verb} a`), ...bytes, 98, 13, 10];
        await peer.send(Uint8Array.from(line));
        // FtpPeer takes nothing but whole lines of UTF-8.
        const { code } = await peer.reply();
        assert.ok(code >= 500 || (verb === "STAT" && code === 450), `${verb} ${bytes}: ${code}`);
      }
    }
    await meanwhile();
    assert.deepEqual(await peer.names(), ["bystander"]);
  },
});

import assert from "node:assert/strict";
import { bytesOf } from "../net/scripted_connection.ts";
import { attackTest, Crowd } from "./attack.ts";

const SIGNATURE = bytesOf("\r\n\r\n\0\r\nQUIT\n");

/** What never becomes a PROXY header, or is one of somebody who lies. */
const HEADERS: Readonly<Record<string, Uint8Array>> = {
  "version 1 without an end": bytesOf("PROXY TCP4 ".padEnd(5_000, "1")),
  "version 1, ports out of range": bytesOf("PROXY TCP4 192.0.2.7 192.0.2.8 65536 -1\r\n"),
  "version 1, CR and LF in an address": bytesOf("PROXY TCP4 192.0.2.7\r\n192.0.2.8 1 2\r\n"),
  "version 2, 64 KiB of TLVs": Uint8Array.of(
    ...SIGNATURE,
    ...[0x21, 0x11, 0xff, 0xff],
    ...new Uint8Array(65_535),
  ),
  "version 2, shorter than its addresses": Uint8Array.of(
    ...SIGNATURE,
    0x21,
    0x11,
    0,
    4,
    1,
    2,
    3,
    4,
  ),
  "version 3": Uint8Array.of(...SIGNATURE, 0x31, 0x11, 0, 12, ...new Uint8Array(12)),
  "no header": bytesOf("USER alice\r\nPASS secret\r\n"),
};

attackTest({
  name: "floods of PROXY headers that are none",
  options: { behindProxy: true },
  async run(target, meanwhile) {
    const crowds = await Promise.all(
      Object.values(HEADERS).map(async (header) => {
        const crowd = await Crowd.gather(20, () => target.connect());
        await crowd.send(header);
        return crowd;
      }),
    );
    using all = new Crowd(crowds.flatMap(({ conns }) => conns));
    await meanwhile();
    await target.turn(5_000);
    await all.ended();
  },
});

attackTest({
  name: "connections of a proxy whose header never comes",
  options: { behindProxy: true },
  async run(target, meanwhile) {
    using waiting = await Crowd.gather(900, () => target.connect());
    await waiting.send("PROXY");
    await meanwhile();
    assert.equal((await target.report()).held.sessions, 1);
    using many = await Crowd.gather(2_000, () => target.connect());
    // 1,024 headers may be awaited.
    await many.ended(900 + 2_000 - 1_024);
    assert.ok((await target.report()).files < 1_200);
    await target.turn(5_000);
    await Promise.all([waiting.ended(), many.ended()]);
  },
});

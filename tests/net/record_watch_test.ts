import assert from "node:assert/strict";
import { RecordWatch } from "../../src/net/record_watch.ts";

const record = (type: number, length: number) =>
  Uint8Array.of(type, 3, 3, length >> 8, length & 0xff, ...new Uint8Array(length).fill(23));

Deno.test("RecordWatch sees application data where a record begins, however the stream is cut", () => {
  const handshake = [...record(22, 300), ...record(20, 1), ...record(22, 0)];
  for (const size of [1, 2, 5, 7, 306, 1000]) {
    const watch = new RecordWatch();
    for (let at = 0; at < handshake.length; at += size) {
      watch.push(Uint8Array.from(handshake.slice(at, at + size)));
    }
    assert.equal(watch.seen, false, `pieces of ${size}`);
    watch.push(record(23, 40));
    assert.equal(watch.seen, true);
    watch.push(record(22, 40));
    assert.equal(watch.seen, true);
  }
});

Deno.test("RecordWatch sees application data behind other records of one piece", () => {
  const watch = new RecordWatch();
  watch.push(Uint8Array.of(...record(20, 1), ...record(23, 10)));
  assert.equal(watch.seen, true);
});

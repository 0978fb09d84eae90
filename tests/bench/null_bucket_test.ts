import assert from "node:assert/strict";
import { crc64 } from "../../src/checksum/crc64.ts";
import { NullBucket } from "./null_bucket.ts";

Deno.test("zeros exist in every size, with the checksum of so many zeros", () => {
  const bucket = new NullBucket();
  for (const size of [0, 1, 2, 3, 1000, 65_537]) {
    assert.deepEqual(bucket.get(`zeros/${size}/any`), { size, crc64: crc64(new Uint8Array(size)) });
  }
});

Deno.test("an upload's parts are joined by number, whatever their order of arrival", () => {
  const bucket = new NullBucket();
  const bytes = new TextEncoder().encode("123456789");
  const uploadId = bucket.initiate();
  const [first, second] = [bytes.subarray(0, 4), bytes.subarray(4)];
  bucket.parts(uploadId)!.set(2, { size: 5, crc64: crc64(second) });
  bucket.parts(uploadId)!.set(1, { size: 4, crc64: crc64(first) });
  assert.deepEqual(bucket.complete("a", uploadId), { size: 9, crc64: 0x995dc9bbdf1939fan });
  assert.deepEqual(bucket.sizes("a"), { 9: 1 });
  assert.equal(bucket.parts(uploadId), undefined);
});

Deno.test("pages of an invented listing hold every name once", () => {
  const bucket = new NullBucket();
  const names = new Set<string>();
  let marker: string | undefined = "";
  while (marker !== undefined) {
    const page = bucket.list({ prefix: "list/2500/", marker, limit: 1000 });
    for (const { key } of page.objects) names.add(key);
    marker = page.nextMarker;
  }
  assert.equal(names.size, 2500);
});

import assert from "node:assert/strict";
import { type ObjectStore, uninterrupted } from "../../src/store/object_store.ts";
import { Gateway, MIB } from "./gateway.ts";

/** Makes an object of `count` copies of another one, within the store. */
async function repeat(
  store: ObjectStore,
  { from, to, count }: { from: string; to: string; count: number },
): Promise<void> {
  const { size } = await store.head(from, uninterrupted());
  const metadata = { colour: "blue" };
  const uploadId = await store.initiateUpload(to, {
    ...uninterrupted(),
    metadata,
    contentType: "video/mp4",
  });
  const parts: { partNumber: number; etag: string }[] = [];
  for (let partNumber = 1; partNumber <= count; partNumber++) {
    const source = { key: from, start: 0, end: size - 1 };
    const part = { key: to, uploadId, partNumber };
    parts.push({
      partNumber,
      etag: (await store.uploadPartCopy(part, source, uninterrupted())).etag,
    });
  }
  await store.completeUpload({ key: to, uploadId }, parts, uninterrupted());
}

Deno.test("a file above 5 GB, which COS copies in parts only, is renamed with all that is kept with it", async () => {
  await using gateway = await Gateway.start();
  const { store } = gateway;
  await gateway.put("64M", new Uint8Array(64 * MIB).fill(7));
  await repeat(store, { from: "64M", to: "1G", count: 16 });
  await repeat(store, { from: "1G", to: "large.mp4", count: 6 });
  const before = await store.head("large.mp4", uninterrupted());
  using peer = await gateway.logIn();
  await peer.ask("RNFR large.mp4", 350);
  await peer.ask("RNTO moved.mp4", 250);
  const after = await store.head("moved.mp4", uninterrupted());
  assert.equal(gateway.emulator.traffic.count("PutObjectCopy").ended, 0);
  assert.deepEqual(
    [after.size, after.crc64, after.contentType, after.metadata],
    [before.size, before.crc64, before.contentType, before.metadata],
  );
});

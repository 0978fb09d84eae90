import assert from "node:assert/strict";
import { nextTurn } from "../../src/net/connection.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import type { RunningRecord } from "../../src/vfs/running_record.ts";
import { UploadRecords } from "../../src/vfs/upload_records.ts";
import { sweepHourly, sweepUploads } from "../../src/vfs/upload_sweep.ts";
import { FakeClock } from "../fake_clock.ts";
import { FakeTimeBucket } from "./fake_time_bucket.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 24 * HOUR;

function recordsOf(
  { store, clock, log }: FakeTimeBucket,
  other: { cluster?: string; account?: string; clock?: FakeClock } = {},
): UploadRecords {
  const own = { keyPrefix: "team/", account: "alice", cluster: "here" };
  return new UploadRecords({ store, clock, log, interrupted: "resume", ...own, ...other });
}

function sweep(records: UploadRecords): Promise<void> {
  return sweepUploads(records, { window: WINDOW, ...uninterrupted() });
}

/** An upload of `key` with one part, and its record. */
async function beginRecorded(
  bucket: FakeTimeBucket,
  records: UploadRecords,
  key = "team/file",
): Promise<{ uploadId: string; record: RunningRecord }> {
  const record = await records.begin(key);
  const uploadId = await bucket.begin(key, 1);
  await record.name(uploadId, null);
  return { uploadId, record };
}

Deno.test("a record says whose an upload is, and goes with it", async () => {
  await using bucket = await FakeTimeBucket.start();
  const records = recordsOf(bucket);
  const record = await records.begin("team/a b");
  const [recordKey] = await bucket.keys();
  assert.match(recordKey!, /^team\/\.cosftp\/uploads\/[0-9a-f]{32}\/[0-9a-f-]{36}$/);
  const found = await records.read(recordKey!, uninterrupted());
  const intent = {
    cluster: "here",
    owner: found!.owner,
    account: "alice",
    key: "team/a b",
    started: "2026-01-15T12:00:00.000Z",
  };
  assert.deepEqual(found, { ...intent, parts: undefined });
  record.name("id", null);
  await record.leave();
  assert.deepEqual(await records.read(recordKey!, uninterrupted()), {
    ...intent,
    uploadId: "id",
    replaces: null,
    parts: undefined,
  });
  await record.remove();
  assert.deepEqual(await bucket.keys(), []);
});

Deno.test("a sweep aborts what this process could not abort, at once, and nothing that it works at", async () => {
  await using bucket = await FakeTimeBucket.start();
  const records = recordsOf(bucket);
  const left = await beginRecorded(bucket, records);
  const running = await beginRecorded(bucket, records);
  await left.record.leave({ abandoned: true });
  await sweep(records);
  assert.deepEqual(await bucket.uploads(), [running.uploadId]);
  bucket.clock.advance(2 * WINDOW);
  await sweep(records);
  assert.deepEqual(await bucket.uploads(), [running.uploadId]);
  assert.equal((await bucket.keys()).length, 1);
});

Deno.test("a sweep aborts what was kept or whose process was killed when nothing was heard of it within the window", async () => {
  await using bucket = await FakeTimeBucket.start();
  const others = recordsOf(bucket);
  const { uploadId } = await beginRecorded(bucket, others);
  bucket.clock.advance(WINDOW - MINUTE);
  await sweep(recordsOf(bucket));
  assert.deepEqual(await bucket.uploads(), [uploadId]);
  const part = { key: "team/file", uploadId, partNumber: 2 };
  await bucket.store.uploadPart(part, [new Uint8Array(1)], uninterrupted());
  bucket.clock.advance(WINDOW - MINUTE);
  await sweep(recordsOf(bucket));
  assert.deepEqual(await bucket.uploads(), [uploadId]);
  bucket.clock.advance(2 * MINUTE);
  await sweep(recordsOf(bucket));
  assert.deepEqual(await bucket.uploads(), []);
  assert.deepEqual(await bucket.keys(), []);
});

Deno.test("a sweep goes by COS's clock: an hour that ours is wrong by changes nothing", async () => {
  for (const wrongBy of [-HOUR, HOUR]) {
    await using bucket = await FakeTimeBucket.start();
    const clock = new FakeClock(bucket.clock.now() + wrongBy);
    const records = recordsOf(bucket, { clock });
    const { uploadId } = await beginRecorded(bucket, recordsOf(bucket));
    bucket.clock.advance(WINDOW - MINUTE);
    await sweep(records);
    assert.deepEqual(await bucket.uploads(), [uploadId], `${wrongBy}`);
    bucket.clock.advance(2 * MINUTE);
    await sweep(records);
    assert.deepEqual([await bucket.uploads(), await bucket.keys()], [[], []], `${wrongBy}`);
  }
});

Deno.test("a sweep leaves alone what is not of its cluster: uploads without a record, and with another's", async () => {
  await using bucket = await FakeTimeBucket.start();
  await beginRecorded(bucket, recordsOf(bucket, { cluster: "there" }));
  await bucket.begin("team/file", 1);
  await bucket.begin("team/empty");
  const unreadable = "team/.cosftp/uploads/unreadable";
  await bucket.store.put(unreadable, [new TextEncoder().encode("{}")], uninterrupted());
  const [uploads, keys] = [await bucket.uploads(), await bucket.keys()];
  assert.equal(uploads.length, 3);
  bucket.clock.advance(2 * WINDOW);
  await sweep(recordsOf(bucket));
  assert.deepEqual(await bucket.uploads(), uploads);
  assert.deepEqual(await bucket.keys(), keys);
});

Deno.test("a sweep finds the upload whose UploadId never came, by its key, its beginning and its emptiness", async () => {
  await using bucket = await FakeTimeBucket.start();
  await bucket.begin("team/file");
  bucket.clock.advance(HOUR);
  const record = await recordsOf(bucket).begin("team/file");
  bucket.clock.advance(1_000);
  const orphan = await bucket.begin("team/file");
  const withParts = await bucket.begin("team/file", 1);
  const ofOtherFile = await bucket.begin("team/file.txt");
  await record.leave();
  bucket.clock.advance(HOUR);
  await bucket.begin("team/file");
  const all = await bucket.uploads();
  await sweep(recordsOf(bucket));
  assert.deepEqual(await bucket.uploads(), all, "within the window");
  bucket.clock.advance(WINDOW);
  await sweep(recordsOf(bucket));
  assert.deepEqual(await bucket.uploads(), all.filter((uploadId) => uploadId !== orphan));
  assert.ok([withParts, ofOtherFile].every((uploadId) => all.includes(uploadId)));
  assert.deepEqual(await bucket.keys(), []);
});

Deno.test("a sweep takes no upload that has just begun for one whose UploadId never came, however short its window", async () => {
  await using bucket = await FakeTimeBucket.start();
  const record = await recordsOf(bucket).begin("team/file");
  await bucket.begin("team/file");
  await record.leave();
  bucket.clock.advance(2_000);
  const running = await bucket.begin("team/file");
  const options = { window: 1_000, ...uninterrupted() };
  await sweepUploads(recordsOf(bucket), options);
  assert.deepEqual(await bucket.uploads(), [running]);
  assert.equal((await bucket.keys()).length, 1);
  bucket.clock.advance(1_000);
  await sweepUploads(recordsOf(bucket), options);
  assert.deepEqual([await bucket.uploads(), await bucket.keys()], [[], []]);
});

Deno.test("a sweep waits for its window also where this process lost an answer to Initiate", async () => {
  await using bucket = await FakeTimeBucket.start();
  const records = recordsOf(bucket);
  const record = await records.begin("team/file");
  const orphan = await bucket.begin("team/file");
  await record.leave();
  await sweep(records);
  assert.deepEqual(await bucket.uploads(), [orphan]);
  bucket.clock.advance(WINDOW);
  await sweep(records);
  assert.deepEqual(await bucket.uploads(), []);
});

Deno.test("a sweep removes the record of an upload that was completed", async () => {
  await using bucket = await FakeTimeBucket.start();
  const { uploadId } = await beginRecorded(bucket, recordsOf(bucket));
  await bucket.store.abortUpload({ key: "team/file", uploadId }, uninterrupted());
  bucket.clock.advance(WINDOW);
  await sweep(recordsOf(bucket));
  assert.deepEqual(await bucket.keys(), []);
});

Deno.test("sweeps come at the start and every hour, until they are disposed of", async () => {
  await using bucket = await FakeTimeBucket.start();
  const { traffic } = bucket.emulator;
  {
    await using _sweeping = sweepHourly([recordsOf(bucket)], { window: WINDOW });
    for (let sweeps = 1; sweeps <= 3; sweeps++) {
      await traffic.ended("GetBucket", sweeps);
      while (bucket.clock.pending === 0) await nextTurn();
      bucket.clock.advance(HOUR - 1);
      assert.equal(traffic.count("GetBucket").begun, sweeps);
      bucket.clock.advance(1);
    }
    await traffic.ended("GetBucket", 4);
  }
  assert.equal(bucket.clock.pending, 0);
});

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createCRC64 } from "../hash_wasm.ts";
import type { ObjectBody, ObjectStore, Stored } from "../../src/store/object_store.ts";
import { StoreError, uninterrupted } from "../../src/store/object_store.ts";

/** Where one row of the contract works: nothing else touches keys below the prefix. */
export interface Ground {
  readonly store: ObjectStore;
  /** Ends with a slash. */
  readonly prefix: string;
  /** The same bucket through another client, or with other keys. */
  readonly impostors: Readonly<Record<"wrongKey" | "unknownId" | "noBucket", ObjectStore>>;
}

/** One operation of COS, with what it must answer. */
export interface ContractRow {
  readonly name: string;
  run(ground: Ground): Promise<void>;
}

const MIB = 1024 * 1024;
const free = uninterrupted();

function bytes(size: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i * seed + (i >> 8));
}

async function readAll(body: ObjectBody): Promise<Uint8Array> {
  using reading = body;
  const all = new Uint8Array(reading.length);
  for (let length = 0;;) {
    const count = await reading.read(all.subarray(length));
    if (count === null) {
      assert.equal(length, all.length);
      return all;
    }
    length += count;
    if (length === all.length) assert.equal(await reading.read(new Uint8Array(1)), null);
    if (length === all.length) return all;
  }
}

async function checksumOf(...parts: Uint8Array[]): Promise<bigint> {
  const hash = (await createCRC64("c96c5795d7870f42")).init();
  for (const part of parts) hash.update(part);
  return BigInt(`0x${hash.digest("hex")}`);
}

function md5(...parts: Uint8Array[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

async function assertStored(stored: Stored, content: Uint8Array): Promise<void> {
  assert.equal(stored.etag, md5(content));
  assert.equal(stored.crc64, await checksumOf(content));
}

/**
 * Asserts that the call fails with this answer of COS.
 *
 * @param wanted `404 NoSuchKey`; the status alone where the answer has no body, or COS's documents leave the code open.
 */
async function assertRefused(call: Promise<unknown>, wanted: string): Promise<void> {
  const error = await call.then(
    () => assert.fail(`succeeded, wanted ${wanted}`),
    (error: unknown) => error,
  );
  if (!(error instanceof StoreError)) throw error;
  const [status] = wanted.split(" ");
  const answer = wanted === status ? `${error.status}` : `${error.status} ${error.code}`;
  assert.equal(answer, wanted, error.message);
}

/** The contract between COS and whoever speaks to it, in the words of {@linkcode ObjectStore}. */
export const CONTRACT: readonly ContractRow[] = [
  {
    name: "PUT, HEAD and GET Object agree on bytes, checksums and headers",
    async run({ store, prefix }) {
      const key = `${prefix}dir/a b'"<&>+%20#?腾讯😀.txt`;
      for (const size of [0, 1, 100_000]) {
        const content = bytes(size);
        const headers = {
          contentType: "text/x-contract",
          httpFields: { "cache-control": "no-cache", "content-disposition": 'inline; x="1"' },
          metadata: { a: "one", "b-c": "two, three" },
        };
        await assertStored(await store.put(key, [content], { ...free, ...headers }), content);
        const info = await store.head(key, free);
        await assertStored({ etag: info.etag, crc64: info.crc64 }, content);
        assert.equal(info.size, size);
        assert.equal(info.storageClass, "STANDARD");
        assert.equal(info.contentType, headers.contentType);
        assert.deepEqual({ ...info.metadata }, headers.metadata);
        assert.deepEqual({ ...info.httpFields }, headers.httpFields);
        const body = await store.get(key, free);
        assert.equal(body.info.size, size);
        assert.equal(body.info.etag, info.etag);
        assert.deepEqual(await readAll(body), content);
      }
    },
  },
  {
    name: "GET Object gives back compressed bytes as they were stored",
    async run({ store, prefix }) {
      const stream = new Blob(["x".repeat(1000)]).stream();
      const packed = await new Response(stream.pipeThrough(new CompressionStream("gzip"))).bytes();
      const key = `${prefix}packed`;
      const httpFields = { "content-encoding": "gzip" };
      await store.put(key, [packed], { ...free, httpFields });
      const body = await store.get(key, free);
      assert.deepEqual({ ...body.info.httpFields }, httpFields);
      assert.deepEqual(await readAll(body), packed);
    },
  },
  {
    name: "GET Object reads from a byte on, as long as the ETag is the same",
    async run({ store, prefix }) {
      const key = `${prefix}k`;
      const content = bytes(1000);
      const { etag } = await store.put(key, [content], free);
      const body = await store.get(key, { ...free, start: 990, ifMatch: etag });
      assert.deepEqual([body.length, body.info.size], [10, 1000]);
      assert.deepEqual(await readAll(body), content.subarray(990));
      await assertRefused(store.get(key, { ...free, start: 1000 }), "416 InvalidRange");
      const ifMatch = md5(bytes(1));
      await assertRefused(store.get(key, { ...free, ifMatch }), "412 PreconditionFailed");
    },
  },
  {
    name: "what does not exist is not found",
    async run({ store, prefix }) {
      await assertRefused(store.head(`${prefix}none`, free), "404");
      await assertRefused(store.get(`${prefix}none`, free), "404 NoSuchKey");
      await store.delete(`${prefix}none`, free);
    },
  },
  {
    name: "PUT Object refuses a damaged body, a long key and, when told so, to overwrite",
    async run({ store, prefix }) {
      const key = `${prefix}k`;
      const content = bytes(10);
      await store.put(key, [content], free);
      const contentMd5 = Buffer.from(md5(bytes(1)), "hex").toString("base64");
      await assertRefused(store.put(key, [bytes(5)], { ...free, contentMd5 }), "400 BadDigest");
      const forbidden = store.put(key, [bytes(5)], { ...free, forbidOverwrite: true });
      await assertRefused(forbidden, "409 FileAlreadyExists");
      await assertRefused(store.put(prefix + "k".repeat(850), [], free), "400 KeyTooLong");
      assert.deepEqual(await readAll(await store.get(key, free)), content);
      await store.put(`${key}2`, [content], { ...free, forbidOverwrite: true });
    },
  },
  {
    name: "GET Bucket folds and pages in the byte order of the keys",
    async run({ store, prefix }) {
      const keys = ["a", "a/", "a/b", "a/b/c", "a0", "b<&>\"'%+", "\uff01", "😀", "z"];
      for (const key of keys) await store.put(prefix + key, [bytes(3)], free);
      const list = async (options: { delimiter?: "/"; limit?: number }) => {
        const rows: string[] = [];
        let marker: string | undefined;
        do {
          const page = await store.list({ ...free, prefix, marker, ...options });
          const { objects, prefixes } = page;
          assert(objects.length + prefixes.length <= (options.limit ?? 1000));
          assert(objects.every(({ size, etag }) => size === 3 && etag === md5(bytes(3))));
          rows.push(...objects.map(({ key }) => key), ...prefixes);
          marker = page.nextMarker;
        } while (marker !== undefined);
        return rows.map((row) => row.slice(prefix.length)).sort((a, b) =>
          Buffer.compare(Buffer.from(a), Buffer.from(b))
        );
      };
      const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const folded = sorted.filter((key) => !key.startsWith("a/")).concat("a/").sort((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b))
      );
      for (const limit of [1, 2, 1000]) {
        assert.deepEqual(await list({ limit }), sorted);
        assert.deepEqual(await list({ limit, delimiter: "/" }), folded);
      }
      const page = await store.list({ ...free, prefix, limit: 4 });
      assert.deepEqual(page.objects.map(({ key }) => key.slice(prefix.length)), sorted.slice(0, 4));
    },
  },
  {
    name: "DELETE Multiple Objects removes all that are named, also what is not there",
    async run({ store, prefix }) {
      const keys = ["a&b", "c d", "腾讯"].map((name) => prefix + name);
      for (const key of keys) await store.put(key, [bytes(1)], free);
      assert.deepEqual(await store.deleteMany([...keys, `${prefix}none`], free), []);
      const { objects } = await store.list({ ...free, prefix });
      assert.deepEqual(objects, []);
    },
  },
  {
    name: "PUT Object - Copy carries bytes and headers over",
    async run({ store, prefix }) {
      const [from, to] = [`${prefix}源 a+b`, `${prefix}copy`];
      const content = bytes(1000);
      const headers = { contentType: "text/x-contract", metadata: { a: "one" } };
      const { etag } = await store.put(from, [content], { ...free, ...headers });
      await assertStored(await store.copy(from, to, { ...free, ifMatch: etag }), content);
      const body = await store.get(to, free);
      assert.equal(body.info.contentType, headers.contentType);
      assert.deepEqual({ ...body.info.metadata }, headers.metadata);
      assert.deepEqual(await readAll(body), content);
      await store.copy(from, from, { ...free, replace: { metadata: { b: "two" } } });
      assert.deepEqual({ ...(await store.head(from, free)).metadata }, { b: "two" });
    },
  },
  {
    name: "PUT Object - Copy is refused for each of its reasons",
    async run({ store, prefix }) {
      const [from, to] = [`${prefix}a`, `${prefix}b`];
      await store.put(from, [bytes(1)], free);
      await store.put(to, [bytes(2)], free);
      const ifMatch = md5(bytes(3));
      await assertRefused(store.copy(from, to, { ...free, ifMatch }), "412 PreconditionFailed");
      const forbidden = store.copy(from, to, { ...free, forbidOverwrite: true });
      await assertRefused(forbidden, "409 FileAlreadyExists");
      await assertRefused(store.copy(`${prefix}none`, to, free), "404");
      assert.equal((await store.head(to, free)).size, 2);
    },
  },
  {
    name: "multipart upload becomes an object when it is completed, not before",
    async run({ store, prefix }) {
      const key = `${prefix}big`;
      const parts = [bytes(MIB, 3), bytes(MIB + 1, 5), bytes(7)];
      const headers = { contentType: "text/x-contract", metadata: { a: "one" } };
      const uploadId = await store.initiateUpload(key, { ...free, ...headers });
      const stored = await Promise.all(parts.map(async (part, i) => {
        const answer = await store.uploadPart({ key, uploadId, partNumber: i + 1 }, [part], free);
        await assertStored(answer, part);
        return { partNumber: i + 1, etag: answer.etag };
      }));
      const rows = await store.listParts({ key, uploadId }, free);
      assert.deepEqual(
        rows.map(({ partNumber, etag, size }) => ({ partNumber, etag, size })),
        stored.map((row, i) => ({ ...row, size: parts[i]!.length })),
      );
      assert.deepEqual((await store.listUploads({ ...free, prefix })).map((row) => row.uploadId), [
        uploadId,
      ]);
      await assertRefused(store.head(key, free), "404");
      const whole = await store.completeUpload({ key, uploadId }, stored, free);
      assert.match(whole.etag, /^[0-9a-f]{32}-3$/);
      assert.equal(whole.crc64, await checksumOf(...parts));
      const body = await store.get(key, free);
      assert.equal(body.info.etag, whole.etag);
      assert.equal(body.info.crc64, whole.crc64);
      assert.equal(body.info.contentType, headers.contentType);
      assert.deepEqual({ ...body.info.metadata }, headers.metadata);
      assert.deepEqual(Buffer.from(await readAll(body)), Buffer.concat(parts));
      assert.deepEqual(await store.listUploads({ ...free, prefix }), []);
      await assertRefused(store.listParts({ key, uploadId }, free), "404 NoSuchUpload");
    },
  },
  {
    name: "Complete Multipart Upload is refused for each of its reasons",
    async run({ store, prefix }) {
      const key = `${prefix}big`;
      const uploadId = await store.initiateUpload(key, free);
      const upload = { key, uploadId };
      const small = await store.uploadPart({ ...upload, partNumber: 1 }, [bytes(5)], free);
      const large = await store.uploadPart({ ...upload, partNumber: 2 }, [bytes(MIB)], free);
      const one = { partNumber: 1, etag: small.etag };
      const two = { partNumber: 2, etag: large.etag };
      const complete = (...parts: (typeof one)[]) => store.completeUpload(upload, parts, free);
      await assertRefused(complete({ ...two, etag: one.etag }), "400 InvalidPart");
      await assertRefused(complete(two, { ...one, partNumber: 3 }), "400 InvalidPart");
      await assertRefused(complete(two, one), "400 InvalidPartOrder");
      await assertRefused(complete(one, two), "400 EntityTooSmall");
      await store.put(key, [bytes(1)], free);
      const forbidden = store.completeUpload(upload, [two], { ...free, forbidOverwrite: true });
      await assertRefused(forbidden, "409 FileAlreadyExists");
      assert.equal((await store.head(key, free)).size, 1);
      await store.abortUpload(upload, free);
      await store.abortUpload(upload, free);
      await assertRefused(complete(two), "404 NoSuchUpload");
      const part = store.uploadPart({ ...upload, partNumber: 3 }, [bytes(1)], free);
      await assertRefused(part, "404 NoSuchUpload");
    },
  },
  {
    name: "Upload Part - Copy makes a part of a range, as long as the source is the same",
    async run({ store, prefix }) {
      const [from, key] = [`${prefix}源 1`, `${prefix}joined`];
      const content = bytes(2 * MIB);
      const { etag } = await store.put(from, [content], free);
      const uploadId = await store.initiateUpload(key, free);
      const part = { key, uploadId, partNumber: 1 };
      const source = { key: from, start: 5, end: MIB + 6 };
      const other = store.uploadPartCopy(part, { ...source, ifMatch: md5(bytes(1)) }, free);
      await assertRefused(other, "412 PreconditionFailed");
      const copied = await store.uploadPartCopy(part, { ...source, ifMatch: etag }, free);
      const slice = content.subarray(5, MIB + 7);
      assert.equal(copied.etag, md5(slice));
      const rows = [{ partNumber: 1, etag: copied.etag }];
      const whole = await store.completeUpload({ key, uploadId }, rows, free);
      assert.equal(whole.crc64, await checksumOf(slice));
      assert.deepEqual(await readAll(await store.get(key, free)), slice);
    },
  },
  {
    name: "archived object can be looked at but not read",
    async run({ store, prefix }) {
      const key = `${prefix}cold`;
      await store.put(key, [bytes(10)], { ...free, storageClass: "ARCHIVE" });
      assert.equal((await store.head(key, free)).storageClass, "ARCHIVE");
      await assertRefused(store.get(key, free), "403 InvalidObjectState");
    },
  },
  {
    name: "whoever has no right to the bucket, or the wrong bucket, is told so",
    async run({ prefix, impostors }) {
      const list = { ...free, prefix };
      const { wrongKey, unknownId, noBucket } = impostors;
      await assertRefused(wrongKey.list(list), "403 SignatureDoesNotMatch");
      await assertRefused(unknownId.list(list), "403 InvalidAccessKeyId");
      await assertRefused(noBucket.list(list), "404 NoSuchBucket");
      await assertRefused(wrongKey.head(`${prefix}k`, free), "403");
    },
  },
];

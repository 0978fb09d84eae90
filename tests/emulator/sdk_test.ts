import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import COS from "cos-nodejs-sdk-v5";
import type { Emulator } from "../../src/emulator/emulator.ts";
import { BUCKET, KEYS, startForTest } from "./running.ts";

// The SDK's own client is the independent judge of what the emulator answers. Its transport is node:http, which hangs on
// Deno 2.7 after a reset connection.
const ignore = Deno.version.deno.startsWith("2.7.");

const AT = { Bucket: BUCKET, Region: "ap-guangzhou" };
const MIB = 1024 * 1024;

function sdk(emulator: Emulator, options: COS.COSOptions = {}): COS {
  return new COS({
    SecretId: KEYS.secretId,
    SecretKey: KEYS.secretKey,
    Protocol: "http:",
    Ip: `127.0.0.1:${emulator.address.port}`,
    KeepAlive: false,
    ...options,
  } as COS.COSOptions);
}

/**
 * A directory for a file to upload, and for the SDK's notes on uploads: it writes them some time after the last upload has
 * ended, which {@linkcode SdkDirectory.written} waits for.
 */
class SdkDirectory implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<SdkDirectory> {
    return new SdkDirectory(await Deno.makeTempDir());
  }

  /** To be called as soon as the last upload has ended. */
  async written(): Promise<void> {
    for await (const { paths } of Deno.watchFs(this.path)) {
      if (paths.some((path) => path.endsWith("/cos-nodejs-sdk-v5-storage.json"))) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** The SDK's types forget that this returns a promise. */
function listUploads(cos: COS): Promise<COS.MultipartListResult["Upload"]> {
  return new Promise((resolve, reject) => {
    cos.multipartList({ ...AT, Prefix: "", Delimiter: "" }, (error, data) => {
      if (error) reject(error);
      else resolve(data.Upload);
    });
  });
}

Deno.test({
  name: "SDK puts, heads, reads ranges of and deletes an object",
  ignore,
  async fn() {
    await using emulator = await startForTest();
    const cos = sdk(emulator);
    const Key = "dir/a b&c+腾讯.txt";
    const put = await cos.putObject({ ...AT, Key, Body: "hello", ContentType: "a/b" });
    assert.equal(put.ETag, '"5d41402abc4b2a76b9719d911017c592"');
    const head = await cos.headObject({ ...AT, Key });
    assert.equal(head.headers?.["content-type"], "a/b");
    assert.equal(head.headers?.["content-length"], "5");
    const range = await cos.getObject({ ...AT, Key, Range: "bytes=1-3" });
    assert.equal(range.Body.toString(), "ell");
    const copy = { ...AT, Key: "copy", CopySource: `${source()}/${encodeURIComponent(Key)}` };
    assert.equal((await cos.putObjectCopy(copy)).ETag, put.ETag);
    await cos.deleteObject({ ...AT, Key });
    await assert.rejects(cos.headObject({ ...AT, Key }), { statusCode: 404 });
    await assert.rejects(cos.getObject({ ...AT, Key }), { code: "NoSuchKey", statusCode: 404 });
    assert.equal((await cos.getObject({ ...AT, Key: "copy" })).Body.toString(), "hello");
  },
});

Deno.test({
  name: "SDK uploads and copies in slices",
  ignore,
  async fn() {
    await using emulator = await startForTest();
    await using directory = await SdkDirectory.make();
    const cos = sdk(emulator, { ConfCwd: directory.path });
    const bytes = Buffer.from(Uint8Array.from({ length: 3 * MIB + 5 }, (_, i) => i * 7 + (i >> 9)));
    const FilePath = `${directory.path}/file`;
    await Deno.writeFile(FilePath, bytes);
    const slices = { ChunkSize: MIB, SliceSize: MIB, FilePath };
    const upload = await cos.sliceUploadFile({ ...AT, Key: "big", ...slices });
    assert.match(upload.ETag, /-4"$/);
    assert.deepEqual((await cos.getObject({ ...AT, Key: "big" })).Body, bytes);
    const sizes = { CopySliceSize: MIB, CopyChunkSize: MIB };
    const copy = { ...AT, Key: "copy", CopySource: `${source()}/big`, ...sizes };
    await cos.sliceCopyFile(copy);
    const written = directory.written();
    assert.equal(emulator.traffic.count("UploadPartCopy").ended, 4);
    const copied = await cos.getObject({ ...AT, Key: "copy" });
    assert.deepEqual(copied.Body, bytes);
    assert.equal(copied.ETag, upload.ETag);
    assert.deepEqual(await listUploads(cos), []);
    await written;
  },
});

Deno.test({
  name: "SDK lists and aborts unfinished uploads and their parts",
  ignore,
  async fn() {
    await using emulator = await startForTest();
    const cos = sdk(emulator);
    const { UploadId } = await cos.multipartInit({ ...AT, Key: "k" });
    const part = { ...AT, Key: "k", UploadId, PartNumber: 3, Body: "hello", ContentLength: 5 };
    const { ETag } = await cos.multipartUpload(part);
    const uploads = await listUploads(cos);
    assert.deepEqual(uploads.map((upload) => [upload.Key, upload.UploadId]), [["k", UploadId]]);
    const { Part } = await cos.multipartListPart({ ...AT, Key: "k", UploadId });
    assert.deepEqual(Part.map((row) => [row.PartNumber, row.ETag, row.Size]), [["3", ETag, "5"]]);
    await cos.multipartAbort({ ...AT, Key: "k", UploadId });
    const wanted = { code: "NoSuchUpload" };
    await assert.rejects(cos.multipartListPart({ ...AT, Key: "k", UploadId }), wanted);
  },
});

Deno.test({
  name: "SDK lists page by page and deletes in batches",
  ignore,
  async fn() {
    await using emulator = await startForTest();
    const cos = sdk(emulator);
    const keys = ["a/1", "a/2", "b", "c/x y/<&>", "d"];
    for (const Key of keys) await cos.putObject({ ...AT, Key, Body: Key });
    const rows: string[] = [];
    let Marker = "";
    for (let truncated = true; truncated;) {
      const page = await cos.getBucket({ ...AT, Marker, Delimiter: "/", MaxKeys: 2 });
      rows.push(...page.CommonPrefixes.map(({ Prefix }) => Prefix));
      rows.push(...page.Contents.map(({ Key }) => Key));
      truncated = page.IsTruncated === "true";
      Marker = page.NextMarker ?? "";
    }
    assert.deepEqual(rows.sort(), ["a/", "b", "c/", "d"]);
    const Objects = [...keys, "none"].map((Key) => ({ Key }));
    const { Deleted } = await cos.deleteMultipleObject({ ...AT, Objects });
    assert.deepEqual(Deleted.map(({ Key }) => Key), [...keys, "none"]);
    assert.deepEqual((await cos.getBucket(AT)).Contents, []);
  },
});

Deno.test({
  name: "SDK manages buckets",
  ignore,
  async fn() {
    await using emulator = await startForTest();
    const cos = sdk(emulator);
    const other = { ...AT, Bucket: "other-1250000000" };
    await cos.putBucket(other);
    const { Buckets } = await cos.getService();
    assert.deepEqual(Buckets.map(({ Name }) => Name), [BUCKET, other.Bucket]);
    await cos.deleteBucket(other);
    await assert.rejects(cos.headBucket(other), { statusCode: 404 });
  },
});

Deno.test({
  name: "SDK knows the emulator's errors, also those in a 200, and mends its clock",
  ignore,
  async fn() {
    await using emulator = await startForTest();
    await assert.rejects(
      sdk(emulator, { SecretKey: "other" }).getBucket(AT),
      { code: "SignatureDoesNotMatch", statusCode: 403 },
    );
    const cos = sdk(emulator, { SystemClockOffset: -3_600_000 });
    await cos.putObject({ ...AT, Key: "k", Body: "x" });
    assert.equal(emulator.traffic.count("PutObject").begun, 1);
    emulator.faults.add({
      operation: "PutObjectCopy",
      fault: { kind: "error-in-200", code: "InvalidRequest" },
    });
    const copy = { ...AT, Key: "c", CopySource: `${source()}/k` };
    await assert.rejects(cos.putObjectCopy(copy), { code: "InvalidRequest" });
  },
});

/** Where the bucket is for a copy source. */
function source(): string {
  return `${BUCKET}.cos.${AT.Region}.myqcloud.com`;
}

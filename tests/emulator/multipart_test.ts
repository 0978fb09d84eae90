import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { createCRC64 } from "../hash_wasm.ts";
import type { RawAnswer, RawClient } from "./raw_client.ts";
import { BUCKET, elements, outcome, startForTest } from "./running.ts";

const KEY = "dir/a b";
const PATH = `/${BUCKET}/${KEY}`;
const MIB = 1024 * 1024;

class Upload {
  readonly client: RawClient;
  readonly uploadId: string;

  constructor(client: RawClient, uploadId: string) {
    this.client = client;
    this.uploadId = uploadId;
  }

  static async begin(
    client: RawClient,
    options: { path?: string; headers?: Record<string, string> } = {},
  ): Promise<Upload> {
    const { path = PATH, headers } = options;
    const answer = await client.send({ method: "POST", path, query: { uploads: "" }, headers });
    assert.equal(answer.status, 200);
    return new Upload(client, elements(answer, "UploadId")[0]!);
  }

  part(
    partNumber: number | string,
    body: Uint8Array | string,
    headers: Record<string, string> = {},
  ): Promise<RawAnswer> {
    const query = { partNumber: String(partNumber), uploadId: this.uploadId };
    return this.client.send({ method: "PUT", path: PATH, query, body, headers });
  }

  copyPart(partNumber: number, headers: Record<string, string>): Promise<RawAnswer> {
    const query = { partNumber: String(partNumber), uploadId: this.uploadId };
    return this.client.send({ method: "PUT", path: PATH, query, headers });
  }

  complete(parts: readonly (readonly [number, string])[], headers = {}): Promise<RawAnswer> {
    const rows = parts.map(([number, etag]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`
    );
    return this.send("POST", {
      body: `<CompleteMultipartUpload>${rows.join("")}</CompleteMultipartUpload>`,
      headers,
    });
  }

  send(
    method: string,
    options: { body?: string; query?: Record<string, string>; headers?: Record<string, string> } =
      {},
  ): Promise<RawAnswer> {
    const query = { uploadId: this.uploadId, ...options.query };
    return this.client.send({ method, path: PATH, ...options, query });
  }
}

function etagOf(answer: RawAnswer): string {
  return answer.headers.get("etag")!;
}

function bytes(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i * seed + (i >> 9));
}

async function crc64(...parts: Uint8Array[]): Promise<string> {
  const hash = (await createCRC64("c96c5795d7870f42")).init();
  for (const part of parts) hash.update(part);
  return BigInt(`0x${hash.digest("hex")}`).toString();
}

Deno.test("multipart upload becomes one object, with the checksums COS gives it", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const headers = { "content-type": "a/b", "x-cos-meta-x": "y" };
  const upload = await Upload.begin(client, { headers });
  const parts = [bytes(MIB, 3), bytes(MIB + 1, 5), bytes(7, 7)];
  const answers = await Promise.all(parts.map((part, i) => upload.part(i + 1, part)));
  for (const [i, answer] of answers.entries()) {
    assert.equal(etagOf(answer), `"${createHash("md5").update(parts[i]!).digest("hex")}"`);
    assert.equal(answer.headers.get("x-cos-hash-crc64ecma"), await crc64(parts[i]!));
  }
  assert.equal(outcome(await client.send({ method: "GET", path: PATH })), "404 NoSuchKey");
  const done = await upload.complete(answers.map((answer, i) => [i + 1, etagOf(answer)]));
  const md5s = parts.map((part) => createHash("md5").update(part).digest());
  const etag = `"${createHash("md5").update(Buffer.concat(md5s)).digest("hex")}-3"`;
  assert.deepEqual([outcome(done), elements(done, "ETag"), elements(done, "Key")], [
    "200",
    [etag],
    [KEY],
  ]);
  assert.equal(done.headers.get("transfer-encoding"), "chunked");
  const get = await client.send({ method: "GET", path: PATH });
  assert.deepEqual(Buffer.from(get.body), Buffer.concat(parts));
  assert.equal(etagOf(get), etag);
  assert.equal(get.headers.get("x-cos-hash-crc64ecma"), await crc64(...parts));
  assert.equal(get.headers.get("content-type"), "a/b");
  assert.equal(get.headers.get("x-cos-meta-x"), "y");
  const middle = `bytes=${MIB - 2}-${MIB + 1}`;
  const range = await client.send({ method: "GET", path: PATH, headers: { Range: middle } });
  assert.deepEqual(Buffer.from(range.body), Buffer.concat(parts).subarray(MIB - 2, MIB + 2));
  assert.equal(outcome(await upload.part(4, "x")), "404 NoSuchUpload");
  assert.equal(outcome(await upload.complete([[1, "x"]])), "404 NoSuchUpload");
});

Deno.test("completing is refused for each of its reasons and can be tried again", async (t) => {
  await using emulator = await startForTest();
  const upload = await Upload.begin(emulator.client);
  const small = etagOf(await upload.part(1, "small"));
  const large = etagOf(await upload.part(2, bytes(MIB, 3)));
  const last = etagOf(await upload.part(10_000, "last"));
  const refused = async (parts: [number, string][]) => outcome(await upload.complete(parts));
  await t.step("no part", async () => assert.equal(await refused([]), "400 MalformedXML"));
  await t.step("no XML", async () => {
    for (const body of ["", "<x>", "<Delete/>", "<CompleteMultipartUpload><Part/>"]) {
      assert.equal(outcome(await upload.send("POST", { body })), "400 MalformedXML", body);
    }
  });
  await t.step("wrong order", async () => {
    assert.equal(await refused([[10_000, last], [2, large]]), "400 InvalidPartOrder");
    assert.equal(await refused([[2, large], [2, large]]), "400 InvalidPartOrder");
  });
  await t.step("part that never came", async () => {
    assert.equal(await refused([[2, large], [3, last]]), "400 InvalidPart");
  });
  await t.step("part with another ETag", async () => {
    assert.equal(await refused([[2, small]]), "400 InvalidPart");
  });
  await t.step("small part before the end", async () => {
    assert.equal(await refused([[1, small], [2, large]]), "400 EntityTooSmall");
  });
  await t.step("overwriting forbidden", async () => {
    await emulator.client.send({ method: "PUT", path: PATH, body: "old" });
    const headers = { "x-cos-forbid-overwrite": "true" };
    const answer = await upload.complete([[2, large]], headers);
    assert.equal(outcome(answer), "409 FileAlreadyExists");
    assert.equal((await emulator.client.send({ method: "GET", path: PATH })).text, "old");
  });
  await t.step("right at last; the part that is not named is dropped", async () => {
    assert.equal(await refused([[2, large], [10_000, last]]), "200");
    const head = await emulator.client.send({ method: "HEAD", path: PATH });
    assert.equal(head.headers.get("content-length"), String(MIB + 4));
  });
});

Deno.test("part is refused for each of its reasons, and replaced by one that comes later", async (t) => {
  await using emulator = await startForTest();
  const upload = await Upload.begin(emulator.client);
  for (const number of [0, 10_001, "x", -1]) {
    await t.step(`number ${number}`, async () => {
      assert.equal(outcome(await upload.part(number, "x")), "400 InvalidArgument");
    });
  }
  await t.step("length unknown", async () => {
    const answer = await upload.part(1, "0\r\n\r\n", { "Transfer-Encoding": "chunked" });
    assert.equal(outcome(answer), "411 MissingContentLength");
  });
  await t.step("damaged", async () => {
    const headers = { "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==" };
    assert.equal(outcome(await upload.part(1, "x", headers)), "400 BadDigest");
  });
  await t.step("other key", async () => {
    const query = { partNumber: "1", uploadId: upload.uploadId };
    const put = { method: "PUT", path: `/${BUCKET}/other`, query, body: "x" };
    assert.equal(outcome(await emulator.client.send(put)), "404 NoSuchUpload");
  });
  await t.step("replaced", async () => {
    const first = etagOf(await upload.part(1, "first"));
    const second = etagOf(await upload.part(1, "second"));
    assert.equal(outcome(await upload.complete([[1, first]])), "400 InvalidPart");
    assert.equal(outcome(await upload.complete([[1, second]])), "200");
    assert.equal((await emulator.client.send({ method: "GET", path: PATH })).text, "second");
  });
});

Deno.test("aborted upload is gone", async () => {
  await using emulator = await startForTest();
  const upload = await Upload.begin(emulator.client);
  await upload.part(1, "x");
  const removal = { method: "DELETE", path: `/${BUCKET}` };
  assert.equal(outcome(await emulator.client.send(removal)), "409 BucketNotEmpty");
  assert.equal(outcome(await upload.send("DELETE")), "204");
  assert.equal(outcome(await upload.send("DELETE")), "404 NoSuchUpload");
  assert.equal(outcome(await upload.part(2, "x")), "404 NoSuchUpload");
  assert.equal(outcome(await emulator.client.send(removal)), "204");
});

Deno.test("parts are listed page by page in the order of their numbers", async () => {
  await using emulator = await startForTest();
  const upload = await Upload.begin(emulator.client);
  for (const number of [10, 2, 1]) await upload.part(number, "x".repeat(number));
  const page = (query: Record<string, string>) => upload.send("GET", { query });
  const all = await page({});
  assert.deepEqual(elements(all, "PartNumber"), ["1", "2", "10"]);
  assert.deepEqual(elements(all, "Size"), ["1", "2", "10"]);
  assert.deepEqual(elements(all, "IsTruncated"), ["false"]);
  assert.deepEqual(elements(all, "ETag")[0], `"${createHash("md5").update("x").digest("hex")}"`);
  const first = await page({ "max-parts": "2" });
  assert.deepEqual(elements(first, "PartNumber"), ["1", "2"]);
  assert.deepEqual(elements(first, "IsTruncated"), ["true"]);
  const rest = await page({ "part-number-marker": elements(first, "NextPartNumberMarker")[0]! });
  assert.deepEqual(elements(rest, "PartNumber"), ["10"]);
});

Deno.test("uploads are listed by prefix, page by page", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const ids = new Map<string, string[]>();
  for (const key of ["b", "a/1", "a/2", "a/1"]) {
    const { uploadId } = await Upload.begin(client, { path: `/${BUCKET}/${key}` });
    ids.set(key, [...ids.get(key) ?? [], uploadId].sort());
  }
  const rows: string[] = [];
  let markers = {};
  for (let truncated = true; truncated;) {
    const query = { uploads: "", prefix: "a/", "max-uploads": "1", ...markers };
    const answer = await client.send({ method: "GET", path: `/${BUCKET}/`, query });
    rows.push(
      ...elements(answer, "UploadId").map((id, i) => `${elements(answer, "Key")[i]} ${id}`),
    );
    truncated = elements(answer, "IsTruncated")[0] === "true";
    markers = {
      "key-marker": elements(answer, "NextKeyMarker")[0] ?? "",
      "upload-id-marker": elements(answer, "NextUploadIdMarker")[0] ?? "",
    };
  }
  const [first, second] = ids.get("a/1")!;
  assert.deepEqual(rows, [`a/1 ${first}`, `a/1 ${second}`, `a/2 ${ids.get("a/2")![0]}`]);
});

Deno.test("part is made of a range of another object", async (t) => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const body = bytes(3 * MIB, 3);
  const put = await client.send({ method: "PUT", path: `/${BUCKET}/源 1`, body });
  const source = `${BUCKET}.cos.ap-beijing.myqcloud.com/${encodeURIComponent("源 1")}`;
  const upload = await Upload.begin(client);
  const copy = (headers: Record<string, string>) =>
    upload.copyPart(1, { "x-cos-copy-source": source, ...headers });
  await t.step("refused outside of it", async () => {
    for (const range of [`bytes=0-${3 * MIB}`, "bytes=5-4", "bytes=-5", "0-1"]) {
      const answer = await copy({ "x-cos-copy-source-range": range });
      assert.equal(outcome(answer), "416 InvalidRange", range);
    }
  });
  await t.step("refused when the source changed", async () => {
    const answer = await copy({ "x-cos-copy-source-if-match": '"x"' });
    assert.equal(outcome(answer), "412 PreconditionFailed");
  });
  await t.step("taken", async () => {
    const whole = await upload.copyPart(1, {
      "x-cos-copy-source": source,
      "x-cos-copy-source-if-match": etagOf(put),
    });
    const range = { "x-cos-copy-source-range": `bytes=5-${MIB + 6}` };
    const part = await upload.copyPart(2, { "x-cos-copy-source": source, ...range });
    const slice = body.subarray(5, MIB + 7);
    assert.equal(
      elements(part, "ETag")[0],
      `"${createHash("md5").update(slice).digest("hex")}"`,
    );
    await client.send({ method: "DELETE", path: `/${BUCKET}/源 1` });
    const parts = [[1, elements(whole, "ETag")[0]!], [2, elements(part, "ETag")[0]!]] as const;
    const done = await upload.complete(parts);
    assert.equal(done.headers.get("x-cos-hash-crc64ecma"), await crc64(body, slice));
    const get = await client.send({ method: "GET", path: PATH });
    assert.deepEqual(Buffer.from(get.body), Buffer.concat([body, slice]));
  });
});

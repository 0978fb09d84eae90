import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import type { RawAnswer } from "./raw_client.ts";
import { BUCKET, elements, outcome, startForTest } from "./running.ts";

const HOST = `${BUCKET}.cos.ap-beijing.myqcloud.com`;

Deno.test("copy carries bytes and headers over, but neither storage class nor encryption", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const headers = {
    "content-type": "a/b",
    "x-cos-meta-x": "y",
    "x-cos-storage-class": "STANDARD_IA",
    "x-cos-server-side-encryption": "AES256",
  };
  const put = await client.send({ method: "PUT", path: `/${BUCKET}/a?b`, body: "hello", headers });
  const copy = await client.send({
    method: "PUT",
    path: `/${BUCKET}/c`,
    headers: { "x-cos-copy-source": `${HOST}/a%3Fb`, "x-cos-storage-class": "MAZ_STANDARD" },
  });
  assert.equal(copy.status, 200);
  assert.deepEqual(elements(copy, "ETag"), [put.headers.get("etag")]);
  assert.deepEqual(elements(copy, "CRC64"), [put.headers.get("x-cos-hash-crc64ecma")]);
  await client.send({ method: "DELETE", path: `/${BUCKET}/a?b` });
  const get = await client.send({ method: "GET", path: `/${BUCKET}/c` });
  assert.equal(get.text, "hello");
  assert.equal(get.headers.get("content-type"), "a/b");
  assert.equal(get.headers.get("x-cos-meta-x"), "y");
  assert.equal(get.headers.get("x-cos-storage-class"), "MAZ_STANDARD");
  assert.equal(get.headers.get("x-cos-server-side-encryption"), undefined);
});

Deno.test("copy onto itself replaces the headers, and only with that directive", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const path = `/${BUCKET}/k`;
  await client.send({ method: "PUT", path, body: "hello", headers: { "x-cos-meta-a": "1" } });
  const copy = (headers: Record<string, string>) =>
    client.send({ method: "PUT", path, headers: { "x-cos-copy-source": `${HOST}/k`, ...headers } });
  assert.equal(outcome(await copy({})), "400 InvalidRequest");
  const replaced = await copy({ "x-cos-metadata-directive": "Replaced", "x-cos-meta-b": "2" });
  assert.equal(outcome(replaced), "200");
  const get = await client.send({ method: "GET", path });
  assert.equal(get.text, "hello");
  assert.deepEqual([get.headers.get("x-cos-meta-a"), get.headers.get("x-cos-meta-b")], [
    undefined,
    "2",
  ]);
});

Deno.test("copy source may be in another bucket and in path style", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  await client.send({ method: "PUT", path: "/other-1/" });
  await client.send({ method: "PUT", path: "/other-1/dir/源", body: "hello" });
  const address = `127.0.0.1:${emulator.address.port}`;
  const sources = [
    `${address}/other-1/dir/%E6%BA%90`,
    "other-1.cos.x.myqcloud.com/dir%2F%E6%BA%90",
  ];
  for (const source of sources) {
    const path = `/${BUCKET}/k`;
    const copy = await client.send({
      method: "PUT",
      path,
      headers: { "x-cos-copy-source": source },
    });
    assert.equal(outcome(copy), "200", source);
    assert.equal((await client.send({ method: "GET", path })).text, "hello");
    await client.send({ method: "DELETE", path });
  }
});

Deno.test("copy is refused for each of its reasons and makes nothing", async (t) => {
  const clock = new FakeClock(Date.UTC(2026, 0, 15, 12));
  await using emulator = await startForTest({ clock });
  const { client } = emulator;
  await client.send({ method: "PUT", path: `/${BUCKET}/k`, body: "hello" });
  await client.send({ method: "PUT", path: `/${BUCKET}/taken`, body: "taken" });
  const at = "Thu, 15 Jan 2026 12:00:00 GMT";
  const before = "Thu, 15 Jan 2026 11:59:59 GMT";
  const cases: [string, Record<string, string>, string][] = [
    ["source missing", { "x-cos-copy-source": `${HOST}/none` }, "404 NoSuchCopySource"],
    ["bucket missing", { "x-cos-copy-source": "none-1.cos.x.com/k" }, "404 NoSuchCopySource"],
    ["no source at all", { "x-cos-copy-source": "k" }, "400 InvalidArgument"],
    ["source not encoded", { "x-cos-copy-source": `${HOST}/%` }, "400 InvalidArgument"],
    ["other ETag", { "x-cos-copy-source-If-Match": '"x"' }, "412 PreconditionFailed"],
    ["same ETag", { "x-cos-copy-source-If-None-Match": "*" }, "412 PreconditionFailed"],
    ["not modified", { "x-cos-copy-source-If-Modified-Since": at }, "412 PreconditionFailed"],
    ["modified", { "x-cos-copy-source-If-Unmodified-Since": before }, "412 PreconditionFailed"],
    ["overwriting", { "x-cos-forbid-overwrite": "true" }, "409 FileAlreadyExists"],
  ];
  for (const [name, headers, expected] of cases) {
    await t.step(name, async () => {
      const answer: RawAnswer = await client.send({
        method: "PUT",
        path: `/${BUCKET}/taken`,
        headers: { "x-cos-copy-source": `${HOST}/k`, ...headers },
      });
      assert.equal(outcome(answer), expected);
      assert.equal((await client.send({ method: "GET", path: `/${BUCKET}/taken` })).text, "taken");
    });
  }
});

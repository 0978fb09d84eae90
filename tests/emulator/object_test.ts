import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createCRC64 } from "../hash_wasm.ts";
import { FakeClock } from "../fake_clock.ts";
import { systemDialer } from "../../src/net/connection.ts";
import { MessageReader } from "../../src/net/http_message.ts";
import type { RawRequest } from "./raw_client.ts";
import { readAnswer } from "./raw_client.ts";
import { BUCKET, elements, outcome, startForTest } from "./running.ts";

const PATH = `/${BUCKET}/k`;
const MD5_OF_HELLO = "XUFAKrxLKna5cZ2REBfFkg==";
const ETAG_OF_HELLO = '"5d41402abc4b2a76b9719d911017c592"';

async function crc64(bytes: Uint8Array): Promise<string> {
  const hash = await createCRC64("c96c5795d7870f42");
  return BigInt(`0x${hash.init().update(bytes).digest("hex")}`).toString();
}

Deno.test("object comes back with its bytes, checksums and headers", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const kept = {
    "content-type": "text/x-test",
    "cache-control": "no-cache",
    "content-disposition": 'attachment; filename="x"',
    "content-encoding": "gzip",
    "content-language": "ja",
    expires: "Thu, 01 Jan 2037 00:00:00 GMT",
    "x-cos-meta-a": "one",
    "x-cos-meta-b": "two, three",
    "x-cos-storage-class": "STANDARD_IA",
    "x-cos-server-side-encryption": "AES256",
  };
  for (const size of [0, 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000]) {
    const body = Uint8Array.from({ length: size }, (_, i) => i * 31 + (i >> 8));
    const put = await client.send({ method: "PUT", path: PATH, body, headers: kept });
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    assert.equal(put.status, 200);
    assert.equal(put.headers.get("etag"), etag);
    assert.equal(put.headers.get("x-cos-hash-crc64ecma"), await crc64(body));
    for (const method of ["GET", "HEAD"]) {
      const answer = await client.send({ method, path: PATH });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-length"), String(size));
      assert.equal(answer.headers.get("etag"), etag);
      assert.equal(answer.headers.get("x-cos-hash-crc64ecma"), await crc64(body));
      assert.equal(answer.headers.get("accept-ranges"), "bytes");
      assert(Date.parse(answer.headers.get("last-modified")!) > 0);
      for (const [name, value] of Object.entries(kept)) {
        assert.equal(answer.headers.get(name), value, name);
      }
      assert.deepEqual(answer.body, method === "GET" ? body : new Uint8Array(0));
    }
  }
});

Deno.test("object that says nothing of itself is octets of the standard class", async () => {
  await using emulator = await startForTest();
  await emulator.client.send({ method: "PUT", path: PATH, body: "x" });
  const { headers } = await emulator.client.send({ method: "HEAD", path: PATH });
  assert.equal(headers.get("content-type"), "application/octet-stream");
  assert.equal(headers.get("x-cos-storage-class"), undefined);
});

Deno.test("object may come in chunks", async () => {
  await using emulator = await startForTest();
  const headers = { "Transfer-Encoding": "chunked" };
  const body = "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
  const put = await emulator.client.send({ method: "PUT", path: PATH, headers, body });
  assert.equal(put.status, 200);
  const get = await emulator.client.send({ method: "GET", path: PATH });
  assert.equal(get.text, "abcdefg");
});

Deno.test("deleted object is gone, and deleting it again succeeds", async () => {
  await using emulator = await startForTest();
  const send = async (method: string) =>
    outcome(await emulator.client.send({ method, path: PATH }));
  assert.equal(await send("PUT"), "200");
  assert.equal(await send("DELETE"), "204");
  assert.equal(await send("GET"), "404 NoSuchKey");
  assert.equal(await send("DELETE"), "204");
});

Deno.test("PUT is refused for each of its reasons and leaves the old object", async (t) => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const cases: (Partial<RawRequest> & { name: string; expected: string })[] = [
    { name: "body damaged", headers: { "Content-MD5": MD5_OF_HELLO }, expected: "400 BadDigest" },
    { name: "no MD5", headers: { "Content-MD5": "hello" }, expected: "400 InvalidDigest" },
    {
      name: "larger than 5 GB",
      headers: { "Content-Length": "5368709121" },
      expected: "400 EntityTooLarge",
    },
    {
      name: "unknown storage class",
      headers: { "x-cos-storage-class": "COLD" },
      expected: "400 NotSupportedStorageClass",
    },
    {
      name: "overwriting forbidden",
      headers: { "x-cos-forbid-overwrite": "true" },
      expected: "409 FileAlreadyExists",
    },
    { name: "no such bucket", path: "/none-1/k", expected: "404 NoSuchBucket" },
    { name: "key of 851 bytes", path: `${PATH}${"腾".repeat(283)}y`, expected: "400 KeyTooLong" },
    { name: "key with a slash first", path: `/${BUCKET}//k`, expected: "400 InvalidURI" },
    { name: "key with a control character", path: `${PATH}\u001b`, expected: "400 InvalidURI" },
  ];
  await client.send({ method: "PUT", path: PATH, body: "old" });
  for (const { name, expected, ...request } of cases) {
    await t.step(name, async () => {
      const put = { method: "PUT", path: PATH, body: "new", ...request };
      assert.equal(outcome(await client.send(put)), expected);
      assert.equal((await client.send({ method: "GET", path: PATH })).text, "old");
    });
  }
  await t.step("key of 850 bytes is taken", async () => {
    const path = `${PATH}${"腾".repeat(283)}`;
    assert.equal(outcome(await client.send({ method: "PUT", path, body: "" })), "200");
  });
  await t.step("right MD5 is taken", async () => {
    const headers = { "Content-MD5": MD5_OF_HELLO };
    const put = { method: "PUT", path: PATH, headers, body: "hello" };
    assert.equal(outcome(await client.send(put)), "200");
  });
});

Deno.test("GET sends the range that was asked for", async (t) => {
  await using emulator = await startForTest();
  const { client } = emulator;
  await client.send({ method: "PUT", path: PATH, body: "0123456789" });
  await client.send({ method: "PUT", path: `${PATH}0` });
  const cases = [
    { range: "bytes=0-0", body: "0", contentRange: "bytes 0-0/10" },
    { range: "bytes=3-", body: "3456789", contentRange: "bytes 3-9/10" },
    { range: "bytes=8-99", body: "89", contentRange: "bytes 8-9/10" },
    { range: "bytes=-3", body: "789", contentRange: "bytes 7-9/10" },
    { range: "bytes=-99", body: "0123456789", contentRange: "bytes 0-9/10" },
    { range: "bytes=5-3", body: "0123456789" },
    { range: "bytes=1-2,4-5", body: "0123456789" },
    { range: "lines=1-2", body: "0123456789" },
  ];
  for (const { range, body, contentRange } of cases) {
    await t.step(range, async () => {
      const answer = await client.send({ method: "GET", path: PATH, headers: { Range: range } });
      assert.equal(answer.text, body);
      assert.equal(answer.status, contentRange ? 206 : 200);
      assert.equal(answer.headers.get("content-range"), contentRange);
      assert.equal(answer.headers.get("content-length"), String(body.length));
    });
  }
  for (const [path, range] of [[PATH, "bytes=10-"], [PATH, "bytes=-0"], [`${PATH}0`, "bytes=0-"]]) {
    await t.step(`${path} ${range} cannot be satisfied`, async () => {
      const get = { method: "GET", path: path!, headers: { Range: range! } };
      const answer = await client.send(get);
      assert.equal(outcome(answer), "416 InvalidRange");
      assert.equal(answer.headers.get("content-range"), `bytes */${path === PATH ? 10 : 0}`);
    });
  }
});

Deno.test("GET and HEAD obey conditions", async (t) => {
  const clock = new FakeClock(Date.UTC(2026, 0, 15, 12) + 500);
  await using emulator = await startForTest({ clock });
  const { client } = emulator;
  await client.send({ method: "PUT", path: PATH, body: "hello" });
  const at = "Thu, 15 Jan 2026 12:00:00 GMT";
  const before = "Thu, 15 Jan 2026 11:59:59 GMT";
  const cases: { headers: Record<string, string>; status: number }[] = [
    { headers: { "If-Match": ETAG_OF_HELLO }, status: 200 },
    { headers: { "If-Match": `"x", ${ETAG_OF_HELLO}` }, status: 200 },
    { headers: { "If-Match": "*" }, status: 200 },
    { headers: { "If-Match": '"x"' }, status: 412 },
    { headers: { "If-None-Match": ETAG_OF_HELLO }, status: 304 },
    { headers: { "If-None-Match": '"x"' }, status: 200 },
    { headers: { "If-Modified-Since": at }, status: 304 },
    { headers: { "If-Modified-Since": before }, status: 200 },
    { headers: { "If-Modified-Since": "yesterday" }, status: 200 },
    { headers: { "If-Unmodified-Since": at }, status: 200 },
    { headers: { "If-Unmodified-Since": before }, status: 412 },
    { headers: { "If-Match": ETAG_OF_HELLO, "If-Unmodified-Since": before }, status: 200 },
    { headers: { "If-None-Match": '"x"', "If-Modified-Since": at }, status: 200 },
  ];
  for (const { headers, status } of cases) {
    for (const method of ["GET", "HEAD"]) {
      await t.step(`${method} ${JSON.stringify(headers)}`, async () => {
        const answer = await client.send({ method, path: PATH, headers });
        assert.equal(answer.status, status);
        if (status === 304) assert.equal(answer.body.length, 0);
      });
    }
  }
});

Deno.test("GET takes headers of its answer from the query", async () => {
  await using emulator = await startForTest();
  const headers = { "Content-Encoding": "gzip" };
  await emulator.client.send({ method: "PUT", path: PATH, body: "x", headers });
  const query = { "response-content-encoding": "identity", "response-content-type": "a/b" };
  const answer = await emulator.client.send({ method: "GET", path: PATH, query });
  assert.equal(answer.headers.get("content-encoding"), "identity");
  assert.equal(answer.headers.get("content-type"), "a/b");
});

Deno.test("archived object can be looked at, not read or copied", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  for (const storageClass of ["ARCHIVE", "DEEP_ARCHIVE"]) {
    const headers = { "x-cos-storage-class": storageClass };
    await client.send({ method: "PUT", path: PATH, body: "x", headers });
    const head = await client.send({ method: "HEAD", path: PATH });
    assert.equal(head.headers.get("x-cos-storage-class"), storageClass);
    const get = await client.send({ method: "GET", path: PATH });
    assert.equal(outcome(get), "403 InvalidObjectState");
    const source = `${BUCKET}.cos.ap-beijing.myqcloud.com/k`;
    const copy = { method: "PUT", path: `${PATH}2`, headers: { "x-cos-copy-source": source } };
    assert.equal(outcome(await client.send(copy)), "403 InvalidObjectState");
  }
});

Deno.test("batch delete removes what is named and answers each key, or none when quiet", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const remove = (body: string, headers: Record<string, string> = {}) =>
    client.send({ method: "POST", path: `/${BUCKET}/`, query: { delete: "" }, body, headers });
  for (const key of ["a&b", "c", "d"]) {
    await client.send({ method: "PUT", path: `/${BUCKET}/${key}` });
  }
  const both = "<Object><Key>a&amp;b</Key></Object><Object><Key>none</Key></Object>";
  const answer = await remove(`<Delete><Quiet>false</Quiet>${both}</Delete>`);
  assert.deepEqual(elements(answer, "Key"), ["a&b", "none"]);
  const quiet = await remove(
    "<Delete><Quiet>true</Quiet><Object><Key>c</Key></Object></Delete>",
  );
  assert.deepEqual([outcome(quiet), elements(quiet, "Key")], ["200", []]);
  const listing = await client.send({ method: "GET", path: `/${BUCKET}/` });
  assert.deepEqual(elements(listing, "Key"), ["d"]);
  const damaged = await remove("<Delete><Object><Key>d</Key></Object></Delete>", {
    "Content-MD5": MD5_OF_HELLO,
  });
  assert.equal(outcome(damaged), "400 BadDigest");
  const tooMany = "<Object><Key>d</Key></Object>".repeat(1001);
  for (const body of ["", "<Delete>", "<Delete></Delete>", `<Delete>${tooMany}</Delete>`]) {
    assert.equal(outcome(await remove(body)), "400 MalformedXML", body.slice(0, 30));
  }
});

Deno.test("XML that is too large is refused before it is taken in", async () => {
  await using emulator = await startForTest();
  const { client, traffic } = emulator;
  const post = { method: "POST", path: `/${BUCKET}/`, query: { delete: "" } };
  const announced = { ...post, headers: { "Content-Length": "10000000000" } };
  assert.equal(outcome(await client.send(announced)), "400 XMLSizeLimit");
  assert.equal(traffic.count("DeleteMultipleObjects").received, 0);
  const size = 9 * 1024 * 1024;
  const headers = { "Transfer-Encoding": "chunked" };
  const body = `${size.toString(16)}\r\n${" ".repeat(size)}\r\n0\r\n\r\n`;
  assert.equal(outcome(await client.send({ ...post, headers, body })), "400 XMLSizeLimit");
});

Deno.test("of two who must not overwrite, the one whose body comes last is refused", async () => {
  await using emulator = await startForTest();
  const { client, address, traffic } = emulator;
  const headers = { "x-cos-forbid-overwrite": "true", "Content-Length": "4" };
  const { signal } = new AbortController();
  using slow = await systemDialer.connect(address, signal);
  await slow.write(client.head({ method: "PUT", path: PATH, headers }));
  await traffic.begun("PutObject");
  const fast = await client.send({ method: "PUT", path: PATH, headers, body: "fast" });
  assert.equal(outcome(fast), "200");
  await slow.write(new TextEncoder().encode("slow"));
  const answer = await readAnswer(new MessageReader(slow), "PUT");
  assert.equal(outcome(answer), "409 FileAlreadyExists");
  assert.equal((await client.send({ method: "GET", path: PATH })).text, "fast");
});

Deno.test("reader of an object that is replaced meanwhile gets the old one to its end", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const old = new Uint8Array(8 * 1024 * 1024).fill(1);
  await client.send({ method: "PUT", path: PATH, body: old });
  const reading = client.send({ method: "GET", path: PATH });
  await emulator.traffic.begun("GetObject");
  await client.send({ method: "PUT", path: PATH, body: "new" });
  assert.deepEqual((await reading).body, old);
  assert.equal((await client.send({ method: "GET", path: PATH })).text, "new");
});

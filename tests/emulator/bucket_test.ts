import assert from "node:assert/strict";
import { compareUtf8 } from "../../src/emulator/storage/ordered_map.ts";
import type { RawAnswer, RawClient, RawRequest } from "./raw_client.ts";
import { BUCKET, elements, outcome, startForTest } from "./running.ts";

const OTHER = "other-1250000000";

Deno.test("buckets are made, found, listed and removed when they are empty", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const send = async (method: string, path: string) => outcome(await client.send({ method, path }));
  assert.equal(await send("HEAD", `/${OTHER}`), "404");
  assert.equal(await send("GET", `/${OTHER}/`), "404 NoSuchBucket");
  assert.equal(await send("PUT", `/${OTHER}/`), "200");
  assert.equal(await send("PUT", `/${OTHER}/`), "409 BucketAlreadyOwnedByYou");
  assert.equal(await send("HEAD", `/${OTHER}`), "200");
  const service = await client.send({ method: "GET", path: "/" });
  assert.deepEqual(elements(service, "Name"), [BUCKET, OTHER]);
  assert.equal(await send("PUT", `/${OTHER}/k`), "200");
  assert.equal(await send("DELETE", `/${OTHER}`), "409 BucketNotEmpty");
  assert.equal(await send("DELETE", `/${OTHER}/k`), "204");
  assert.equal(await send("DELETE", `/${OTHER}`), "204");
  assert.equal(await send("DELETE", `/${OTHER}`), "404 NoSuchBucket");
  for (const name of ["noappid", "Upper-1250000000", "-a-1", `${"a".repeat(60)}-1`]) {
    assert.equal(await send("PUT", `/${name}/`), "400 InvalidBucketName", name);
  }
});

Deno.test("bucket is named by the path, or by the host where that is no address", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const host = `${BUCKET}.cos.ap-beijing.myqcloud.com`;
  await client.send({ method: "PUT", path: "/a/b", host, body: "x" });
  const byPath = await client.send({ method: "GET", path: `/${BUCKET}/a/b` });
  assert.equal(byPath.text, "x");
  for (const name of ["localhost", "localhost:9000", "[::1]:9000", "127.0.0.2"]) {
    const answer = await client.send({ method: "GET", path: `/${BUCKET}/a/b`, host: name });
    assert.equal(answer.text, "x", name);
  }
  const service = { method: "GET", path: "/", host: "service.cos.myqcloud.com" };
  assert.deepEqual(elements(await client.send(service), "Name"), [BUCKET]);
});

Deno.test("every answer says which request it is for, an error also in its body", async () => {
  await using emulator = await startForTest();
  const answer = await emulator.client.send({ method: "GET", path: `/${BUCKET}/missing` });
  assert.equal(outcome(answer), "404 NoSuchKey");
  assert.equal(answer.headers.get("content-type"), "application/xml");
  assert.deepEqual(elements(answer, "RequestId"), [answer.headers.get("x-cos-request-id")]);
  assert.equal(elements(answer, "TraceId").length, 1);
  assert.match(elements(answer, "Resource")[0]!, /\/examplebucket-1250000000\/missing$/);
  const again = await emulator.client.send({ method: "HEAD", path: `/${BUCKET}/missing` });
  assert.equal(again.status, 404);
  assert.equal(again.body.length, 0);
  assert.notEqual(
    again.headers.get("x-cos-request-id"),
    answer.headers.get("x-cos-request-id"),
  );
});

Deno.test("what the emulator does not know is refused, not misunderstood", async (t) => {
  await using emulator = await startForTest();
  const cases: (RawRequest & { expected: string })[] = [
    { method: "GET", path: `/${BUCKET}/`, query: { acl: "" }, expected: "501 NotImplemented" },
    {
      method: "POST",
      path: `/${BUCKET}/k`,
      query: { append: "", position: "0" },
      expected: "501 NotImplemented",
    },
    { method: "POST", path: `/${BUCKET}/k`, expected: "405 MethodNotAllowed" },
    { method: "PATCH", path: `/${BUCKET}/k`, expected: "405 MethodNotAllowed" },
    {
      method: "GET",
      path: `/${BUCKET}/`,
      query: { "max-keys": "many" },
      expected: "400 InvalidArgument",
    },
    {
      method: "GET",
      path: `/${BUCKET}/`,
      query: { "encoding-type": "base64" },
      expected: "400 InvalidArgument",
    },
  ];
  for (const { expected, ...request } of cases) {
    await t.step(
      `${request.method} ${request.path} ${JSON.stringify(request.query ?? {})}`,
      async () => {
        assert.equal(outcome(await emulator.client.send(request)), expected);
      },
    );
  }
});

interface Query {
  readonly prefix: string;
  readonly delimiter: string;
  readonly "max-keys": string;
}

/** All pages of a listing, each as what it brings: keys and, with a `*` behind, common prefixes. */
async function listPages(client: RawClient, query: Query): Promise<string[][]> {
  const pages: string[][] = [];
  for (let marker: string | undefined = ""; marker !== undefined;) {
    const answer = await client.send({
      method: "GET",
      path: `/${BUCKET}/`,
      query: { ...query, marker, "encoding-type": "url" },
    });
    assert.equal(answer.status, 200);
    const prefixes = commonPrefixes(answer);
    const keys = elements(answer, "Key").map(decodeURIComponent);
    pages.push([...keys, ...prefixes.map((prefix) => `${prefix}*`)]);
    const truncated = elements(answer, "IsTruncated")[0] === "true";
    const [next] = elements(answer, "NextMarker");
    assert.equal(next !== undefined, truncated);
    marker = next === undefined ? undefined : decodeURIComponent(next);
  }
  return pages;
}

function commonPrefixes(answer: RawAnswer): string[] {
  return [...answer.text.matchAll(/<CommonPrefixes><Prefix>([^<]*)</g)]
    .map(([, prefix]) => decodeURIComponent(prefix!));
}

/** What a listing must bring in all, worked out the slow way. */
function expectedRows(keys: readonly string[], { prefix, delimiter }: Query): string[] {
  const rows = keys.filter((key) => key.startsWith(prefix)).map((key) => {
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    return at < 0 ? key : `${key.slice(0, at + delimiter.length)}*`;
  });
  return [...new Set(rows)].sort(compareUtf8);
}

const KEYS = [
  "a",
  "a/",
  "a/b",
  "a/b/c",
  "a/b/d",
  "a0",
  "a//x",
  "ab/c",
  "b<&>\"'/ %+?#",
  "dir/\u0001",
  "dir/\ud7ff",
  "dir/\uffff/1",
  "dir/😀/1",
  "dir/😀/2",
  "dir/😀0",
  "z",
  "腾/讯",
  "腾/讯云",
];

Deno.test("listing brings every key once in pages of any size", async (t) => {
  await using emulator = await startForTest();
  const { client } = emulator;
  for (const key of KEYS) await client.send({ method: "PUT", path: `/${BUCKET}/${key}` });
  for (const prefix of ["", "a", "a/", "dir/", "dir/😀", "腾/", "none"]) {
    for (const delimiter of ["", "/", "b"]) {
      await t.step(`prefix "${prefix}" delimiter "${delimiter}"`, async () => {
        for (const size of [1, 2, 3, 7, 1000]) {
          const query = { prefix, delimiter, "max-keys": String(size) };
          const pages = await listPages(client, query);
          const rows = pages.flat().sort(compareUtf8);
          const expected = expectedRows(KEYS, query);
          assert.deepEqual(rows, expected);
          assert(pages.slice(0, -1).every((page) => page.length === size), "full pages");
          assert.equal(pages.length, Math.max(1, Math.ceil(expected.length / size)));
        }
      });
    }
  }
});

Deno.test("listing begins after its marker, wherever that lies", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  for (const key of ["a", "b", "d/1", "d/2", "d/2/x", "e"]) {
    await client.send({ method: "PUT", path: `/${BUCKET}/${key}` });
  }
  const cases = [
    { marker: "a", prefix: "d/", delimiter: "", rows: ["d/1", "d/2", "d/2/x"] },
    { marker: "d/1", prefix: "d/", delimiter: "/", rows: ["d/2", "d/2/*"] },
    { marker: "d/2/", prefix: "d/", delimiter: "/", rows: [] },
    { marker: "d/2/", prefix: "d/", delimiter: "", rows: ["d/2/x"] },
    { marker: "d/1", prefix: "", delimiter: "/", rows: ["e", "d/*"] },
    { marker: "d/", prefix: "", delimiter: "/", rows: ["e"] },
    { marker: "f", prefix: "d/", delimiter: "", rows: [] },
  ];
  for (const { rows, ...query } of cases) {
    const answer = await client.send({ method: "GET", path: `/${BUCKET}/`, query });
    const prefixes = commonPrefixes(answer).map((prefix) => `${prefix}*`);
    assert.deepEqual([...elements(answer, "Key"), ...prefixes], rows, JSON.stringify(query));
  }
});

Deno.test("listing row tells size, ETag, time and storage class", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const headers = { "x-cos-storage-class": "STANDARD_IA" };
  await client.send({ method: "PUT", path: `/${BUCKET}/k`, body: "hello", headers });
  const answer = await client.send({ method: "GET", path: `/${BUCKET}/` });
  assert.deepEqual(elements(answer, "Size"), ["5"]);
  assert.deepEqual(elements(answer, "ETag"), ['"5d41402abc4b2a76b9719d911017c592"']);
  assert.deepEqual(elements(answer, "StorageClass"), ["STANDARD_IA"]);
  assert.match(elements(answer, "LastModified")[0]!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

Deno.test("listing without keys is empty, with max-keys=0 too", async () => {
  await using emulator = await startForTest();
  const { client } = emulator;
  await client.send({ method: "PUT", path: `/${BUCKET}/k` });
  const queries: Record<string, string>[] = [{ prefix: "x" }, { "max-keys": "0" }, { marker: "k" }];
  for (const query of queries) {
    const answer = await client.send({ method: "GET", path: `/${BUCKET}/`, query });
    assert.deepEqual(elements(answer, "Key"), []);
    assert.deepEqual(elements(answer, "IsTruncated"), ["false"]);
  }
});

Deno.test("a bucket that is not there, or not in this region, is NoSuchBucket also to strangers", async () => {
  await using emulator = await startForTest({ region: "ap-beijing" });
  const ask = async (host: string) =>
    outcome(await emulator.client.send({ method: "GET", path: "/", host, keys: null }));
  const absent = "absent-1250000000";
  assert.equal(await ask(`${BUCKET}.cos.ap-beijing.myqcloud.com`), "403 AccessDenied");
  assert.equal(await ask(`${BUCKET}.cos-internal.ap-beijing.tencentcos.cn`), "403 AccessDenied");
  assert.equal(await ask(`${BUCKET}.cos.example`), "403 AccessDenied");
  assert.equal(await ask(`${BUCKET}.cos.ap-guangzhou.myqcloud.com`), "404 NoSuchBucket");
  assert.equal(await ask(`${absent}.cos.ap-beijing.myqcloud.com`), "404 NoSuchBucket");
});

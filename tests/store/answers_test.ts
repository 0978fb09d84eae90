import assert from "node:assert/strict";
import {
  type ObjectStore,
  type StoreErrorKind,
  uninterrupted,
} from "../../src/store/object_store.ts";
import { textOf } from "../net/scripted_connection.ts";
import { answer, CosStandIn, errorXml, refusal, storeFailure } from "./cos_stand_in.ts";

const free = uninterrupted();
const OBJECT = [
  'ETag: "e1"',
  "Last-Modified: Thu, 15 Jan 2026 12:00:00 GMT",
  "x-cos-hash-crc64ecma: 7",
];
const UPLOAD = { key: "a", uploadId: "1" };

const REFUSALS: readonly (readonly [status: string, code: string, kind: StoreErrorKind])[] = [
  ["400 Bad Request", "InvalidArgument", "invalid"],
  ["400 Bad Request", "EntityTooLarge", "invalid"],
  ["400 Bad Request", "BadDigest", "corrupt"],
  ["403 Forbidden", "AccessDenied", "denied"],
  ["403 Forbidden", "SignatureDoesNotMatch", "denied"],
  ["403 Forbidden", "ExpiredToken", "denied"],
  ["403 Forbidden", "InvalidObjectState", "denied"],
  ["404 Not Found", "NoSuchKey", "not-found"],
  ["404 Not Found", "NoSuchBucket", "not-found"],
  ["404 Not Found", "NoSuchUpload", "not-found"],
  ["404 Not Found", "SomethingNew", "not-found"],
  ["409 Conflict", "FileAlreadyExists", "conflict"],
  ["412 Precondition Failed", "PreconditionFailed", "conflict"],
  ["416 Range Not Satisfiable", "InvalidRange", "invalid"],
  ["451 Unavailable For Legal Reasons", "DomainAuditFailed", "invalid"],
];
for (const [status, code, kind] of REFUSALS) {
  Deno.test(`${status} ${code} is ${kind}`, async () => {
    await using cos = new CosStandIn(() => refusal(status, code));
    const error = await storeFailure(cos.store.get("a b", free), {
      kind,
      code,
      status: Number(status.slice(0, 3)),
      requestId: "NjRl",
      mayHaveHappened: false,
    });
    assert.equal(error.message, `Cannot read a b: ${code}: Because of ${code} & so`);
    assert.equal(cos.requests.length, kind === "corrupt" ? 3 : 1);
  });
}

for (
  const [status, code, kind] of [
    ["403 Forbidden", "AccessDenied", "denied"],
    ["404 Not Found", "NoSuchKey", "not-found"],
    ["412 Precondition Failed", "PreconditionFailed", "conflict"],
    ["418 Teapot", "Http418", "invalid"],
  ] as const
) {
  Deno.test(`${status} without a reason is ${kind}`, async () => {
    await using cos = new CosStandIn(() => answer(status));
    await storeFailure(cos.store.head("a", free), { kind, code, requestId: "NjRl" });
  });
}

Deno.test("bucket in another region is said so, not followed", async () => {
  const location = "http://examplebucket-1250000000.cos.ap-beijing.myqcloud.com/";
  for (const status of ["301 Moved Permanently", "307 Temporary Redirect"]) {
    await using cos = new CosStandIn(() =>
      refusal(status, "PermanentRedirect", [`Location: ${location}`])
    );
    const error = await storeFailure(cos.store.head("a", free), { kind: "invalid" });
    assert.ok(error.message.includes(location), error.message);
    assert.equal(cos.requests.length, 1);
  }
});

Deno.test("HEAD Object is read field by field", async () => {
  await using cos = new CosStandIn(() =>
    answer("200 OK", {
      fields: [
        ...OBJECT,
        "Content-Type: text/plain",
        "Content-Encoding: gzip",
        "x-cos-storage-class: STANDARD_IA",
        "X-Cos-Meta-MTime: 12",
      ],
    })
  );
  assert.deepEqual(await cos.store.head("a", free), {
    size: 0,
    etag: "e1",
    modified: new Date("2026-01-15T12:00:00Z"),
    crc64: 7n,
    requestId: "NjRl",
    storageClass: "STANDARD_IA",
    encryption: undefined,
    contentType: "text/plain",
    httpFields: { "content-encoding": "gzip" },
    metadata: { mtime: "12" },
  });
});

Deno.test("GET Object asks for a range and an ETag, and gives the whole object's size", async () => {
  await using cos = new CosStandIn(() =>
    answer("206 Partial Content", {
      body: "56789",
      fields: [...OBJECT, "Content-Range: bytes 5-9/10"],
    })
  );
  using body = await cos.store.get("a", { ...free, start: 5, ifMatch: "e1" });
  assert.equal(cos.requests[0]!.headers.get("range"), "bytes=5-");
  assert.equal(cos.requests[0]!.headers.get("if-match"), '"e1"');
  assert.deepEqual([body.length, body.info.size], [5, 10]);
  const into = new Uint8Array(10);
  assert.equal(textOf(into.subarray(0, (await body.read(into))!)), "56789");
  assert.equal(await body.read(into), null);
});

for (
  const [what, status, fields] of [
    ["another range", "206 Partial Content", ["Content-Range: bytes 0-4/10"]],
    ["one byte too many before", "206 Partial Content", ["Content-Range: bytes 4-9/10"]],
    ["one byte too few behind", "206 Partial Content", ["Content-Range: bytes 5-8/10"]],
    ["a range that ends early", "206 Partial Content", ["Content-Range: bytes 5-9/20"]],
    ["a range of another length", "206 Partial Content", ["Content-Range: bytes 5-8/9"]],
    ["no range", "206 Partial Content", []],
    ["the whole object", "200 OK", []],
  ] as const
) {
  Deno.test(`GET Object from byte 5 that brings ${what} is not believed`, async () => {
    await using cos = new CosStandIn(() =>
      answer(status, { body: "56789", fields: [...OBJECT, ...fields] })
    );
    await storeFailure(cos.store.get("a", { ...free, start: 5 }), {
      kind: "unavailable",
      code: "BadAnswer",
    });
  });
}

Deno.test("GET Object that breaks off says so, and what came before counts", async () => {
  await using cos = new CosStandIn(() => {
    const whole = answer("200 OK", { body: "0123456789", fields: OBJECT });
    return { last: whole.subarray(0, -7) };
  });
  using body = await cos.store.get("a", free);
  const into = new Uint8Array(10);
  assert.equal(await body.read(into), 3);
  await storeFailure(body.read(into), {
    kind: "unavailable",
    code: "ConnectionLost",
    mayHaveHappened: false,
  });
});

const FAILS_WITH_200: Readonly<Record<string, (store: ObjectStore) => Promise<unknown>>> = {
  copy: (store) => store.copy("a", "b", free),
  uploadPartCopy: (store) =>
    store.uploadPartCopy({ ...UPLOAD, partNumber: 1 }, { key: "a", start: 0, end: 4 }, free),
  completeUpload: (store) => store.completeUpload(UPLOAD, [{ partNumber: 1, etag: "e" }], free),
  deleteMany: (store) => store.deleteMany(["a"], free),
};
for (const [name, call] of Object.entries(FAILS_WITH_200)) {
  Deno.test(`${name} that answers 200 with an <Error> has failed`, async () => {
    await using cos = new CosStandIn(() => answer("200 OK", { body: errorXml("InternalError") }));
    await storeFailure(call(cos.store), {
      kind: "unavailable",
      code: "InternalError",
      requestId: "NjRl",
      mayHaveHappened: true,
    });
    assert.equal(cos.requests.length, name === "completeUpload" ? 1 : 5);
  });
}

Deno.test("Complete names the parts in XML, and its answer's body counts", async () => {
  await using cos = new CosStandIn(() =>
    answer("200 OK", {
      body:
        "<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag><CRC64>9</CRC64></CompleteMultipartUploadResult>",
    })
  );
  const parts = [{ partNumber: 1, etag: "a<b" }, { partNumber: 2, etag: "c" }];
  const stored = await cos.store.completeUpload(UPLOAD, parts, { ...free, forbidOverwrite: true });
  assert.deepEqual(stored, { etag: "e-2", crc64: 9n, requestId: "NjRl" });
  const [{ line, headers, body }] = cos.requests as [typeof cos.requests[0]];
  assert.equal(line, "POST /examplebucket-1250000000/a?uploadId=1");
  assert.equal(headers.get("x-cos-forbid-overwrite"), "true");
  assert.equal(
    textOf(body),
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"a&#60;b"</ETag></Part>' +
      '<Part><PartNumber>2</PartNumber><ETag>"c"</ETag></Part></CompleteMultipartUpload>',
  );
});

Deno.test("batch delete escapes its keys, and gives back what stayed", async () => {
  await using cos = new CosStandIn(() =>
    answer("200 OK", {
      body: "<DeleteResult><Error><Key>a&amp;b</Key><Code>AccessDenied</Code>" +
        "<Message>no</Message></Error></DeleteResult>",
    })
  );
  const left = await cos.store.deleteMany(["a&b", "<\r\n>"], free);
  assert.deepEqual(left, [{ key: "a&b", code: "AccessDenied", message: "no" }]);
  assert.equal(
    textOf(cos.requests[0]!.body),
    "<Delete><Quiet>true</Quiet><Object><Key>a&#38;b</Key></Object>" +
      "<Object><Key>&#60;&#13;&#10;&#62;</Key></Object></Delete>",
  );
});

function listing(inside: string): string {
  return `<?xml version='1.0'?><ListBucketResult>${inside}</ListBucketResult>`;
}

Deno.test("listing decodes keys exactly", async () => {
  const row = (key: string) =>
    `<Contents><Key>${key}</Key><LastModified>2026-01-15T12:00:00.000Z</LastModified>` +
    `<ETag>"e"</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  await using cos = new CosStandIn(() =>
    answer("200 OK", {
      body: listing(
        "<IsTruncated>true</IsTruncated><NextMarker>a%2Fz%20</NextMarker>" +
          "<CommonPrefixes><Prefix>a/%E6%97%A5/</Prefix></CommonPrefixes>" +
          ["a/%01%0A+%2B%25", "a/%F0%9F%98%80", "a/&lt;", "a/%FF"].map(row).join(""),
      ),
    })
  );
  const page = await cos.store.list({ ...free, prefix: "a/", delimiter: "/" });
  assert.deepEqual(page.objects.map(({ key }) => key), ["a/\x01\n++%", "a/😀", "a/<", "a/%FF"]);
  assert.deepEqual(page.prefixes, ["a/日/"]);
  assert.equal(page.nextMarker, "a/z ");
  assert.deepEqual(page.objects[0], {
    key: "a/\x01\n++%",
    size: 5,
    etag: "e",
    modified: new Date("2026-01-15T12:00:00Z"),
    storageClass: "STANDARD",
  });
});

const HOSTILE: Readonly<Record<string, string | Uint8Array>> = {
  "that is not XML": "<ListBucketResult><",
  "that is empty": "",
  "that is HTML": "<html><br></html>",
  "that never closes what it opens": "<a>".repeat(99_000),
  "of too many elements": listing("<a/>".repeat(100_001)),
  "deeper than any": listing("<a>".repeat(40) + "</a>".repeat(40)),
  "above the size limit": listing("x".repeat(9 << 20)),
  "with an entity bomb": '<!DOCTYPE a [<!ENTITY b "bb">]><ListBucketResult>&b;</ListBucketResult>',
  "with a size that is no number": listing(
    "<Contents><Key>a</Key><Size>x</Size><LastModified>2026-01-15T12:00:00Z</LastModified></Contents>",
  ),
  "with a time that is none": listing(
    "<Contents><Key>a</Key><Size>1</Size><LastModified>x</LastModified></Contents>",
  ),
  "with a row without a key": listing("<Contents><Size>1</Size></Contents>"),
  "that goes on without saying where": listing("<IsTruncated>true</IsTruncated>"),
  "that goes on where it began": listing(
    "<IsTruncated>true</IsTruncated><NextMarker>m</NextMarker>",
  ),
  "that goes back": listing("<IsTruncated>true</IsTruncated><NextMarker>l%EF</NextMarker>"),
  "with entities of its own": '<!DOCTYPE R [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><R>&c;</R>',
  "that is longer than any": listing(`<Contents>${" ".repeat(8 * 1024 ** 2)}</Contents>`),
  "with more elements than any": listing("<a/>".repeat(100_001)),
  "that is nested without end": "<R>".repeat(200_000),
};
for (const [what, body] of Object.entries(HOSTILE)) {
  Deno.test(`listing ${what} is not believed`, async () => {
    const whole = answer("200 OK", { body: body as string });
    await using cos = new CosStandIn(() => whole);
    await storeFailure(cos.store.list({ ...free, prefix: "", marker: "m" }), {
      kind: "unavailable",
      code: "BadAnswer",
      mayHaveHappened: false,
    });
  });
}

Deno.test("listings of uploads and parts that make no progress are not believed", async () => {
  const next = "<NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>" +
    "<NextPartNumberMarker>5</NextPartNumberMarker>";
  await using cos = new CosStandIn(() =>
    answer("200 OK", { body: `<R><IsTruncated>true</IsTruncated>${next}</R>` })
  );
  await storeFailure(cos.store.listUploads({ ...free, prefix: "" }), { code: "BadAnswer" });
  await storeFailure(cos.store.listParts(UPLOAD, free), { code: "BadAnswer" });
  assert.equal(cos.requests.length, 4);
});

Deno.test("listings of uploads and parts that do not end are given up", async () => {
  let page = 0;
  const row =
    "<Upload><Key>a</Key><UploadId>1</UploadId><Initiated>2026-01-15</Initiated></Upload>" +
    "<Part><PartNumber>1</PartNumber><ETag>e</ETag><Size>1</Size>" +
    "<LastModified>2026-01-15</LastModified></Part>";
  await using cos = new CosStandIn(() => {
    const number = `${++page}`.padStart(9, "0");
    return answer("200 OK", {
      body: `<R><IsTruncated>true</IsTruncated><NextKeyMarker>${number}</NextKeyMarker>` +
        `<NextUploadIdMarker>1</NextUploadIdMarker>` +
        `<NextPartNumberMarker>${number}</NextPartNumberMarker>${row.repeat(9_000)}</R>`,
    });
  });
  const endless = { kind: "unavailable", code: "BadAnswer" } as const;
  await storeFailure(cos.store.listUploads({ ...free, prefix: "" }), endless);
  await storeFailure(cos.store.listParts(UPLOAD, free), endless);
  assert.equal(cos.requests.length, 12 + 12);
});

Deno.test("part number that no part can have is not believed", async () => {
  await using cos = new CosStandIn(() =>
    answer("200 OK", {
      body: "<R><IsTruncated>true</IsTruncated>" +
        "<NextPartNumberMarker>10001</NextPartNumberMarker></R>",
    })
  );
  await storeFailure(cos.store.listParts(UPLOAD, free), { code: "BadAnswer" });
  assert.equal(cos.requests.length, 1);
});

Deno.test("redirect that does not end is said in few words", async () => {
  await using cos = new CosStandIn(() =>
    answer("302 Found", { fields: [`Location: https://x/${"y".repeat(60_000)}`] })
  );
  const error = await storeFailure(cos.store.put("a", [], free), { code: "Redirect", status: 302 });
  assert.ok(error.message.length < 700, `${error.message.length}`);
  assert.equal(cos.requests.length, 1);
});

Deno.test("upload that begins without an UploadId is not believed", async () => {
  await using cos = new CosStandIn(() => answer("200 OK", { body: "<R><UploadId/></R>" }));
  await storeFailure(cos.store.initiateUpload("a", free), { code: "BadAnswer" });
});

Deno.test("stored object without an ETag leaves doubt", async () => {
  await using cos = new CosStandIn(() => answer("200 OK"));
  await storeFailure(cos.store.put("a", [], free), { code: "BadAnswer", mayHaveHappened: true });
});

Deno.test("abort of an upload that is gone succeeds, of one in a bucket that is gone not", async () => {
  await using gone = new CosStandIn(() => refusal("404 Not Found", "NoSuchUpload"));
  await gone.store.abortUpload(UPLOAD, free);
  await using lost = new CosStandIn(() => refusal("404 Not Found", "NoSuchBucket"));
  await storeFailure(lost.store.abortUpload(UPLOAD, free), { code: "NoSuchBucket" });
});

Deno.test("head that never ends is not believed", async () => {
  const endless = `HTTP/1.1 200 OK\r\n${"x-a: b\r\n".repeat(20_000)}`;
  await using cos = new CosStandIn(() => endless);
  await storeFailure(cos.store.head("a", free), { kind: "unavailable", code: "BadAnswer" });
});

Deno.test("refusal whose reason is too long keeps its status", async () => {
  const body = `<Error><Code>${"x".repeat(200_000)}</Code></Error>`;
  await using cos = new CosStandIn(() => answer("403 Forbidden", { body }));
  await storeFailure(cos.store.head("a", free), { kind: "denied", code: "AccessDenied" });
});

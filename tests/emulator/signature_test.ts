import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { FakeClock } from "../fake_clock.ts";
import type { Emulator } from "../../src/emulator/emulator.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { Credential } from "../../src/emulator/api/signature.ts";
import { listen } from "../../src/net/connection.ts";
import type { RawRequest } from "./raw_client.ts";
import { byteString, RawClient } from "./raw_client.ts";
import { MemoryLog } from "../memory_log.ts";
import { BUCKET, KEYS, outcome } from "./running.ts";

function start(credentials: readonly Credential[], clock: FakeClock): Promise<Emulator> {
  return startEmulator({
    listener: listen({ hostname: "127.0.0.1", port: 0 }),
    buckets: [BUCKET],
    credentials,
    clock,
    logger: new MemoryLog(),
  });
}

// Keys, requests and signatures of COS document 436/7778.
const DOCUMENT_KEYS = {
  secretId: "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q",
  secretKey: "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz",
};
const DOCUMENT_HOST = "examplebucket-1250000000.cos.ap-beijing.myqcloud.com";
const DOCUMENT_PUT: RawRequest = {
  method: "PUT",
  path: "/exampleobject(腾讯云)",
  host: DOCUMENT_HOST,
  headers: {
    Date: "Thu, 16 May 2019 06:45:51 GMT",
    "Content-Type": "text/plain",
    "Content-Length": "13",
    "Content-MD5": "mQ/fVh815F3k6TAUm8m0eg==",
    "x-cos-acl": "private",
    "x-cos-grant-read": 'uin="100000000011"',
    Authorization: "q-sign-algorithm=sha1&q-ak=AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q" +
      "&q-sign-time=1557989151;1557996351&q-key-time=1557989151;1557996351" +
      "&q-header-list=content-length;content-md5;content-type;date;host;x-cos-acl;x-cos-grant-read" +
      "&q-url-param-list=&q-signature=3b8851a11a569213c17ba8fa7dcf2abec6935172",
  },
  body: "ObjectContent",
  keys: null,
};

Deno.test("signature of the upload in COS's document is accepted, of another body length refused", async () => {
  const clock = new FakeClock(1557989151_000);
  await using emulator = await start([DOCUMENT_KEYS], clock);
  const client = new RawClient(emulator.address, { keys: DOCUMENT_KEYS });
  assert.equal(outcome(await client.send(DOCUMENT_PUT)), "200");
  const changed = { ...DOCUMENT_PUT.headers, "Content-Length": "12" };
  const answer = await client.send({ ...DOCUMENT_PUT, headers: changed, body: "ObjectConten" });
  assert.equal(outcome(answer), "403 SignatureDoesNotMatch");
  assert.match(answer.text, /<StringToSign>sha1&#xa;1557989151;1557996351&#xa;/);
});

Deno.test("signature of the download in COS's document is accepted in the header and in the query", async () => {
  const clock = new FakeClock(1557989753_000);
  await using emulator = await start([DOCUMENT_KEYS], clock);
  const client = new RawClient(emulator.address, { keys: DOCUMENT_KEYS, now: () => clock.now() });
  await client.send({ ...DOCUMENT_PUT, keys: DOCUMENT_KEYS, headers: {} });
  const fields = {
    "q-sign-algorithm": "sha1",
    "q-ak": DOCUMENT_KEYS.secretId,
    "q-sign-time": "1557989753;1557996953",
    "q-key-time": "1557989753;1557996953",
    "q-header-list": "date;host",
    "q-url-param-list": "response-cache-control;response-content-type",
    "q-signature": "01681b8c9d798a678e43b685a9f1bba0f6c0e012",
  };
  const get = {
    method: "GET",
    path: "/exampleobject(腾讯云)",
    host: DOCUMENT_HOST,
    query: {
      "response-content-type": "application/octet-stream",
      "response-cache-control": "max-age=600",
    },
    headers: { Date: "Thu, 16 May 2019 06:55:53 GMT" },
    keys: null,
  };
  const Authorization = Object.entries(fields).map((pair) => pair.join("=")).join("&");
  const inHeader = await client.send({ ...get, headers: { ...get.headers, Authorization } });
  assert.equal(inHeader.text, "ObjectContent");
  assert.equal(inHeader.headers.get("cache-control"), "max-age=600");
  const inQuery = await client.send({ ...get, query: { ...get.query, ...fields } });
  assert.equal(inQuery.text, "ObjectContent");
});

const TEMPORARY = { secretId: "AKIDtemporary", secretKey: "temporarySecret", token: "the+token/=" };
const NOW = 1_800_000_000;
const span = (start: number, end: number) => `${NOW + start};${NOW + end}`;

const REFUSALS: readonly { name: string; request: Partial<RawRequest>; expected: string }[] = [
  { name: "no signature", request: { keys: null }, expected: "403 AccessDenied" },
  {
    name: "unknown SecretId",
    request: { keys: { ...KEYS, secretId: "AKIDother" } },
    expected: "403 InvalidAccessKeyId",
  },
  {
    name: "wrong SecretKey",
    request: { keys: { ...KEYS, secretKey: "other" } },
    expected: "403 SignatureDoesNotMatch",
  },
  {
    name: "expired signature",
    request: { keyTime: span(-60, -1) },
    expected: "403 AccessDenied",
  },
  { name: "signature at its last second", request: { keyTime: span(-60, 0) }, expected: "200" },
  { name: "client's clock 15 min ahead", request: { keyTime: span(900, 960) }, expected: "200" },
  {
    name: "client's clock further ahead",
    request: { keyTime: span(901, 960) },
    expected: "403 RequestTimeTooSkewed",
  },
  {
    name: "temporary keys without their token",
    request: { keys: { secretId: TEMPORARY.secretId, secretKey: TEMPORARY.secretKey } },
    expected: "403 InvalidAccessKeyId",
  },
  {
    name: "temporary keys with another token",
    request: { keys: { ...TEMPORARY, token: "x" } },
    expected: "403 InvalidAccessKeyId",
  },
  { name: "temporary keys with their token", request: { keys: TEMPORARY }, expected: "200" },
];

Deno.test("signature check knows each reason to refuse", async (t) => {
  const clock = new FakeClock(NOW * 1000);
  const expires = clock.now() + 60_000;
  await using emulator = await start([KEYS, { ...TEMPORARY, expires }], clock);
  const client = new RawClient(emulator.address, { keys: KEYS, now: () => clock.now() });
  const list = { method: "GET", path: `/${BUCKET}/`, query: { prefix: "a b+c" } };
  for (const { name, request, expected } of REFUSALS) {
    await t.step(name, async () => {
      assert.equal(outcome(await client.send({ ...list, ...request })), expected);
    });
  }
  await t.step("temporary keys past their end", async () => {
    clock.advance(60_000);
    const answer = await client.send({ ...list, keys: TEMPORARY });
    assert.equal(outcome(answer), "403 ExpiredToken");
  });
});

/** A signature of `GET /` that covers nothing else, made by hand from the document. */
function authorize({ signTime, keyTime }: { signTime: string; keyTime: string }): string {
  const hmac = (key: string, text: string) => createHmac("sha1", key).update(text).digest("hex");
  const httpString = createHash("sha1").update("get\n/\n\n\n").digest("hex");
  const signature = hmac(hmac(KEYS.secretKey, keyTime), `sha1\n${signTime}\n${httpString}\n`);
  return `q-sign-algorithm=sha1&q-ak=${KEYS.secretId}&q-sign-time=${signTime}` +
    `&q-key-time=${keyTime}&q-header-list=&q-url-param-list=&q-signature=${signature}`;
}

Deno.test("signature and the key made for it have each their own time", async () => {
  const clock = new FakeClock(NOW * 1000);
  await using emulator = await start([KEYS], clock);
  const client = new RawClient(emulator.address, { keys: KEYS });
  const [good, past] = [span(-60, 60), span(-60, -1)];
  const send = async (signTime: string, keyTime: string) => {
    const headers = { Authorization: authorize({ signTime, keyTime }) };
    return outcome(await client.send({ method: "GET", path: "/", headers, keys: null }));
  };
  assert.equal(await send(good, span(-30, 30)), "200");
  assert.equal(await send(past, good), "403 AccessDenied");
  assert.equal(await send(good, past), "403 AccessDenied");
  assert.equal(await send("now", good), "403 AccessDenied");
});

Deno.test("signature by another algorithm is not verified", async () => {
  const clock = new FakeClock(NOW * 1000);
  await using emulator = await start([KEYS], clock);
  const client = new RawClient(emulator.address, { keys: KEYS });
  const authorization = authorize({ signTime: span(-60, 60), keyTime: span(-60, 60) });
  const headers = { Authorization: authorization.replace("algorithm=sha1", "algorithm=md5") };
  const answer = await client.send({ method: "GET", path: "/", headers, keys: null });
  assert.equal(outcome(answer), "400 VerifyAlgorithmNotSupported");
});

Deno.test("expired signature is told in the words by which SDKs know it", async () => {
  const clock = new FakeClock(NOW * 1000);
  await using emulator = await start([KEYS], clock);
  const client = new RawClient(emulator.address, { keys: KEYS });
  const answer = await client.send({ method: "GET", path: "/", keyTime: span(-60, -1) });
  assert.match(answer.text, /<Message>Request has expired<\/Message>/);
});

Deno.test("signature covers headers and parameters that are in its lists", async (t) => {
  const clock = new FakeClock(NOW * 1000);
  await using emulator = await start([KEYS], clock);
  const client = new RawClient(emulator.address, { keys: KEYS, now: () => clock.now() });
  const put = { method: "PUT", path: `/${BUCKET}/k`, body: "x" };
  await t.step("metadata that is not ASCII", async () => {
    const headers = { "x-cos-meta-name": "é腾" };
    assert.equal(outcome(await client.send({ ...put, headers })), "200");
    const head = await client.send({ method: "HEAD", path: put.path });
    assert.equal(head.headers.get("x-cos-meta-name"), byteString("é腾"));
  });
  await t.step("a changed header", async () => {
    const head = new TextDecoder("latin1").decode(
      client.head({ ...put, headers: { "x-cos-meta-a": "b" } }),
    );
    const authorization = /authorization: (.*)\r\n/i.exec(head)![1]!;
    const headers = { "x-cos-meta-a": "c", Authorization: authorization };
    const answer = await client.send({ ...put, headers, keys: null });
    assert.equal(outcome(answer), "403 SignatureDoesNotMatch");
  });
});

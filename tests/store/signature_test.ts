import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { FakeClock } from "../fake_clock.ts";
import {
  answer,
  type Arrived,
  CosStandIn,
  KEYS,
  refusal,
  STORED,
  storeFailure,
} from "./cos_stand_in.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const free = uninterrupted();

async function hmac(key: string, text: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const encoder = new TextEncoder();
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, [
    "sign",
  ]);
  return hex(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function encode(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[\w.~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** What the Authorization header says. */
function authorization({ headers }: Arrived): Map<string, string> {
  const pairs = headers.get("authorization")!.split("&");
  return new Map(pairs.map((pair) => pair.split("=") as [string, string]));
}

/** The signature that COS would compute of what arrived (COS document 436/7778). */
async function expectedSignature(request: Arrived, secretKey: string): Promise<string> {
  const said = authorization(request);
  const [method = "", target = ""] = request.line.split(" ");
  const [path = "", query = ""] = target.split("?");
  const parameters = new Map(
    query.split("&").filter(Boolean).map((pair) => {
      const [name = "", value = ""] = pair.split("=").map(decodeURIComponent);
      return [name.toLowerCase(), value];
    }),
  );
  const pick = (list: string, values: ReadonlyMap<string, string>) =>
    list.split(";").filter(Boolean).map((name) => `${name}=${encode(values.get(name) ?? "")}`)
      .join("&");
  const httpString = [
    method.toLowerCase(),
    decodeURIComponent(path),
    pick(said.get("q-url-param-list")!, parameters),
    pick(said.get("q-header-list")!, request.headers),
    "",
  ].join("\n");
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(httpString));
  const keyTime = said.get("q-key-time")!;
  const stringToSign = `sha1\n${keyTime}\n${hex(digest)}\n`;
  return await hmac(await hmac(secretKey, keyTime), stringToSign);
}

async function assertSigned(request: Arrived, options: { now: number }): Promise<string[]> {
  const said = authorization(request);
  assert.equal(said.get("q-sign-algorithm"), "sha1");
  assert.equal(said.get("q-ak"), KEYS.secretId);
  assert.equal(said.get("q-sign-time"), said.get("q-key-time"));
  const [start = 0, end = 0] = said.get("q-key-time")!.split(";").map(Number);
  assert.ok(start * 1000 <= options.now && end * 1000 >= options.now + 600_000, `${start};${end}`);
  assert.ok(start * 1000 >= options.now - 600_000);
  const target = request.line.split(" ")[1]!;
  const names = [...new URLSearchParams(target.split("?")[1] ?? "").keys()];
  assert.equal(
    said.get("q-url-param-list"),
    names.map((name) => name.toLowerCase()).sort().join(";"),
  );
  assert.equal(said.get("q-signature"), await expectedSignature(request, KEYS.secretKey));
  return said.get("q-header-list")!.split(";");
}

for (const key of ["a.txt", "a b/!'()*~+%&?#=;,@:$", "日本/ü/😀.txt", "a//b/../c/.", "%2F%25"]) {
  Deno.test(`PUT of ${key} is signed as COS computes it`, async () => {
    await using cos = new CosStandIn(() => STORED, { clock: new FakeClock(NOW) });
    await cos.store.put(key, [new Uint8Array(3)], {
      ...free,
      contentType: "text/plain",
      metadata: { mtime: "1768478400.5" },
      contentMd5: "rL0Y20zC+Fzt72VPzMSk2A==",
      forbidOverwrite: true,
    });
    const [request] = cos.requests;
    assert.deepEqual(await assertSigned(request!, { now: NOW }), [
      "content-md5",
      "host",
      "x-cos-forbid-overwrite",
      "x-cos-meta-mtime",
    ]);
    assert.equal(request!.headers.get("content-type"), "text/plain");
  });
}

Deno.test("parameters are signed, those without a value too", async () => {
  const page = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
  const begun = "<R><UploadId>1</UploadId></R>";
  await using cos = new CosStandIn(
    ({ line }) => answer("200 OK", { body: line.startsWith("POST") ? begun : page }),
    { clock: new FakeClock(NOW) },
  );
  await cos.store.list({ ...free, prefix: "a b/", delimiter: "/", marker: "ü&=", limit: 7 });
  await cos.store.initiateUpload("a", free);
  await cos.store.listParts({ key: "a", uploadId: "1/2+3" }, free);
  assert.deepEqual(cos.requests.map(({ line }) => line.replace("/examplebucket-1250000000", "")), [
    "GET /?prefix=a%20b%2F&delimiter=%2F&marker=%C3%BC%26%3D&max-keys=7&encoding-type=url",
    "POST /a?uploads",
    "GET /a?uploadId=1%2F2%2B3&max-parts=1000",
  ]);
  for (const request of cos.requests) await assertSigned(request, { now: NOW });
});

Deno.test("token of temporary keys is sent and signed", async () => {
  const keys = { ...KEYS, token: "token/of+temporary=keys" };
  await using cos = new CosStandIn(() => STORED, { clock: new FakeClock(NOW), keys });
  await cos.store.put("a", [], free);
  const [request] = cos.requests;
  assert.equal(request!.headers.get("x-cos-security-token"), keys.token);
  assert.deepEqual(await assertSigned(request!, { now: NOW }), ["host", "x-cos-security-token"]);
});

Deno.test("metadata beyond ASCII is sent byte for byte, unsigned", async () => {
  await using cos = new CosStandIn(() => STORED, { clock: new FakeClock(NOW) });
  await cos.store.put("a", [], { ...free, metadata: { name: "\xc3\xbc", plain: "x" } });
  const [request] = cos.requests;
  assert.equal(request!.headers.get("x-cos-meta-name"), "\xc3\xbc");
  assert.deepEqual(await assertSigned(request!, { now: NOW }), ["host", "x-cos-meta-plain"]);
});

const HOUR = 3_600_000;
const dateField = (time: number) => `Date: ${new Date(time).toUTCString()}`;

for (
  const [what, refused] of [
    [
      "RequestTimeTooSkewed",
      refusal("403 Forbidden", "RequestTimeTooSkewed", [dateField(NOW + HOUR)]),
    ],
    [
      "Request has expired",
      answer("403 Forbidden", {
        fields: [dateField(NOW + HOUR)],
        body: "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
      }),
    ],
    [
      "a refusal without a reason, as HEAD gets it",
      answer("403 Forbidden", { fields: [dateField(NOW + HOUR)] }),
    ],
  ] as const
) {
  Deno.test(`clock is corrected by the server's on ${what}`, async () => {
    await using cos = new CosStandIn((_, number) => number === 1 ? refused : STORED, {
      clock: new FakeClock(NOW),
    });
    await cos.store.put("a", [], free);
    await cos.store.put("b", [], free);
    assert.equal(cos.requests.length, 3);
    const [, second, third] = cos.requests;
    await assertSigned(second!, { now: NOW + HOUR });
    await assertSigned(third!, { now: NOW + HOUR });
    assert.deepEqual(cos.log.lines.map(({ level }) => level), ["warning"]);
  });
}

Deno.test("clock is corrected once a call only, and a refusal for other reasons stays one", async () => {
  await using cos = new CosStandIn(
    () => refusal("403 Forbidden", "RequestTimeTooSkewed", [dateField(NOW + HOUR)]),
    { clock: new FakeClock(NOW) },
  );
  await storeFailure(cos.store.put("a", [], free), {
    kind: "denied",
    code: "RequestTimeTooSkewed",
    mayHaveHappened: false,
  });
  assert.equal(cos.requests.length, 2);
  await storeFailure(cos.store.put("a", [], free), { kind: "denied" });
  assert.equal(cos.requests.length, 3);
});

Deno.test("refusal in time is final", async () => {
  await using cos = new CosStandIn(
    () => refusal("403 Forbidden", "AccessDenied", [dateField(NOW)]),
    { clock: new FakeClock(NOW) },
  );
  await storeFailure(cos.store.put("a", [], free), { kind: "denied", code: "AccessDenied" });
  assert.equal(cos.requests.length, 1);
});

import assert from "node:assert/strict";
import {
  encodeHead,
  type Framing,
  keepsAlive,
  MessageError,
  type MessageFault,
  requestFraming,
  responseFraming,
} from "../../src/net/http_head.ts";
import { MessageReader } from "../../src/net/http_message.ts";
import { bytesOf, ScriptedConnection, textOf } from "./scripted_connection.ts";

function reader(...pieces: (string | Uint8Array)[]): MessageReader {
  return new MessageReader(new ScriptedConnection(pieces));
}

async function request(text: string) {
  const head = await reader(text).readRequestHead();
  assert.ok(head);
  return head;
}

async function response(text: string) {
  const head = await reader(text).readResponseHead();
  assert.ok(head);
  return head;
}

function fails(reading: Promise<unknown>, fault: MessageFault): Promise<void> {
  return assert.rejects(
    reading,
    (error) => error instanceof MessageError && error.fault === fault,
  );
}

const collected = async (framing: Framing, ...pieces: (string | Uint8Array)[]) =>
  textOf(await reader(...pieces).body(framing).collect(1000));

Deno.test("request head split at any byte is read whole", async () => {
  const text = "PUT /a%20b?c HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nContent-Length: 3\r\n\r\nabc";
  for (let at = 1; at < text.length; at++) {
    const messages = reader(text.slice(0, at), text.slice(at));
    const head = await messages.readRequestHead();
    assert.equal(head?.method, "PUT");
    assert.equal(head.target, "/a%20b?c");
    assert.equal(head.version, "1.1");
    assert.deepEqual([...head.fields], [["host", "x"], ["x-empty", ""], ["content-length", "3"]]);
    assert.equal(textOf(await messages.body(requestFraming(head)).collect(10)), "abc");
    assert.equal(await messages.readRequestHead(), null);
  }
});

Deno.test("response head that comes byte by byte is read whole", async () => {
  const messages = reader(..."HTTP/1.1 503 Slow Down\nRetry-After: 1\n\n");
  const head = await messages.readResponseHead();
  assert.deepEqual(
    [head?.status, head?.reason, head?.fields.get("retry-after")],
    [503, "Slow Down", "1"],
  );
});

Deno.test("response head may lack a reason", async () => {
  assert.equal((await response("HTTP/1.1 200\r\n\r\n")).reason, "");
  assert.equal((await response("HTTP/1.0 200 \r\n\r\n")).version, "1.0");
});

Deno.test("head values lose blanks at their ends and keep every byte between", async () => {
  const { fields } = await request("GET / HTTP/1.1\r\nA: \t x\xa0\xff \xa0 \t\r\n\r\n");
  assert.equal(fields.get("a"), "x\xa0\xff \xa0");
});

Deno.test("repeated fields are joined in their order", async () => {
  const { fields } = await request("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\n");
  assert.equal(fields.get("a"), "1, 3");
});

Deno.test("requests that come together are read one after the other", async () => {
  const messages = reader(
    "\r\nGET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\n\r\nabGET /3 HTTP/1.1\r\n\r\n",
  );
  assert.equal((await messages.readRequestHead())?.target, "/1");
  assert.equal((await messages.readRequestHead())?.target, "/2");
  assert.equal(textOf(await messages.body(2).collect(2)), "ab");
  assert.ok(messages.hasSurplus);
  assert.equal((await messages.readRequestHead())?.target, "/3");
  assert.ok(!messages.hasSurplus);
});

const BROKEN_HEADS: Readonly<Record<string, string>> = {
  "a folded field": "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
  "a blank before the colon": "GET / HTTP/1.1\r\nA : b\r\n\r\n",
  "a field without a colon": "GET / HTTP/1.1\r\nA\r\n\r\n",
  "a field without a name": "GET / HTTP/1.1\r\n: b\r\n\r\n",
  "a CR within a value": "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n",
  "a NUL within a value": "GET / HTTP/1.1\r\nA: b\0\r\n\r\n",
  "a target with a blank": "GET /a b HTTP/1.1\r\n\r\n",
  "no version": "GET /\r\n\r\n",
  "version 2": "GET / HTTP/2.0\r\n\r\n",
  "too many empty lines": "\r\n".repeat(6) + "GET / HTTP/1.1\r\n\r\n",
};
for (const [what, text] of Object.entries(BROKEN_HEADS)) {
  Deno.test(`request head with ${what} is malformed`, () =>
    fails(reader(text).readRequestHead(), "malformed"));
}

for (
  const line of ["HTTP/1.1 20 OK", "HTTP/1.1 099 OK", "HTTP/3 200 OK", "ICY 200 OK", "HTTP/1.1200"]
) {
  Deno.test(`status line "${line}" is malformed`, () =>
    fails(reader(`${line}\r\n\r\n`).readResponseHead(), "malformed"));
}

Deno.test("head that never ends is refused at the limit", async () => {
  const endless = Array.from({ length: 1000 }, () => bytesOf("A: b\r\n".repeat(100)));
  const connection = new ScriptedConnection(["HTTP/1.1 200 OK\r\n", ...endless]);
  await fails(
    new MessageReader(connection, { headMax: 10_000 }).readResponseHead(),
    "too-large",
  );
  assert.ok(connection.readInto.length < 20, `${connection.readInto.length} reads`);
});

Deno.test("head of the largest size is read, and not one byte more", async () => {
  const head = `HTTP/1.1 200 OK\r\nA: ${"x".repeat(50_000)}\r\n\r\n`;
  const sized = (headMax: number) =>
    new MessageReader(new ScriptedConnection([head]), { headMax }).readResponseHead();
  assert.equal((await sized(head.length))?.fields.get("a")?.length, 50_000);
  await fails(sized(head.length - 1), "too-large");
});

Deno.test("head that breaks off is truncated", () =>
  fails(reader("GET / HTTP/1.1\r\nHost: x\r\n").readRequestHead(), "truncated"));

Deno.test("body of known length is read straight into the caller's buffer", async () => {
  const connection = new ScriptedConnection(["HTTP/1.1 200 OK\r\n\r\nab", "cdef", "gh", "next"]);
  const messages = new MessageReader(connection);
  await messages.readResponseHead();
  const body = messages.body(8);
  const into = new Uint8Array(100);
  assert.equal(await body.read(into), 2);
  assert.equal(await body.read(into.subarray(2)), 4);
  assert.ok(!body.ended);
  assert.equal(await body.read(into.subarray(6)), 2);
  assert.ok(body.ended);
  assert.equal(await body.read(into), null);
  assert.equal(textOf(into.subarray(0, 8)), "abcdefgh");
  const [, second, third] = connection.readInto;
  assert.equal(second!.buffer, into.buffer);
  assert.equal(third!.buffer, into.buffer);
  assert.equal(second!.length, 6, "no byte behind the body may be read");
});

Deno.test("empty body has ended before it is read", async () => {
  const body = reader("next").body(0);
  assert.ok(body.ended);
  assert.equal(await body.read(new Uint8Array(1)), null);
});

Deno.test("body of known length that breaks off is truncated", () =>
  fails(collected(5, "abc"), "truncated"));

Deno.test("body until the end of the connection is read to there", async () => {
  assert.equal(await collected("until-close", "abc", "def"), "abcdef");
  assert.equal(await collected("until-close"), "");
});

Deno.test("body is collected up to the limit only", async () => {
  const exact = "x".repeat(1000);
  assert.equal(await collected(1000, exact), exact);
  assert.equal(await collected("until-close", exact), exact);
  await fails(collected(1001, exact + "x"), "too-large");
  await fails(collected("until-close", exact, "x"), "too-large");
});

Deno.test("chunked body split at any byte is read whole, and what follows it stays", async () => {
  const text = '4;a="b"\r\nWiki\r\n00b \r\npedia in\r\n\r\r\n0\r\nTrailer: x\r\n\r\n';
  for (let at = 1; at < text.length; at++) {
    const messages = reader(text.slice(0, at), text.slice(at) + "GET / HTTP/1.1\r\n\r\n");
    assert.equal(textOf(await messages.body("chunked").collect(100)), "Wikipedia in\r\n\r");
    assert.equal((await messages.readRequestHead())?.target, "/");
  }
});

Deno.test("large chunk is read straight into the caller's buffer", async () => {
  const connection = new ScriptedConnection([
    "100000\r\n",
    new Uint8Array(0x100000),
    "\r\n0\r\n\r\n",
  ]);
  const body = new MessageReader(connection).body("chunked");
  const into = new Uint8Array(1 << 20);
  assert.equal(await body.read(into), 0x100000);
  assert.equal(connection.readInto.at(-1)!.buffer, into.buffer);
  assert.equal(await body.read(into), null);
});

const BROKEN_CHUNKS: Readonly<Record<string, readonly [MessageFault, string]>> = {
  "a size that is no number": ["malformed", "x\r\n"],
  "a negative size": ["malformed", "-1\r\n"],
  "a size of more than 48 bits": ["malformed", "1000000000000\r\n"],
  "no size": ["malformed", "\r\n"],
  "more bytes than announced": ["malformed", "1\r\nab\r\n0\r\n\r\n"],
  "an endless size line": ["too-large", "1;" + "x".repeat(2000)],
  "an endless trailer section": ["too-large", "0\r\n" + "A: b\r\n".repeat(2000)],
  "an end within a chunk": ["truncated", "5\r\nab"],
  "an end before the last chunk": ["truncated", "2\r\nab\r\n"],
  "an end within the trailer section": ["truncated", "0\r\nA: b\r\n"],
};
for (const [what, [fault, text]] of Object.entries(BROKEN_CHUNKS)) {
  Deno.test(`chunked body with ${what} is ${fault}`, () =>
    fails(collected("chunked", text), fault));
}

const FRAMINGS: readonly (readonly [fields: string, request: Framing, response: Framing])[] = [
  ["", 0, "until-close"],
  ["Content-Length: 0", 0, 0],
  ["Content-Length: 5", 5, 5],
  ["Content-Length: 5\r\nContent-Length: 5", 5, 5],
  ["Transfer-Encoding: Chunked", "chunked", "chunked"],
];
for (const [fields, ofRequest, ofResponse] of FRAMINGS) {
  Deno.test(`framing by "${fields.replace("\r\n", ", ")}"`, async () => {
    const lines = fields && `${fields}\r\n`;
    assert.equal(requestFraming(await request(`PUT / HTTP/1.1\r\n${lines}\r\n`)), ofRequest);
    const head = await response(`HTTP/1.1 200 OK\r\n${lines}\r\n`);
    assert.equal(responseFraming(head, "GET"), ofResponse);
    assert.equal(responseFraming(head, "HEAD"), 0);
    for (const status of [204, 304]) {
      assert.equal(responseFraming({ ...head, status }, "GET"), 0);
    }
  });
}

for (
  const fields of [
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5, 6",
    "Content-Length: +5",
    "Content-Length: 0x5",
    "Content-Length: 9007199254740993",
    "Content-Length:",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
  ]
) {
  Deno.test(`framing by "${fields.replace("\r\n", ", ")}" is malformed`, async () => {
    const head = await request(`PUT / HTTP/1.1\r\n${fields}\r\n\r\n`);
    assert.throws(() => requestFraming(head), MessageError);
  });
}

Deno.test("framing by chunks in HTTP/1.0 is malformed", async () => {
  const head = await request("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
  assert.throws(() => requestFraming(head), MessageError);
});

for (
  const [version, connection, expected] of [
    ["1.1", "", true],
    ["1.1", "Connection: Keep-Alive", true],
    ["1.1", "Connection: upgrade, Close", false],
    ["1.0", "", false],
    ["1.0", "Connection: keep-alive", true],
    ["1.0", "Connection: keep-alive, close", false],
  ] as const
) {
  Deno.test(`HTTP/${version} with "${connection}" keeps the connection: ${expected}`, async () => {
    const fields = connection && `${connection}\r\n`;
    assert.equal(keepsAlive(await response(`HTTP/${version} 200 OK\r\n${fields}\r\n`)), expected);
  });
}

Deno.test("encoded head is one byte a character", () => {
  const head = encodeHead("HTTP/1.1 200 OK", [["A", "b"], ["X-Name", "\xff\xc3\xa9"]]);
  assert.equal(textOf(head), "HTTP/1.1 200 OK\r\nA: b\r\nX-Name: \xff\xc3\xa9\r\n\r\n");
});

for (const value of ["a\r\nB: c", "a\nb", "a\0", "日本"]) {
  Deno.test(`encoded head refuses the value ${JSON.stringify(value)}`, () => {
    assert.throws(() => encodeHead("GET / HTTP/1.1", [["A", value]]), TypeError);
    assert.throws(() => encodeHead(`GET /${value} HTTP/1.1`, []), TypeError);
  });
}

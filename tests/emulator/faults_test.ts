import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { systemDialer } from "../../src/net/connection.ts";
import { MessageReader } from "../../src/net/http_message.ts";
import type { Emulator } from "../../src/emulator/emulator.ts";
import type { Fault, FaultRule } from "../../src/emulator/faults.ts";
import type { RawClient } from "./raw_client.ts";
import { readAnswer } from "./raw_client.ts";
import { BUCKET, elements, outcome, startForTest } from "./running.ts";

const PATH = `/${BUCKET}/k`;
const HELLO_CRC64 = "11177612005948864433";

type Running = Emulator & { client: RawClient };

const put = (client: RawClient, body: Uint8Array | string = "hello", headers = {}) =>
  client.send({ method: "PUT", path: PATH, body, headers });
const get = (client: RawClient) => client.send({ method: "GET", path: PATH });

/** Runs `act` against an emulator on which `rule` is switched on after `k` was stored as "old". */
async function withFault(
  fault: Fault,
  act: (emulator: Running) => Promise<void>,
  rule: Omit<FaultRule, "fault"> = {},
): Promise<void> {
  await using emulator = await startForTest();
  await put(emulator.client, "old");
  emulator.faults.add({ times: 1, ...rule, fault });
  await act(emulator);
}

Deno.test("error fault is answered before the body is read, and the request has no effect", async () => {
  await withFault({ kind: "error", status: 503, code: "SlowDown" }, async ({ client, traffic }) => {
    const answer = await put(client, new Uint8Array(8 * 1024 * 1024));
    assert.equal(outcome(answer), "503 SlowDown");
    assert.deepEqual(elements(answer, "RequestId"), [answer.headers.get("x-cos-request-id")]);
    assert.equal(traffic.count("PutObject").received, 3);
    assert.equal((await get(client)).text, "old");
  });
});

Deno.test("error-in-200 fault looks like success and has no effect", async () => {
  await withFault({ kind: "error-in-200", code: "InternalError" }, async ({ client }) => {
    assert.equal(outcome(await put(client)), "200 InternalError");
    assert.equal((await get(client)).text, "old");
  });
});

Deno.test("reset-before-answer fault ends the connection, and the request has no effect", async () => {
  await withFault({ kind: "reset-before-answer" }, async ({ client }) => {
    await assert.rejects(put(client), /ended before it|reset/i);
    assert.equal((await get(client)).text, "old");
  });
});

Deno.test("reset-in-request fault ends the connection in the middle of the body", async () => {
  await withFault({ kind: "reset-in-request" }, async ({ client, traffic }) => {
    await assert.rejects(put(client, new Uint8Array(1_000_000)), /ended before it|reset/i);
    assert.equal(traffic.count("PutObject").received, 3 + 500_000);
    assert.equal((await get(client)).text, "old");
  });
});

Deno.test("lose-answer fault ends the connection after the request took effect", async () => {
  await withFault({ kind: "lose-answer" }, async ({ client }) => {
    await assert.rejects(put(client), /ended before it|reset/i);
    assert.equal((await get(client)).text, "hello");
  });
});

Deno.test("reset-in-answer fault ends the connection in the middle of the answer's head", async () => {
  await withFault({ kind: "reset-in-answer" }, async ({ client }) => {
    await assert.rejects(put(client), /ended within the head/);
    assert.equal((await get(client)).text, "hello");
  });
});

Deno.test("truncate-answer fault ends the connection in the middle of the answer's body", async () => {
  await withFault({ kind: "truncate-answer" }, async ({ client, address }) => {
    await put(client, "0123456789");
    const { signal } = new AbortController();
    using connection = await systemDialer.connect(address, signal);
    await connection.write(client.head({ method: "GET", path: PATH }));
    const reader = new MessageReader(connection);
    const head = await reader.readResponseHead();
    assert.equal(head!.fields.get("content-length"), "10");
    const body = reader.body(10);
    const bytes = new Uint8Array(10);
    assert.equal(await body.read(bytes), 5);
    assert.equal(new TextDecoder().decode(bytes.subarray(0, 5)), "01234");
    await assert.rejects(body.read(bytes), /ended within the body/);
  }, { operation: "GetObject" });
});

Deno.test("timeout fault answers nothing, until the client gives up or the emulator is closed", async () => {
  await withFault({ kind: "timeout" }, async ({ client, address, traffic, close }) => {
    const { signal } = new AbortController();
    const connection = await systemDialer.connect(address, signal);
    await connection.write(client.head({ method: "GET", path: PATH }));
    await traffic.begun("GetObject");
    connection.close();
    await traffic.ended("GetObject");
    const waiting = assert.rejects(get(client), /ended before it|reset/i);
    await traffic.begun("GetObject", 2);
    await close();
    await waiting;
  }, { operation: "GetObject", times: 2 });
});

Deno.test("corrupt-request fault damages what is stored, unless an MD5 came along", async () => {
  await withFault({ kind: "corrupt-request" }, async ({ client }) => {
    const md5 = { "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==" };
    assert.equal(outcome(await put(client, "hello", md5)), "400 BadDigest");
    assert.equal((await get(client)).text, "old");
    const answer = await put(client);
    assert.equal(outcome(answer), "200");
    assert.notEqual(answer.headers.get("x-cos-hash-crc64ecma"), HELLO_CRC64);
    assert.notEqual((await get(client)).text, "hello");
  }, { times: undefined, operation: "PutObject" });
});

Deno.test("corrupt-answer fault damages what is read but not what is stored", async () => {
  await withFault({ kind: "corrupt-answer" }, async ({ client }) => {
    await put(client);
    const damaged = await get(client);
    assert.equal(damaged.headers.get("x-cos-hash-crc64ecma"), HELLO_CRC64);
    assert.equal(damaged.body.length, 5);
    assert.notEqual(damaged.text, "hello");
    assert.equal((await get(client)).text, "hello");
  }, { operation: "GetObject" });
});

Deno.test("corrupt-checksum fault changes the CRC-64 of the answer only", async () => {
  await withFault({ kind: "corrupt-checksum" }, async ({ client }) => {
    const answer = await put(client);
    assert.equal(outcome(answer), "200");
    const told = answer.headers.get("x-cos-hash-crc64ecma")!;
    assert.match(told, /^\d+$/);
    assert.notEqual(told, HELLO_CRC64);
    assert.equal((await get(client)).headers.get("x-cos-hash-crc64ecma"), HELLO_CRC64);
  });
});

Deno.test("latency fault and the emulator's own latency hold a request back together", async () => {
  const clock = new FakeClock();
  await using emulator = await startForTest({ clock, latency: 20 });
  emulator.faults.add({ fault: { kind: "latency", milliseconds: 30 } });
  const answer = put(emulator.client);
  await emulator.traffic.begun("PutObject");
  clock.advance(49);
  assert.equal(emulator.traffic.count("PutObject").received, 0);
  assert.equal(clock.pending, 1);
  clock.advance(1);
  assert.equal(outcome(await answer), "200");
});

Deno.test("closing the emulator ends a request that is held back", async () => {
  const clock = new FakeClock();
  const emulator = await startForTest({ clock, latency: 1000 });
  const refused = assert.rejects(get(emulator.client), /ended before it|reset/i);
  await emulator.traffic.begun("GetObject");
  await emulator.close();
  await refused;
});

Deno.test("fault hits the requests its rule names, as often as it says", async () => {
  await using emulator = await startForTest();
  const { client, faults } = emulator;
  const error: Fault = { kind: "error", status: 500, code: "InternalError" };
  const rule = { operation: "PutObject", key: "a*c.t?t", skip: 1, times: 2 } as const;
  using _rule = faults.add({ ...rule, fault: error });
  const send = async (method: string, key: string) =>
    (await client.send({ method, path: `/${BUCKET}/${key}` })).status;
  assert.equal(await send("PUT", "ac.t?t"), 200); // skipped
  assert.equal(await send("PUT", "ac.txt"), 200); // other key
  assert.equal(await send("GET", "ac.t?t"), 200); // other operation
  assert.deepEqual(faults.rules, [{ ...rule, skip: 0, fault: error }]);
  assert.equal(await send("PUT", "a/b/c.t?t"), 500);
  assert.equal(await send("PUT", "abc.t?t"), 500);
  assert.equal(await send("PUT", "abc.t?t"), 200); // used up
  assert.deepEqual(faults.rules, []);
});

Deno.test("fault rule ends when it is disposed of", async () => {
  await using emulator = await startForTest();
  const rule = emulator.faults.add({
    fault: { kind: "error", status: 500, code: "InternalError" },
  });
  assert.equal((await get(emulator.client)).status, 500);
  rule[Symbol.dispose]();
  assert.equal((await get(emulator.client)).status, 404);
});

Deno.test("request that is not signed is no request a fault is for", async () => {
  await withFault({ kind: "timeout" }, async ({ client, faults, traffic }) => {
    const answer = await client.send({ method: "GET", path: PATH, keys: null });
    assert.equal(outcome(answer), "403 AccessDenied");
    assert.equal(faults.rules.length, 1);
    assert.equal(traffic.count("GetObject").begun, 0);
  });
});

Deno.test("client that leaves in the middle of its body changes nothing", async () => {
  await using emulator = await startForTest();
  const { client, address, traffic } = emulator;
  await put(client, "old");
  const { signal } = new AbortController();
  const connection = await systemDialer.connect(address, signal);
  await connection.write(
    client.head({ method: "PUT", path: PATH, headers: { "Content-Length": "10" } }),
  );
  await connection.write(new Uint8Array(5));
  await traffic.begun("PutObject", 2);
  connection.close();
  await traffic.ended("PutObject", 2);
  assert.equal((await get(client)).text, "old");
});

Deno.test("control endpoint switches faults on and tells what came in", async (t) => {
  await using emulator = await startForTest();
  const { client } = emulator;
  const control = async (method: string, path: string, body?: string) => {
    const answer = await client.send({ method, path: `/_emulator/${path}`, body, keys: null });
    return { status: answer.status, value: JSON.parse(answer.text) };
  };
  await t.step("faults", async () => {
    const rules = [{
      operation: "GetObject",
      times: 1,
      fault: { kind: "error", code: "SlowDown" },
    }];
    const answer = await control("PUT", "faults", JSON.stringify(rules));
    assert.equal(answer.status, 200);
    assert.deepEqual(await control("GET", "faults"), answer);
    assert.deepEqual(answer.value[0].fault, { kind: "error", code: "SlowDown", status: 503 });
    assert.equal(outcome(await get(client)), "503 SlowDown");
    assert.equal(outcome(await get(client)), "404 NoSuchKey");
  });
  await t.step("requests", async () => {
    await emulator.traffic.ended("GetObject", 2);
    const { value } = await control("GET", "requests");
    assert.deepEqual(value, { GetObject: { begun: 2, ended: 2, received: 0 } });
  });
  await t.step("all off", async () => {
    await control("PUT", "faults", '[{"fault": {"kind": "timeout"}}]');
    assert.deepEqual(await control("DELETE", "faults"), { status: 200, value: [] });
    assert.equal(outcome(await get(client)), "404 NoSuchKey");
  });
  const wrong = [
    ["[", /JSON/],
    ["{}", /no array/],
    ['[{"fault": {"kind": "explode"}}]', /kind is "explode", wanted latency, error/],
    ['[{"fault": {"kind": "error"}}]', /code is missing/],
    ['[{"fault": {"kind": "error", "code": "Odd"}}]', /status is missing and Odd is not known/],
    ['[{"fault": {"kind": "latency"}}]', /milliseconds is undefined/],
    ['[{"fault": {"kind": "timeout", "after": 1}}]', /a fault has "after"/],
    ['[{"operation": "Put", "fault": {"kind": "timeout"}}]', /operation is "Put", wanted GetSer/],
    ['[{"times": -1, "fault": {"kind": "timeout"}}]', /times is -1/],
    ['[{"key": 1, "fault": {"kind": "timeout"}}]', /key is no string/],
    ['[{"keys": "x", "fault": {"kind": "timeout"}}]', /a rule has "keys"/],
  ] as const;
  for (const [body, message] of wrong) {
    await t.step(`refuses ${body}`, async () => {
      const { status, value } = await control("PUT", "faults", body);
      assert.equal(status, 400);
      assert.match(value.error, message);
      assert.deepEqual(emulator.faults.rules, []);
    });
  }
  await t.step("knows nothing else", async () => {
    assert.equal((await control("GET", "other")).status, 404);
  });
  await t.step("is an object like any other where the host names a bucket", async () => {
    const host = `${BUCKET}.cos.x.myqcloud.com`;
    const answer = await client.send({ method: "GET", path: "/_emulator/faults", host });
    assert.equal(outcome(answer), "404 NoSuchKey");
  });
});

Deno.test("requests are served side by side, 200 at once", async () => {
  const clock = new FakeClock();
  await using emulator = await startForTest({ clock, latency: 1 });
  const { client, traffic } = emulator;
  const answers = Array.from(
    { length: 200 },
    (_, i) => client.send({ method: "PUT", path: `${PATH}${i}`, body: `${i}` }),
  );
  await traffic.begun("PutObject", 200);
  assert.equal(traffic.count("PutObject").ended, 0);
  clock.advance(1);
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200);
});

Deno.test("connection goes on after errors and serves the next request", async () => {
  await using emulator = await startForTest();
  const { client, address } = emulator;
  const { signal } = new AbortController();
  using connection = await systemDialer.connect(address, signal);
  const reader = new MessageReader(connection);
  for (
    const [method, status] of [["GET", 404], ["DELETE", 204], ["HEAD", 404], ["GET", 404]] as const
  ) {
    await connection.write(client.head({ method, path: PATH }));
    assert.equal((await readAnswer(reader, method)).status, status);
  }
});

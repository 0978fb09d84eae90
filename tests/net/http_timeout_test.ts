import assert from "node:assert/strict";
import { HttpClient } from "../../src/net/http_client.ts";
import { type Dialer, nextTurn } from "../../src/net/connection.ts";
import { FakeClock } from "../fake_clock.ts";
import { answer, failure, Harness } from "./http_client_harness.ts";
import { textOf } from "./scripted_connection.ts";

/** Never connects, and gives up when it is told to. */
const deafDialer: Dialer = {
  connect: (_address, signal) =>
    new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
    }),
  connectTls(address, signal) {
    return this.connect(address, signal);
  },
  startTls: () => Promise.reject(new Error("No connection to speak TLS over")),
};

function deafRequest(client: HttpClient, signal: AbortSignal) {
  return client.request({
    origin: { secure: true, hostname: "192.0.2.1", port: 443 },
    method: "GET",
    target: "/",
    headers: { host: "192.0.2.1" },
    body: [],
    repeatable: true,
    signal,
  });
}

Deno.test("connecting is given up after its timeout", async () => {
  const clock = new FakeClock();
  using client = new HttpClient({ dialer: deafDialer, clock, timeouts: { connect: 5_000 } });
  const request = deafRequest(client, new AbortController().signal);
  clock.advance(4_999);
  clock.advance(1);
  await failure(request, "timeout", { requestSent: false });
  assert.equal(clock.pending, 0);
});

Deno.test("waiting for a connection is given up after the same timeout", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write(answer("abc"));
    await peer.gone();
  }, { maxConnections: 1, timeouts: { connect: 5_000 } });
  using response = await harness.send();
  const waiting = harness.send();
  harness.clock.advance(5_000);
  await failure(waiting, "timeout", { requestSent: false });
  assert.equal(textOf(await response.collect(3)), "abc");
});

Deno.test("the wait for an answer is given up after its timeout", async () => {
  const arrived = Promise.withResolvers<void>();
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    arrived.resolve();
    await peer.gone();
  }, { timeouts: { firstByte: 20_000 } });
  const request = harness.send({ method: "PUT", text: "abc" });
  await arrived.promise;
  harness.clock.advance(20_000);
  await failure(request, "timeout", { requestSent: true });
  await harness.dialer.connections[0]!.closed;
});

Deno.test("a request may bring its own patience", async () => {
  const arrived = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    arrived.resolve();
    await go.promise;
    await peer.write(answer("late"));
  }, { timeouts: { firstByte: 20_000 } });
  const request = harness.text({ firstByteTimeout: 300_000 });
  await arrived.promise;
  harness.clock.advance(299_999);
  go.resolve();
  assert.equal(await request, "late");
});

Deno.test("a body that nobody takes is given up, and has not arrived", async () => {
  const arrived = Promise.withResolvers<void>();
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    arrived.resolve();
    await harness.dialer.connections[0]!.closed;
  }, { timeouts: { firstByte: 20_000 } });
  const request = harness.send({ method: "PUT", body: Array(100).fill(new Uint8Array(1 << 20)) });
  await arrived.promise;
  harness.clock.advance(20_000);
  await failure(request, "timeout", { requestSent: false });
});

Deno.test("progress in sending begins the wait anew", async () => {
  const pieces = 64;
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    for (let piece = 0; piece < pieces; piece++) {
      await peer.readBytes(1 << 20);
      harness.clock.advance(2_000);
    }
    await peer.write(answer("slow"));
  }, { timeouts: { firstByte: 60_000 } });
  const body = Array(pieces).fill(new Uint8Array(1 << 20));
  assert.equal(await harness.text({ method: "PUT", body }), "slow");
});

Deno.test("a body that stalls is given up, but never while nobody reads it", async () => {
  const more = Promise.withResolvers<void>();
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    await more.promise;
    await peer.write("def");
    await peer.gone();
  }, { timeouts: { stall: 10_000 } });
  using response = await harness.send();
  const into = new Uint8Array(10);
  harness.clock.advance(100_000);
  assert.equal(await response.read(into), 3);
  harness.clock.advance(100_000);
  const second = response.read(into);
  harness.clock.advance(9_999);
  more.resolve();
  assert.equal(await second, 3);
  const stalled = response.read(into);
  harness.clock.advance(10_000);
  await failure(stalled, "timeout", { requestSent: true });
  await harness.dialer.connections[0]!.closed;
});

Deno.test("abort ends connecting with the signal's reason", async () => {
  const clock = new FakeClock();
  using client = new HttpClient({ dialer: deafDialer, clock });
  const abort = new AbortController();
  const request = deafRequest(client, abort.signal);
  const reason = new Error("enough");
  abort.abort(reason);
  await assert.rejects(request, (error) => error === reason);
  assert.equal(clock.pending, 0);
});

Deno.test("abort ends waiting for a connection, and the next in line is served", async () => {
  await using harness = new Harness(async (peer) => {
    while (await peer.readHead() !== null) await peer.write(answer("abc"));
  }, { maxConnections: 1 });
  using response = await harness.send();
  const abort = new AbortController();
  const reason = new Error("enough");
  const given = harness.send({ signal: abort.signal });
  const next = harness.text();
  abort.abort(reason);
  await assert.rejects(given, (error) => error === reason);
  await response.collect(3);
  assert.equal(await next, "abc");
});

Deno.test("abort ends the wait for an answer and closes the connection", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    abort.abort(reason);
    await peer.gone();
  });
  await assert.rejects(harness.send({ signal: abort.signal }), (error) => error === reason);
  await harness.dialer.connections[0]!.closed;
});

Deno.test("abort ends a body, also between reads", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    await peer.gone();
  });
  const abort = new AbortController();
  const reason = new Error("enough");
  using response = await harness.send({ signal: abort.signal });
  const into = new Uint8Array(10);
  await response.read(into);
  abort.abort(reason);
  await harness.dialer.connections[0]!.closed;
  await assert.rejects(response.read(into), (error) => error === reason);
});

Deno.test("a request whose signal has aborted is not sent", async () => {
  await using harness = new Harness(async (peer) => {
    while (await peer.readHead() !== null) await peer.write(answer("abc"));
  });
  await harness.text();
  const reason = new Error("enough");
  await assert.rejects(
    harness.send({ signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
  const abort = new AbortController();
  const request = harness.send({ signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(request, (error) => error === reason);
  assert.equal(harness.dialer.connections[0]!.written.length, 1);
});

Deno.test("body that is read as a whole is given up in the end, however steadily it drips", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (let second = 0; second < 20; second++) {
      await peer.write("x");
      await nextTurn();
      harness.clock.advance(1_000);
    }
    await peer.gone();
  }, { timeouts: { stall: 5_000, collect: 10_000 } });
  using response = await harness.send();
  await failure(response.collect(1_000), "timeout", { requestSent: true });
  assert.equal(harness.clock.pending, 0);
});

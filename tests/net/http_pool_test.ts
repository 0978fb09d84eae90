import assert from "node:assert/strict";
import type { Dialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { FakeClock } from "../fake_clock.ts";
import { answer, failure, Harness } from "./http_client_harness.ts";
import type { Peer } from "./raw_server.ts";

/** Answers each request with the connection's number. */
async function echoNumber(peer: Peer, connection: number): Promise<void> {
  while (await peer.readHead() !== null) await peer.write(answer(`${connection}`));
}

/** Answers the first request and leaves after the second has come. */
async function dieOnSecond(peer: Peer, connection: number): Promise<void> {
  if (connection > 1) return await echoNumber(peer, connection);
  await peer.readHead();
  await peer.write(answer("1"));
  await peer.readHead();
}

Deno.test("pool replaces a kept connection that dies without an answer, once and silently", async () => {
  await using harness = new Harness(dieOnSecond);
  assert.equal(await harness.text(), "1");
  using response = await harness.send({ method: "PUT", text: "abc" });
  assert.equal(new TextDecoder().decode(await response.collect(10)), "2");
  assert.ok(response.repeated);
});

Deno.test("pool remembers that the request may have arrived before", async () => {
  await using harness = new Harness(dieOnSecond);
  await harness.text();
  harness.dialer.refusing = true;
  await failure(harness.text({ method: "PUT" }), "not-connected", { requestSent: true });
});

Deno.test("pool leaves the doubt to the caller when the request must not be repeated", async () => {
  await using harness = new Harness(dieOnSecond);
  await harness.text();
  await failure(harness.text({ method: "POST", repeatable: false }), "lost", { requestSent: true });
  assert.equal(harness.server.connections, 1);
});

Deno.test("pool repeats what cannot have arrived whole, whatever it is", async () => {
  const body = Array(100).fill(new Uint8Array(1 << 20));
  let received = 0;
  await using harness = new Harness(async (peer, connection) => {
    await peer.readHead();
    if (connection === 1) {
      await peer.write(answer("1"));
      await peer.readHead();
      return;
    }
    received = (await peer.readBytes(100 << 20)).length;
    await peer.write(answer("2"));
  });
  await harness.text();
  assert.equal(await harness.text({ method: "POST", repeatable: false, body }), "2");
  assert.equal(received, 100 << 20);
});

Deno.test("pool does not repeat after the first byte of an answer", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write(answer("1"));
    await peer.readHead();
    await peer.write("HTTP/1.1 200");
  });
  await harness.text();
  await failure(harness.text(), "lost", { requestSent: true });
  assert.equal(harness.server.connections, 1);
});

Deno.test("pool does not repeat on a connection that was new", async () => {
  await using harness = new Harness(async (peer) => void await peer.readHead());
  await failure(harness.text(), "lost", { requestSent: true });
  assert.equal(harness.server.connections, 1);
});

Deno.test("pool drops an idle connection as soon as the server leaves", async () => {
  await using harness = new Harness(async (peer, connection) => {
    await peer.readHead();
    await peer.write(answer(`${connection}`));
    if (connection > 1) await peer.gone();
  });
  await harness.text();
  await harness.dialer.connections[0]!.closed;
  assert.equal(await harness.text({ method: "POST", repeatable: false }), "2");
});

Deno.test("pool drops an idle connection on which the server speaks unasked", async () => {
  await using harness = new Harness(async (peer, connection) => {
    await peer.readHead();
    await peer.write(answer(`${connection}`));
    if (connection === 1) await peer.write("HTTP/1.1 408 Request Timeout\r\n\r\n");
    await peer.gone();
  });
  await harness.text();
  await harness.dialer.connections[0]!.closed;
  assert.equal(await harness.text(), "2");
});

Deno.test("pool drops a connection on which more came than was asked for", async () => {
  await using harness = new Harness(async (peer, connection) => {
    await peer.readHead();
    await peer.write(answer(`${connection}`) + answer("smuggled"));
    await peer.gone();
  });
  assert.equal(await harness.text(), "1");
  assert.equal(await harness.text(), "2");
});

for (
  const [what, bytes] of [
    ["more than was asked for", answer("1") + answer("smuggled")],
    ["all that it ever will", "HTTP/1.1 200 OK\r\n\r\n1"],
  ] as const
) {
  Deno.test(`pool hands no connection on that has brought ${what}`, async () => {
    await using harness = new Harness(async (peer, connection) => {
      await peer.readHead();
      await peer.write(connection === 1 ? bytes : answer(`${connection}`));
    }, { maxConnections: 1 });
    const first = harness.text();
    const waiting = harness.text({ repeatable: false });
    assert.deepEqual([await first, await waiting], ["1", "2"]);
  });
}

Deno.test("pool trusts what must not be repeated to a connection that was used just now only", async () => {
  await using harness = new Harness(echoNumber);
  assert.equal(await harness.text(), "1");
  assert.equal(await harness.text({ repeatable: false }), "1");
  harness.clock.advance(1_000);
  assert.equal(await harness.text({ repeatable: false }), "2");
});

Deno.test("pool closes connections that were idle too long, and keeps the others", async () => {
  await using harness = new Harness(echoNumber, { idleTimeout: 10_000 });
  const [first, second] = await Promise.all([harness.send(), harness.send()]);
  await first.collect(10);
  harness.clock.advance(6_000);
  await second.collect(10);
  harness.clock.advance(6_000);
  const closed = harness.dialer.connections.map(({ closed }) => closed);
  await Promise.race(closed);
  assert.equal(harness.clock.pending, 1, "the other one's timer");
  await harness.text();
  assert.equal(harness.server.connections, 2);
});

Deno.test("pool uses the connection that was used last", async () => {
  await using harness = new Harness(echoNumber);
  const [first, second] = await Promise.all([harness.send(), harness.send()]);
  const number = async (response: typeof first) =>
    new TextDecoder().decode(await response.collect(10));
  await number(first);
  harness.clock.advance(5_000);
  const last = await number(second);
  assert.equal(await harness.text(), last);
  assert.equal(await harness.text({ repeatable: false }), last);
});

Deno.test("pool opens no more connections than allowed, and serves those who wait in their order", async () => {
  await using harness = new Harness(echoNumber, { maxConnections: 2 });
  const held = await Promise.all([harness.send(), harness.send()]);
  const served: number[] = [];
  const waiting = [1, 2, 3, 4].map(async (number) => {
    await harness.text();
    served.push(number);
  });
  for (const response of held) await response.collect(10);
  await Promise.all(waiting);
  assert.deepEqual(served, [1, 2, 3, 4]);
  assert.equal(harness.server.connections, 2);
});

Deno.test("pool gives the place of a broken connection to who waits", async () => {
  await using harness = new Harness(echoNumber, { maxConnections: 1 });
  const response = await harness.send();
  const waiting = harness.text();
  response[Symbol.dispose]();
  assert.equal(await waiting, "2");
});

Deno.test("pool gives the place of a failed attempt to who waits", async () => {
  let attempts = 0;
  const connect = () => {
    attempts++;
    return Promise.reject(new Deno.errors.ConnectionRefused("refused"));
  };
  const dialer: Dialer = { connect, connectTls: connect, startTls: connect };
  using client = new HttpClient({ dialer, clock: new FakeClock(), maxConnections: 1 });
  const send = () =>
    client.request({
      origin: { secure: true, hostname: "cos.test", port: 443 },
      method: "GET",
      target: "/",
      headers: { host: "cos.test" },
      body: [],
      repeatable: true,
      signal: new AbortController().signal,
    });
  const errors = await Promise.all(
    [send(), send(), send()].map((request) =>
      failure(request, "not-connected", { requestSent: false })
    ),
  );
  assert.ok(errors.every(({ cause }) => cause instanceof Deno.errors.ConnectionRefused));
  assert.equal(attempts, 3);
});

Deno.test("pool replaces an idle connection that is too old for the request when there may be no more", async () => {
  await using harness = new Harness(echoNumber, { maxConnections: 1 });
  await harness.text();
  harness.clock.advance(5_000);
  assert.equal(await harness.text({ repeatable: false }), "2");
  await harness.dialer.connections[0]!.closed;
});

Deno.test("a client forgets origins without connections when there are many", async () => {
  await using harness = new Harness(echoNumber);
  assert.equal(await harness.text(), "1");
  harness.dialer.refusing = true;
  for (let number = 0; number < 300; number++) {
    const origin = { secure: false, hostname: `bucket-${number}.test`, port: 80 };
    await failure(harness.send({ origin }), "not-connected");
  }
  assert.ok(harness.client.origins <= 256, `${harness.client.origins}`);
  assert.equal(await harness.text(), "1");
});

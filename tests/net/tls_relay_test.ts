import assert from "node:assert/strict";
import { type Connection, listen, nextTurn } from "../../src/net/connection.ts";
import type { TlsEnding } from "../../src/net/tls_connection.ts";
import { TlsRelay } from "../../src/net/tls_relay.ts";
import { noise } from "../checksum/noise.ts";
import { LOCALHOST } from "./localhost_certificate.ts";

const never = () => new AbortController().signal;

/** Of a connection that must end in good order, and that is written to after that. */
const ENDING = { truncation: "reject", halfClose: true } as const;

/** A connection whose reading a test ends, and whose writing it holds up. */
class TamperedWire implements Connection {
  readonly #conn: Connection;
  readonly #ended = Promise.withResolvers<null>();
  readonly #closed = Promise.withResolvers<never>();
  #held: Promise<void> = Promise.resolve();
  /** How often was written. */
  writes = 0;
  onWrite = () => {};

  constructor(conn: Connection) {
    this.#conn = conn;
    this.#ended.promise.catch(() => {});
    this.#closed.promise.catch(() => {});
  }

  get local() {
    return this.#conn.local;
  }

  get remote() {
    return this.#conn.remote;
  }

  /** From now on it reads as one that the peer has ended by FIN, or has reset. */
  end(by: "FIN" | "RST"): void {
    if (by === "FIN") this.#ended.resolve(null);
    else this.#ended.reject(new Deno.errors.ConnectionReset("reset by peer"));
  }

  /** Writes wait until the result is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  read(into: Uint8Array): Promise<number | null> {
    return Promise.race([this.#ended.promise, this.#conn.read(into)]);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.writes++;
    this.onWrite();
    await Promise.race([this.#held, this.#closed.promise]);
    await this.#conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#conn.close();
    this.#closed.reject(new Deno.errors.Interrupted("closed"));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

interface Peers extends Disposable {
  readonly client: Deno.TlsConn;
  readonly server: Connection;
  readonly wire: TamperedWire;
}

/** Both ends of a plain TCP connection. */
async function tcpPair(): Promise<{ client: Deno.TcpConn; server: Connection }> {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connect(listener.address);
  client.setNoDelay(true);
  return { client, server: (await listener.accept())! };
}

async function connect(
  relay: TlsRelay,
  ending: Partial<TlsEnding> = {},
): Promise<Peers> {
  const lease = relay.lease();
  const pair = await tcpPair();
  const wire = new TamperedWire(pair.server);
  const accepting = lease.accept(wire, {
    signal: never(),
    truncation: "reject",
    halfClose: true,
    ...ending,
  });
  const client = await Deno.startTls(pair.client, {
    hostname: "localhost",
    caCerts: [LOCALHOST.cert],
  });
  const [server] = await Promise.all([accepting, client.handshake()]);
  return {
    client,
    server,
    wire,
    [Symbol.dispose]() {
      client.close();
      server.close();
      lease[Symbol.dispose]();
    },
  };
}

/** A relay for one test; its listener goes with the test's last connection. */
function openRelay(): TlsRelay & Disposable {
  const relay = new TlsRelay(LOCALHOST);
  return Object.assign(relay, { [Symbol.dispose]: () => relay.retire() });
}

async function readAll(conn: Pick<Connection, "read">): Promise<Uint8Array> {
  const all: number[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await conn.read(buffer)) !== null;) {
    for (const byte of buffer.subarray(0, count)) all.push(byte);
  }
  return Uint8Array.from(all);
}

async function writeAll(conn: Deno.TlsConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

Deno.test("TLS relay carries bytes both ways and has the addresses of the connection", async () => {
  using relay = openRelay();
  using peers = await connect(relay);
  const { client, server, wire } = peers;
  assert.deepEqual([server.local, server.remote], [wire.local, wire.remote]);
  const [up, down] = [noise(3_000_000), noise(2_000_000)];
  const [received, fetched] = await Promise.all([
    readAll(server),
    readAll(client),
    writeAll(client, up).then(() => client.closeWrite()),
    server.write(down).then(() => server.closeWrite()),
  ]);
  assert.deepEqual(received, up);
  assert.deepEqual(fetched, down);
});

Deno.test("TLS relay tells of each step that bytes make to and from the peer", async () => {
  using relay = openRelay();
  using peers = await connect(relay);
  const { client, server } = peers;
  let steps = 0;
  server.onProgress = () => steps++;
  await server.write(Uint8Array.of(1));
  await client.read(new Uint8Array(1));
  const written = steps;
  assert.ok(written > 0);
  await client.write(Uint8Array.of(1));
  await server.read(new Uint8Array(1));
  assert.ok(steps > written);
});

Deno.test("TLS relay ends its side only when all has left for the peer", async () => {
  using relay = openRelay();
  using peers = await connect(relay);
  const { client, server, wire } = peers;
  const release = wire.hold();
  await server.write(noise(100_000));
  let closed = false;
  const closing = server.closeWrite().then(() => closed = true);
  await nextTurn();
  await nextTurn();
  assert.equal(closed, false);
  release();
  await closing;
  server.close();
  assert.deepEqual(await readAll(client), noise(100_000));
});

Deno.test("TLS relay sends nothing to a peer that only sends, until it ends", async () => {
  using relay = openRelay();
  using peers = await connect(relay, { halfClose: false });
  const { client, server, wire } = peers;
  const { writes } = wire;
  await writeAll(client, noise(100_000));
  for (let read = 0; read < 100_000;) read += (await server.read(new Uint8Array(100_000)))!;
  assert.equal(wire.writes, writes, "session tickets have to wait");
  await client.closeWrite();
  assert.equal(await server.read(new Uint8Array(1)), null);
  assert.ok(wire.writes > writes);
  assert.equal(await client.read(new Uint8Array(1)), null);
});

Deno.test("TLS connection without half close answers the peer's end with its own", async () => {
  using relay = openRelay();
  using peers = await connect(relay, { halfClose: false });
  const { client, server } = peers;
  await client.closeWrite();
  assert.equal(await server.read(new Uint8Array(1)), null);
  assert.equal(await client.read(new Uint8Array(1)), null);
});

for (const truncation of ["reject", "accept"] as const) {
  Deno.test(`TLS connection that ends by FIN alone, truncation ${truncation}`, async () => {
    using relay = openRelay();
    using peers = await connect(relay, { truncation });
    const { client, server, wire } = peers;
    await client.write(Uint8Array.of(1, 2, 3));
    assert.equal(await server.read(new Uint8Array(10)), 3);
    wire.end("FIN");
    const end = server.read(new Uint8Array(10));
    if (truncation === "accept") assert.equal(await end, null);
    else await assert.rejects(end, Deno.errors.UnexpectedEof);
  });

  Deno.test(`TLS connection that is reset never ends well, truncation ${truncation}`, async () => {
    using relay = openRelay();
    using peers = await connect(relay, { truncation });
    const { server, wire } = peers;
    wire.end("RST");
    await assert.rejects(server.read(new Uint8Array(10)), Deno.errors.ConnectionReset);
    await assert.rejects(server.closeWrite(), Deno.errors.ConnectionReset);
  });
}

Deno.test("TLS relay closes a connection on which no TLS is spoken", async () => {
  using relay = openRelay();
  using lease = relay.lease();
  const { client, server } = await tcpPair();
  const accepting = lease.accept(server, { ...ENDING, signal: never() });
  await client.write(new TextEncoder().encode("USER alice\r\n"));
  await assert.rejects(accepting);
  const buffer = new Uint8Array(100);
  while (await client.read(buffer).catch(() => null) !== null);
  client.close();
});

/** A TLS record with a ClientHello of TLS 1.1 that knows one cipher, RSA key exchange with AES-128-CBC. */
function oldClientHello(): Uint8Array<ArrayBuffer> {
  const random = new Array(32).fill(1);
  const hello = [3, 2, ...random, 0, 0, 2, 0, 0x2f, 1, 0];
  const message = [1, 0, 0, hello.length, ...hello];
  return Uint8Array.from([22, 3, 1, 0, message.length, ...message]);
}

const ALERT = 21;

Deno.test("TLS handshake without a common version or cipher ends with an alert", async () => {
  using relay = openRelay();
  using lease = relay.lease();
  const { client, server } = await tcpPair();
  const accepting = lease.accept(server, { ...ENDING, signal: never() });
  const refused = assert.rejects(accepting);
  await client.write(oldClientHello());
  const [type, major, , high, low, ...alert] = await readAll(client);
  assert.deepEqual([type, major, high, low, alert[0]], [ALERT, 3, 0, 2, 2], "one fatal alert");
  assert.equal(alert.length, 2);
  await refused;
  client.close();
});

Deno.test("TLS handshake whose alert the peer does not take is given up with the signal", async () => {
  using relay = openRelay();
  using lease = relay.lease();
  const { client, server } = await tcpPair();
  const wire = new TamperedWire(server);
  const writing = Promise.withResolvers<void>();
  wire.onWrite = writing.resolve;
  wire.hold();
  const abort = new AbortController();
  const accepting = lease.accept(wire, { ...ENDING, signal: abort.signal });
  const refused = assert.rejects(accepting, /^Error: enough$/);
  await client.write(oldClientHello());
  await writing.promise;
  abort.abort(new Error("enough"));
  await refused;
  assert.equal(await client.read(new Uint8Array(1)).catch(() => null), null);
  client.close();
});

Deno.test("TLS handshake that the peer breaks off fails", async () => {
  using relay = openRelay();
  using lease = relay.lease();
  const options = { ...ENDING, signal: never() };
  const silent = await tcpPair();
  await silent.client.closeWrite();
  await assert.rejects(lease.accept(silent.server, options));
  silent.client.close();
  const distrustful = await tcpPair();
  const refused = assert.rejects(lease.accept(distrustful.server, options));
  const client = await Deno.startTls(distrustful.client, { hostname: "localhost" });
  await assert.rejects(client.handshake());
  client.close();
  await refused;
});

Deno.test("TLS handshake that is given up throws the reason and closes the connection", async () => {
  using relay = openRelay();
  using lease = relay.lease();
  for (const late of [false, true]) {
    const { client, server } = await tcpPair();
    const abort = new AbortController();
    if (!late) abort.abort(new Error("enough"));
    const accepting = lease.accept(server, {
      signal: abort.signal,
      truncation: "reject",
      halfClose: true,
    });
    const refused = assert.rejects(accepting, /^Error: enough$/);
    await nextTurn();
    abort.abort(new Error("enough"));
    await refused;
    assert.equal(await client.read(new Uint8Array(1)).catch(() => null), null);
    client.close();
  }
});

Deno.test("TLS relay gives each of many connections its own peer, strangers none", async () => {
  using relay = openRelay();
  const strangers: Deno.TcpConn[] = [];
  const all = Array.from({ length: 40 }, async (_, index) => {
    if (index % 4 === 0) strangers.push(await Deno.connect(relay.address));
    using peers = await connect(relay);
    await peers.client.write(Uint8Array.of(index));
    const buffer = new Uint8Array(2);
    assert.deepEqual([await peers.server.read(buffer), buffer[0]], [1, index]);
  });
  await Promise.all(all);
  for (const stranger of strangers) stranger.close();
});

Deno.test("TLS relay gives connections their peers after more strangers than it has places for in its queue", async () => {
  using relay = openRelay();
  const strangers = await Promise.all(
    Array.from({ length: 600 }, () => Deno.connect(relay.address)),
  );
  for (const stranger of strangers) stranger.close();
  for (let times = 0; times < 3; times++) {
    using peers = await connect(relay);
    await peers.client.write(Uint8Array.of(times));
    const buffer = new Uint8Array(2);
    assert.deepEqual([await peers.server.read(buffer), buffer[0]], [1, times]);
  }
});

Deno.test("TLS relay that is retired serves its leases to their end, then listens no more", async () => {
  const relay = new TlsRelay(LOCALHOST);
  const lease = relay.lease();
  relay.retire();
  (await connect(relay))[Symbol.dispose]();
  lease[Symbol.dispose]();
  lease[Symbol.dispose]();
  await nextTurn();
  await assert.rejects(Deno.connect(relay.address), Deno.errors.ConnectionRefused);
});

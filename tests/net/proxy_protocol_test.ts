import assert from "node:assert/strict";
import { parseCidr } from "../../src/net/cidr.ts";
import { type Connection, listen, nextTurn, type SocketAddress } from "../../src/net/connection.ts";
import { ProxyProtocolListener } from "../../src/net/proxy_protocol.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";
import { proxyHeader } from "./proxy_headers.ts";
import { bytesOf, textOf } from "./scripted_connection.ts";

const ENDS = {
  source: { hostname: "192.0.2.7", port: 40_000 },
  destination: { hostname: "203.0.113.10", port: 21 },
};

/** A listener behind proxies at `from`, and the clients' sides. Nothing may be left at its end. */
class Setting implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly listener: ProxyProtocolListener;
  readonly #conns: { close(): void }[] = [];

  constructor(from = "127.0.0.0/8") {
    this.listener = new ProxyProtocolListener(listen({ hostname: "127.0.0.1", port: 0 }), {
      from: [parseCidr(from)],
      clock: this.clock,
      log: this.log,
    });
  }

  get address(): SocketAddress {
    return this.listener.address;
  }

  /** Connects and sends, byte by byte where `slowly`. */
  async connect(bytes: Uint8Array | string = "", { slowly = false } = {}): Promise<Deno.TcpConn> {
    const conn = await Deno.connect({ ...this.address });
    conn.setNoDelay(true);
    this.#conns.push(conn);
    const all = typeof bytes === "string" ? bytesOf(bytes) : bytes;
    for (let sent = 0; sent < all.length;) {
      sent += await conn.write(slowly ? all.subarray(sent, sent + 1) : all.subarray(sent));
      if (slowly) await nextTurn();
    }
    return conn;
  }

  async accept(): Promise<Connection> {
    const connection = (await this.listener.accept())!;
    this.#conns.push(connection);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // The test has closed it.
      }
    }
    // Each pending read ends in a turn of its own.
    for (let turns = 0; this.clock.pending > 0 && turns < 5_000; turns++) await nextTurn();
    assert.equal(this.clock.pending, 0, "timers are left");
  }
}

async function readText(connection: Connection, length: number): Promise<string> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await connection.read(bytes.subarray(at));
    assert.ok(count !== null, "the connection ended");
    at += count;
  }
  return textOf(bytes);
}

/** Settles when the other side has closed. */
async function closed(conn: Deno.TcpConn): Promise<void> {
  while (await conn.read(new Uint8Array(16)).catch(() => null) !== null);
}

for (const version of [1, 2] as const) {
  for (const slowly of [false, true]) {
    Deno.test(`connection has the addresses of its header, version ${version}${slowly ? ", byte by byte" : ""}`, async () => {
      await using setting = new Setting();
      const header = proxyHeader({ version, ends: ENDS });
      const conn = await setting.connect(Uint8Array.of(...header, ...bytesOf("USER x\r\n")), {
        slowly,
      });
      const connection = await setting.accept();
      assert.deepEqual(connection.remote, ENDS.source);
      assert.deepEqual(connection.local, ENDS.destination);
      assert.deepEqual(connection.reached, setting.address);
      assert.equal(await readText(connection, 3), "USE");
      await conn.write(bytesOf("more"));
      assert.equal(await readText(connection, 9), "R x\r\nmore");
      await connection.write(bytesOf("220"));
      const buffer = new Uint8Array(16);
      assert.equal(textOf(buffer.subarray(0, (await conn.read(buffer))!)), "220");
    });
  }

  Deno.test(`proxy that speaks for itself keeps its address, version ${version}`, async () => {
    await using setting = new Setting();
    const conn = await setting.connect(proxyHeader({ version }));
    const connection = await setting.accept();
    assert.deepEqual(
      connection.remote,
      conn.localAddr as Deno.NetAddr && {
        hostname: "127.0.0.1",
        port: (conn.localAddr as Deno.NetAddr).port,
      },
    );
    assert.deepEqual(connection.local, setting.address);
  });
}

Deno.test("connection from elsewhere is passed on as it is, a header in it is data", async () => {
  await using setting = new Setting("192.0.2.0/24");
  const header = proxyHeader({ version: 1, ends: ENDS });
  await setting.connect(header);
  const connection = await setting.accept();
  assert.equal(connection.remote.hostname, "127.0.0.1");
  assert.equal(await readText(connection, header.length), textOf(header));
});

Deno.test("proxy without a header is closed, and the log says why", async () => {
  await using setting = new Setting();
  const accepting = setting.accept();
  await closed(await setting.connect("USER anonymous\r\n"));
  assert.deepEqual(setting.log.lines.map(({ level, fields }) => ({ level, fields })), [{
    level: "warning",
    fields: {
      proxy: "127.0.0.1",
      reason: "Cannot read the PROXY header: it does not begin like one",
    },
  }]);
  await setting.connect(proxyHeader({ version: 2, ends: ENDS }));
  assert.equal((await accepting).remote.hostname, "192.0.2.7");
});

Deno.test("health check that connects and closes is no news", async () => {
  await using setting = new Setting();
  const accepting = setting.accept();
  const check = await setting.connect();
  await check.closeWrite();
  await closed(check);
  await setting.connect(proxyHeader({ version: 2, ends: ENDS }));
  await accepting;
  assert.deepEqual(setting.log.lines, []);
});

Deno.test("header that does not come holds up nobody, and is given up after five seconds", async () => {
  await using setting = new Setting();
  const accepting = setting.accept();
  const silent = await setting.connect("PROXY TCP4 ");
  const quick = await setting.connect(proxyHeader({ version: 2, ends: ENDS }));
  assert.equal((await accepting).remote.hostname, "192.0.2.7");
  const next = setting.accept();
  setting.clock.advance(5_000);
  await closed(silent);
  assert.equal(setting.log.lines[0]!.fields.reason, "the header did not come in time");
  // The other one lives on.
  await quick.write(bytesOf("x"));
  await setting.connect(proxyHeader({ version: 1, ends: ENDS }));
  await next;
});

Deno.test("closing ends accept and the connections whose header has not come", async () => {
  await using setting = new Setting();
  const accepting = setting.listener.accept();
  const waiting = await setting.connect("PROXY");
  await nextTurn();
  setting.listener.close();
  assert.equal(await accepting, null);
  await closed(waiting);
  assert.equal(await setting.listener.accept(), null);
  assert.deepEqual(setting.log.lines, []);
});

Deno.test("accept throws what the listener behind throws, and goes on afterwards", async () => {
  const failures = [new Error("no file descriptors")];
  const inner = listen({ hostname: "127.0.0.1", port: 0 });
  using listener = new ProxyProtocolListener({
    address: inner.address,
    accept: () => failures.length ? Promise.reject(failures.pop()) : inner.accept(),
    close: () => inner.close(),
    [Symbol.dispose]: () => inner.close(),
  }, { from: [], clock: new FakeClock(), log: new MemoryLog() });
  await assert.rejects(listener.accept(), /no file descriptors/);
  using _conn = await Deno.connect({ ...inner.address });
  using connection = await listener.accept();
  assert.equal(connection?.remote.hostname, "127.0.0.1");
});

Deno.test("a thousand headers are awaited at most", async () => {
  await using setting = new Setting();
  const accepting = setting.accept();
  const waiting = [];
  for (let count = 0; count < 1024; count++) waiting.push(await setting.connect("P"));
  await closed(await setting.connect("P"));
  await waiting[0]!.write(bytesOf("ROXY UNKNOWN\r\n"));
  await accepting;
});

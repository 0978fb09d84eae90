import assert from "node:assert/strict";
import { DataConnectionError } from "../../src/ftp/data/data_error.ts";
import { PassiveListener } from "../../src/ftp/data/passive.ts";
import { Masquerade } from "../../src/ftp/data/masquerade.ts";
import { parseCidr } from "../../src/net/cidr.ts";
import { listen } from "../../src/net/connection.ts";
import { MemoryLog } from "../memory_log.ts";
import { Gateway, MIB } from "./gateway.ts";
import { receiveAll, sendAll } from "./ftp_peer.ts";
import { intrude } from "./stranger.ts";

const PASV = /^Entering Passive Mode \((\d+,\d+,\d+,\d+),(\d+),(\d+)\)\.$/;

/** Connecting fails when nobody listens. */
async function isRefused(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return false;
  } catch (error) {
    assert.ok(error instanceof Deno.errors.ConnectionRefused);
    return true;
  }
}

Deno.test("PASV names the address that the client reached and the port", async () => {
  await using gateway = await Gateway.start({ hostname: "0.0.0.0" });
  await gateway.put("a", "content");
  using peer = await gateway.logIn();
  const { hostname } = peer.conn.remoteAddr as Deno.NetAddr;
  const [, address, high, low] = PASV.exec((await peer.ask("PASV", 227)).text)!;
  assert.equal(address, hostname === "0.0.0.0" ? "127,0,0,1" : hostname.replaceAll(".", ","));
  const port = Number(high) * 256 + Number(low);
  using data = await Deno.connect({ hostname: address!.replaceAll(",", "."), port });
  await peer.ask("RETR a", 150);
  assert.equal(new TextDecoder().decode(await receiveAll(data)), "content");
  await peer.expect(226);
});

Deno.test("PASV names masquerade_address, but not to the clients that are excepted", async () => {
  for (const [except, named] of [["10.0.0.0/8", "203,0,113,9"], ["127.0.0.0/8", "127,0,0,1"]]) {
    await using gateway = await Gateway.start({
      masquerade: await masqueradeAs("203.0.113.9", except!),
    });
    using peer = await gateway.logIn();
    assert.equal(PASV.exec((await peer.ask("PASV", 227)).text)![1], named);
    await peer.extendedPassive();
  }
});

function masqueradeAs(name: string, except: string): Promise<Masquerade> {
  return Masquerade.start({
    name,
    except: [parseCidr(except)],
    resolve: () => Promise.reject(new Error("not asked")),
    clock: { now: () => 0, schedule: () => assert.fail("nothing is looked up") },
    log: new MemoryLog(),
  });
}

Deno.test("each preparation replaces the one before, and its port is free again", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const ports = new Set<number>();
  for (let round = 0; round < 30; round++) {
    const port = await peer.extendedPassive();
    assert.equal(gateway.ports.taken, 1);
    for (const other of ports) if (other !== port) assert.ok(await isRefused(other));
    ports.add(port);
  }
  assert.ok(ports.size > 5, "ports are not taken in a row of one");
  await peer.ask("PORT 127,0,0,1,200,200", 200);
  assert.equal(gateway.ports.taken, 0);
});

Deno.test("a client that asks for passive ports again and again, pipelined, takes none from others", async () => {
  await using gateway = await Gateway.start({ passivePorts: 2 });
  using peer = await gateway.logIn();
  using other = await gateway.logIn();
  await peer.send("PASV\r\n".repeat(50) + "EPSV\r\n".repeat(50));
  for (let count = 0; count < 50; count++) await peer.expect(227);
  for (let count = 0; count < 50; count++) {
    await peer.expect(229);
    await other.extendedPassive();
  }
  assert.equal(gateway.ports.taken, 2);
});

Deno.test("sessions never share a port, and when all are taken the next gets 425 at once", async () => {
  await using gateway = await Gateway.start({ passivePorts: 5 });
  using stack = new DisposableStack();
  const ports: number[] = [];
  for (let count = 0; count < 5; count++) {
    ports.push(await stack.use(await gateway.logIn()).extendedPassive());
  }
  assert.equal(new Set(ports).size, 5);
  assert.equal(Math.max(...ports) - Math.min(...ports), 4);
  using late = stack.use(await gateway.logIn());
  await late.ask("EPSV", 425);
  await late.ask("PASV", 425);
  stack.dispose();
  await gateway.sessionsLeft(0);
  assert.equal(gateway.ports.taken, 0);
});

Deno.test("a port is freed on every path out of a transfer", async () => {
  await using gateway = await Gateway.start({ passivePorts: 1 });
  await gateway.put("a", "content");
  using peer = await gateway.logIn();
  await peer.upload("STOR b", "content");
  assert.equal(gateway.ports.taken, 0);
  for (
    const [line, code] of [
      ["RETR missing", 550],
      ["STOR /", 553],
      ["STOR", 501],
      ["LIST missing", 550],
      ["QUIT", 221],
    ] as const
  ) {
    await peer.extendedPassive();
    await peer.ask(line, code);
    await gateway.sessionsLeft(line === "QUIT" ? 0 : 1);
    assert.equal(gateway.ports.taken, 0, line);
  }
  using lost = await gateway.logIn();
  await lost.extendedPassive();
  lost.close();
  await gateway.sessionsLeft(0);
  assert.equal(gateway.ports.taken, 0);
  using aborting = await gateway.logIn();
  await aborting.extendedPassive();
  await aborting.ask("LIST", 150);
  await aborting.ask("ABOR", 426);
  await aborting.expect(226);
  assert.equal(gateway.ports.taken, 0);
});

Deno.test("a client that connects and never transfers holds no port and loses its connection", async () => {
  await using gateway = await Gateway.start({ passivePorts: 1 });
  using peer = await gateway.logIn();
  using unused = await peer.openData();
  using other = await gateway.logIn();
  using used = await other.openData();
  await peer.ask("PORT 127,0,0,1,200,200", 200);
  assert.equal((await receiveAll(unused)).length, 0);
  await other.ask("LIST", 150);
  await receiveAll(used);
  await other.expect(226);
});

Deno.test("one data connection serves one transfer, and only the first of them is taken", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  using peer = await gateway.logIn();
  const port = await peer.extendedPassive();
  using data = await Deno.connect({ hostname: "127.0.0.1", port });
  await peer.ask("RETR a", 150);
  await receiveAll(data);
  await peer.expect(226);
  assert.ok(await isRefused(port));
  await peer.ask("RETR a", 425);
});

Deno.test("a stranger who is first is closed, told of once, and the right client still gets through", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  using peer = await gateway.logIn();
  const port = await peer.extendedPassive();
  for (let round = 0; round < 3; round++) await intrude(port);
  await peer.ask("RETR a", 150);
  await intrude(port);
  using data = await Deno.connect({ hostname: "127.0.0.1", port });
  assert.equal(new TextDecoder().decode(await receiveAll(data)), "content");
  await peer.expect(226);
  const warned = gateway.log.lines.filter(({ level, fields }) =>
    level === "warning" && fields.stranger === "127.0.0.2"
  );
  assert.equal(warned.length, 1);
});

Deno.test("data_peer = any takes data connections from any address", async () => {
  await using gateway = await Gateway.start({ dataPeer: "any" });
  using peer = await gateway.logIn();
  const port = await peer.extendedPassive();
  await peer.ask("LIST", 150);
  assert.equal(await intrude(port), "closed");
  await peer.expect(226);
});

Deno.test("after EPSV ALL only EPSV prepares a data connection", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.ask("EPSV ALL", 200);
  await peer.ask("PASV", 503);
  await peer.ask("PORT 127,0,0,1,200,200", 503);
  await peer.ask("EPRT |1|127.0.0.1|51400|", 503);
  await peer.list("LIST");
});

Deno.test("EPSV takes the network protocol of the control connection only", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.ask("EPSV 1", 229);
  assert.match((await peer.ask("EPSV 2", 522)).text, /\(1\)/);
  await peer.ask("EPSV 3", 501);
});

Deno.test("a passive port that another program holds is passed over", async () => {
  await using gateway = await Gateway.start({ passivePorts: 2 });
  using peer = await gateway.logIn();
  const first = await peer.extendedPassive();
  await peer.ask("PORT 127,0,0,1,200,200", 200);
  using _other = listen({ hostname: "127.0.0.1", port: first });
  const second = await peer.extendedPassive();
  assert.equal(Math.abs(second - first), 1);
});

Deno.test("a passive port on which nothing can be accepted is freed, and told as not opened", async () => {
  let open = true;
  const close = () => void (open = false);
  const passive = new PassiveListener({
    address: { hostname: "127.0.0.1", port: 1 },
    accept: () => Promise.reject(new Error("Too many open files (os error 24)")),
    close,
    [Symbol.dispose]: close,
  }, { isPeer: () => true, onStranger() {} });
  await assert.rejects(
    passive.connect(new AbortController().signal),
    (error: unknown) => error instanceof DataConnectionError && error.kind === "not-opened",
  );
  assert.equal(open, false);
});

Deno.test("a data connection opened before its command waits for it, whatever was sent over it", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  const bytes = new Uint8Array(3 * MIB).fill(1);
  const sending = sendAll(data, bytes).then(() => data.close());
  await peer.ask("NOOP", 200);
  await peer.ask("STOR a", 150);
  await sending;
  await peer.expect(226);
  assert.deepEqual(await gateway.get("a"), bytes);
});

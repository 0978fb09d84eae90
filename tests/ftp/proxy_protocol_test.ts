import assert from "node:assert/strict";
import { parseCidr } from "../../src/net/cidr.ts";
import { nextTurn, type SocketAddress } from "../../src/net/connection.ts";
import { ProxyProtocolListener } from "../../src/net/proxy_protocol.ts";
import { type Ends, proxyHeader } from "../net/proxy_headers.ts";
import { FtpPeer, receiveAll, sendAll, startTls } from "./ftp_peer.ts";
import { Gateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway_options.ts";

const CLIENT = { hostname: "192.0.2.7", port: 40_000 };
const SERVICE = { hostname: "203.0.113.10", port: 21 };
const SERVICE_V6 = { hostname: "2001:db8:ffff::10", port: 21 };

function endsOf(source: SocketAddress): Ends {
  return { source, destination: source.hostname.includes(":") ? SERVICE_V6 : SERVICE };
}

/** A gateway that takes loopback for a load balancer. */
function startBehindProxy(options: GatewayOptions = {}): Promise<Gateway> {
  return Gateway.start({
    decorate: (listener, services) =>
      new ProxyProtocolListener(listener, { from: [parseCidr("127.0.0.0/8")], ...services }),
    ...options,
  });
}

/** A control connection as the load balancer passes it on. */
async function connect(gateway: Gateway): Promise<FtpPeer> {
  const peer = await connectFrom(gateway, CLIENT.hostname);
  await peer.expect(220);
  return peer;
}

/** A control connection of the client at `hostname`, of which nothing was read. */
async function connectFrom(gateway: Gateway, hostname: string): Promise<FtpPeer> {
  const peer = await FtpPeer.connect(gateway.address);
  await peer.send(proxyHeader({ version: 2, ends: endsOf({ ...CLIENT, hostname }) }));
  return peer;
}

/** A data connection of the client at `hostname`, passed on to `port`. */
async function openData(port: number, hostname = CLIENT.hostname): Promise<Deno.TcpConn> {
  const data = await Deno.connect({ hostname: "127.0.0.1", port });
  await data.write(proxyHeader({ version: 1, ends: endsOf({ hostname, port: 40_001 }) }));
  return data;
}

Deno.test("behind a proxy 227 names the address that the client has reached, and files go both ways", async () => {
  await using gateway = await startBehindProxy();
  using peer = await connect(gateway);
  await peer.logIn();
  const { text } = await peer.ask("PASV", 227);
  const [, address, high, low] = /\((\d+,\d+,\d+,\d+),(\d+),(\d+)\)/.exec(text)!;
  assert.equal(address, "203,0,113,10");
  using up = await openData(Number(high) * 256 + Number(low));
  await peer.ask("STOR a", 150);
  await up.write(new TextEncoder().encode("content"));
  up.close();
  await peer.expect(226);
  using down = await openData(await peer.extendedPassive());
  await peer.ask("RETR a", 150);
  assert.equal(new TextDecoder().decode(await receiveAll(down)), "content");
  await peer.expect(226);
});

Deno.test("behind a proxy another client's data connection is a stranger's", async () => {
  await using gateway = await startBehindProxy();
  await gateway.put("a", "secret content");
  using peer = await connect(gateway);
  await peer.logIn();
  const port = await peer.extendedPassive();
  using thief = await openData(port, "192.0.2.8");
  assert.equal((await receiveAll(thief)).length, 0);
  using data = await openData(port);
  await peer.ask("RETR a", 150);
  assert.equal(new TextDecoder().decode(await receiveAll(data)), "secret content");
  await peer.expect(226);
  const warning = gateway.log.lines.find(({ level }) => level === "warning")!;
  assert.equal(warning.fields.stranger, "192.0.2.8");
  assert.equal(warning.fields.peer, CLIENT.hostname);
});

Deno.test("behind a proxy a client's data connection is its own, however the header writes its address", async () => {
  await using gateway = await startBehindProxy();
  await gateway.put("a", "content");
  using peer = await connectFrom(gateway, "2001:db8::7");
  await peer.expect(220);
  await peer.logIn();
  using data = await openData(await peer.extendedPassive(), "2001:0DB8:0:0:0:0:0:7");
  await peer.ask("RETR a", 150);
  assert.equal(new TextDecoder().decode(await receiveAll(data)), "content");
  await peer.expect(226);
});

Deno.test("behind a proxy PORT is for the client's own address", async () => {
  await using gateway = await startBehindProxy();
  using peer = await connect(gateway);
  await peer.logIn();
  await peer.ask("PORT 127,0,0,1,200,0", 504);
  await peer.ask("PORT 192,0,2,7,200,0", 200);
});

Deno.test("behind a proxy bans and caps are the client's, not the load balancer's", async () => {
  await using gateway = await startBehindProxy({
    loginGuard: { threshold: 1 },
    maxConnectionsPerAddress: 1,
  });
  const [guesser, neighbour] = ["192.0.2.8", "192.0.2.9"];
  {
    using peer = await connectFrom(gateway, guesser);
    await peer.expect(220);
    using second = await connectFrom(gateway, guesser);
    await second.expect(421);
    await peer.ask("USER alice", 331);
    await peer.send("PASS wrong\r\n");
    while (gateway.clock.pending === 0 || !gateway.guard.isBanned(guesser)) await nextTurn();
    await gateway.turn(500);
    await peer.expect(421);
  }
  await gateway.sessionsLeft(0);
  using banned = await connectFrom(gateway, guesser);
  await banned.expect(421);
  using other = await connectFrom(gateway, neighbour);
  await other.expect(220);
  await other.logIn();
});

Deno.test("sessions of an address that the guard excepts take none from others of its IPv6 network", async () => {
  const [excepted, neighbour] = ["2001:db8:0:1::1", "2001:db8:0:1::2"];
  await using gateway = await startBehindProxy({
    loginGuard: { except: [parseCidr(excepted)] },
    maxConnectionsPerAddress: 1,
  });
  using first = await connectFrom(gateway, excepted);
  await first.expect(220);
  using other = await connectFrom(gateway, neighbour);
  await other.expect(220);
  using second = await connectFrom(gateway, excepted);
  await second.expect(220);
  using beyond = await connectFrom(gateway, neighbour);
  await beyond.expect(421);
});

Deno.test("behind a proxy every line of a session names the client", async () => {
  await using gateway = await startBehindProxy();
  using peer = await connect(gateway);
  await peer.ask("USER nobody", 331);
  await peer.ask("PASS wrong", 530);
  const peers = new Set(gateway.log.lines.map(({ fields }) => fields.peer));
  assert.deepEqual([...peers], [CLIENT.hostname]);
});

Deno.test("behind a proxy the header comes before TLS, on control and data connections", async () => {
  await using gateway = await startBehindProxy({ ftps: { required: "all" } });
  using peer = await connect(gateway);
  await peer.protect();
  await peer.logIn();
  const { text } = await peer.ask("PASV", 227);
  assert.match(text, /\(203,0,113,10,/);
  const port = await peer.extendedPassive();
  await peer.ask("STOR a", 150);
  using data = await startTls(await openData(port));
  await sendAll(data, "content");
  await data.closeWrite();
  await peer.expect(226);
  assert.equal(await gateway.text("a"), "content");
  const peers = gateway.log.lines.flatMap(({ fields }) => fields.peer ?? []);
  assert.deepEqual([...new Set(peers)], [CLIENT.hostname]);
});

import assert from "node:assert/strict";
import { Gateway } from "./gateway.ts";
import { type FtpPeer, receiveAll, sendAll } from "./ftp_peer.ts";

/** A port of the client for the server to connect to. */
function clientPort(hostname = "127.0.0.1"): { listener: Deno.TcpListener; port: number } {
  const listener = Deno.listen({ hostname, port: 0 });
  return { listener, port: (listener.addr as Deno.NetAddr).port };
}

const hostPort = (port: number) => `127,0,0,1,${port >> 8},${port & 255}`;

async function retrieve(peer: FtpPeer, listener: Deno.TcpListener): Promise<string> {
  await peer.send("RETR a\r\n");
  using data = await listener.accept();
  await peer.expect(150);
  const bytes = await receiveAll(data);
  await peer.expect(226);
  return new TextDecoder().decode(bytes);
}

Deno.test("PORT and EPRT let the server connect to the client, once for each", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  using peer = await gateway.logIn();
  const { listener, port } = clientPort();
  using _listener = listener;
  for (const line of [`PORT ${hostPort(port)}`, `EPRT |1|127.0.0.1|${port}|`]) {
    await peer.ask(line, 200);
    assert.equal(await retrieve(peer, listener), "content");
    await peer.ask("RETR a", 425);
  }
  await peer.ask(`PORT ${hostPort(port)}`, 200);
  await peer.send("STOR b\r\n");
  const data = await listener.accept();
  await sendAll(data, "uploaded");
  data.close();
  await peer.expect(150);
  await peer.expect(226);
  assert.equal(await gateway.text("b"), "uploaded");
});

Deno.test("data goes to the control connection's own address and to ports from 1024 only", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (
    const [line, code] of [
      ["PORT 127,0,0,2,200,200", 504],
      ["PORT 192,0,2,1,200,200", 504],
      ["PORT 0,0,0,0,200,200", 504],
      ["PORT 127,0,0,1,3,255", 504],
      ["PORT 127,0,0,1,0,0", 504],
      ["PORT 127,0,0,1,0,25", 504],
      ["EPRT |1|192.0.2.1|50000|", 504],
      ["EPRT |1|127.0.0.1|1023|", 504],
      ["EPRT |2|::1|50000|", 504],
      ["EPRT |2|2001:db8::1|50000|", 504],
      ["EPRT |3|127.0.0.1|50000|", 522],
      ["EPRT |1|localhost|50000|", 501],
      ["EPRT |1|127.0.0.1|70000|", 501],
      ["PORT 127,0,0,1,200", 501],
      ["PORT localhost", 501],
      // Unusual, but the client's own.
      ["EPRT |2|::ffff:127.0.0.1|50000|", 200],
      ["EPRT #1#127.0.0.1#1024#", 200],
      ["PORT 127,0,0,1,4,0", 200],
    ] as const
  ) await peer.ask(line, code);
});

Deno.test("a port that nobody listens on is 425", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const { listener, port } = clientPort();
  listener.close();
  for (const line of ["LIST", "STOR a"]) {
    await peer.ask(`PORT ${hostPort(port)}`, 200);
    await peer.ask(line, 150);
    await peer.expect(425);
  }
  assert.deepEqual(await gateway.keys(), []);
});

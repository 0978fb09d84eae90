import assert from "node:assert/strict";
import { type FtpPeer, receiveAll } from "../ftp/ftp_peer.ts";
import { intrude } from "../ftp/stranger.ts";
import { attackTest, Crowd } from "./attack.ts";

/** Third parties, and ports that no FTP client listens on, in all the ways to write them. */
function bounces(port: number): string[] {
  const [high, low] = [port >> 8, port & 255];
  const hosts = [
    "127.0.0.2",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "169.254.169.254",
    "10.0.0.1",
    "192.0.2.1",
  ];
  const spelt = ["127.0.0.02", "0177.0.0.2", "0x7f.0.0.2", "2130706434", "127.2", "localhost", ""];
  const mapped = [
    "::1",
    "::",
    "::ffff:127.0.0.2",
    "::ffff:7f00:2",
    "64:ff9b::7f00:2",
    "fe80::1%lo",
  ];
  return [
    ...hosts.map((host) => `PORT ${host.replaceAll(".", ",")},${high},${low}`),
    ...[...hosts, ...spelt].map((host) => `EPRT |1|${host}|${port}|`),
    ...[...hosts, ...mapped].map((host) => `EPRT |2|${host}|${port}|`),
    ...[0, 1, 21, 22, 25, 80, 443, 1023].flatMap((well) => [
      `PORT 127,0,0,1,${well >> 8},${well & 255}`,
      `EPRT |1|127.0.0.1|${well}|`,
      `EPRT |2|::ffff:127.0.0.1|${well}|`,
    ]),
    `PORT 127,0,0,258,${high},${low}`,
    `PORT 127,0,0,-1,${high},${low}`,
    `PORT 127,0,0,1,${high},${low + 256}`,
    `EPRT |1|127.0.0.1|${port + 65_536}|`,
    `EPRT |1|127.0.0.1|-1|`,
    "EPRT |1|127.0.0.1|1e4|",
  ];
}

attackTest({
  name: "bounces to third parties and to ports of services",
  async run(target, meanwhile) {
    using third = Deno.listen({ hostname: "127.0.0.2", port: 0 });
    let reached = false;
    const accepting = third.accept().then((conn) => {
      reached = true;
      conn.close();
    }, () => {});
    using peer = await target.logIn();
    for (const line of bounces((third.addr as Deno.NetAddr).port)) {
      const { code } = await peer.command(line);
      assert.ok([501, 504, 522].includes(code), `${line}: ${code}`);
      await peer.ask("RETR bystander", 425);
    }
    await meanwhile();
    third.close();
    await accepting;
    assert.equal(reached, false, "a third party was connected to");
  },
});

attackTest({
  name: "strangers that are first at a passive port",
  async run(target, meanwhile) {
    using peer = await target.logIn();
    for (const line of ["RETR bystander", "LIST", "STOR theft"]) {
      const port = await peer.extendedPassive();
      await Promise.all(Array.from({ length: 20 }, () => intrude(port)));
      await meanwhile();
      await peer.ask(line, 150);
      await Promise.all(Array.from({ length: 20 }, () => intrude(port)));
      using data = await target.connect(port);
      if (line.startsWith("STOR")) data.close();
      else assert.ok((await receiveAll(data)).length > 0, "the client got what it asked for");
      await peer.expect(226);
    }
    await peer.ask("DELE theft", 250);
  },
});

attackTest({
  name: "thousands of PASV without a data connection",
  async run(target, meanwhile) {
    using peer = await target.logIn();
    const answered = async () => {
      for (let count = 0; count < 3_000; count++) await peer.expect(227);
    };
    await Promise.all([peer.send("PASV\r\n".repeat(3_000)), answered(), meanwhile()]);
    assert.equal((await target.report()).held.ports, 1);
  },
});

attackTest({
  name: "uploads of one byte that never end",
  async run(target, meanwhile) {
    await inSessions(target, 5, async (peers) => {
      const ports = await Promise.all(peers.map((peer) => peer.extendedPassive()));
      using crowd = new Crowd(await Promise.all(ports.map((port) => target.connect(port))));
      await meanwhile();
      await Promise.all(peers.map((peer) => peer.ask("STOR never", 150)));
      await crowd.send("a");
      await Promise.all(peers.map((peer) => peer.moved(1)));
      await target.turn(120_000);
      await Promise.all(peers.map((peer) => peer.expect(426)));
      await crowd.ended();
    });
  },
});

attackTest({
  name: "storms of REST, APPE and ABOR",
  async run(target, meanwhile) {
    const storm =
      "REST 1000\r\nEPSV\r\nAPPE storm\r\nABOR\r\nREST 18446744073709551616\r\nSTOR storm\r\n";
    await inSessions(target, 10, async (peers) => {
      const rest = Promise.all(peers.map(async (peer) => {
        await peer.send(`${storm.repeat(100)}QUIT\r\n`);
        return await peer.rest();
      }));
      await meanwhile();
      for (const said of await rest) assert.match(said, /221 [^\r]*\r\n$/);
    });
    using peer = await target.logIn();
    await peer.ask("SIZE storm", 550);
  },
});

attackTest({
  name: "uploads that are reset in the midst of a part",
  async run(target, meanwhile) {
    const begun = new Uint8Array(1_200_000);
    await inSessions(target, 6, async (peers) => {
      await Promise.all(
        peers.map(async (peer, index) => {
          using data = await peer.openData();
          await peer.ask(`STOR reset-${index}`, 150);
          for (let sent = 0; sent < begun.length;) sent += await data.write(begun.subarray(sent));
          await peer.moved(begun.length);
        }).map(async (interrupted, index) => {
          if (index === 0) await meanwhile();
          await interrupted;
        }),
      );
    });
  },
});

/** Has so many sessions of the attacker do something, and ends them. */
async function inSessions(
  target: Parameters<Parameters<typeof attackTest>[0]["run"]>[0],
  count: number,
  work: (peers: readonly FtpPeer[]) => Promise<void>,
): Promise<void> {
  using stack = new DisposableStack();
  const peers = await Promise.all(Array.from({ length: count }, () => target.logIn()));
  for (const peer of peers) stack.use(peer);
  await work(peers);
}

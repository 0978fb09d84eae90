import assert from "node:assert/strict";
import { FtpPeer, receiveAll } from "../ftp/ftp_peer.ts";
import { attackTest, Crowd } from "./attack.ts";
import type { Target } from "./target.ts";

/** The beginning of a ClientHello, of which the rest never comes: record, handshake, version, half of the random. */
const HALF_HELLO = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, ...new Uint8Array(16));

/** A control connection that has been promised TLS; of one that was logged in the login timeout begins anew. */
async function promised(target: Target, { loggedIn }: { loggedIn: boolean }): Promise<Deno.Conn> {
  const peer = await target.peer();
  if (loggedIn) await peer.logIn();
  await peer.ask("AUTH TLS", 234);
  return peer.conn;
}

attackTest({
  name: "TLS handshakes that never go on, on control connections",
  async run(target, meanwhile) {
    let count = 0;
    const promise = () => promised(target, { loggedIn: count++ % 2 === 0 });
    using explicit = await Crowd.gather(50, promise);
    using implicit = await Crowd.gather(50, () => target.connect(target.implicitPort));
    await new Crowd(explicit.conns.slice(25)).send(HALF_HELLO);
    await new Crowd(implicit.conns.slice(25)).send(HALF_HELLO);
    await meanwhile();
    assert.equal((await target.report()).held.sessions, 101);
    await target.turn(30_000);
    await Promise.all([explicit.ended(), implicit.ended()]);
  },
});

attackTest({
  name: "TLS handshakes that are garbage or break off",
  async run(target, meanwhile) {
    using garbage = await Crowd.gather(100, () => target.connect(target.implicitPort));
    await garbage.send("USER alice\r\nPASS secret\r\nDELE bystander\r\n".repeat(100));
    await meanwhile();
    await garbage.ended();
    using broken = await Crowd.gather(100, () => target.connect(target.implicitPort));
    await broken.send(HALF_HELLO);
  },
});

attackTest({
  name: "TLS handshakes that never go on, on data connections",
  async run(target, meanwhile) {
    using peer = await target.peer();
    await peer.protect();
    await peer.logIn();
    for (let round = 0; round < 5; round++) {
      const port = await peer.extendedPassive();
      using data = await target.connect(port);
      if (round % 2 === 0) await data.write(HALF_HELLO);
      await peer.ask("STOR never", 150);
      if (round === 0) await meanwhile();
      await target.turn(30_000);
      await peer.expect(425);
      assert.ok((await receiveAll(data).catch(() => "reset")).length < 100);
    }
  },
});

attackTest({
  name: "commands in clear text behind AUTH, thousands of them",
  async run(target, meanwhile) {
    const injected = "USER alice\r\nPASS secret\r\nDELE bystander\r\n";
    for (let round = 0; round < 5; round++) {
      using peer = await target.peer();
      await peer.send(`AUTH TLS\r\n${injected}`);
      await peer.expect(234);
      if (round === 0) await meanwhile();
      await peer.startTls();
      await peer.ask("PASS secret", 503);
    }
    using flooding = await FtpPeer.connect({ hostname: "127.0.0.1", port: target.port });
    await flooding.send(`AUTH TLS\r\n${injected.repeat(10_000)}`).catch(() => {});
    assert.doesNotMatch(await flooding.rest(), /331|230|250/);
  },
});

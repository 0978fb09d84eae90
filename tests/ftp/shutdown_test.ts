import assert from "node:assert/strict";
import { Gateway, MIB } from "./gateway.ts";
import { FtpPeer, sendAll } from "./ftp_peer.ts";

Deno.test("at shutdown idle sessions get 421 at once, and nobody new gets in", async () => {
  await using gateway = await Gateway.start();
  using loggedIn = await gateway.logIn();
  using fresh = await gateway.connect();
  const stopped = gateway.server.shutDown(30_000);
  for (const peer of [loggedIn, fresh]) {
    await peer.expect(421);
    assert.equal(await peer.rest(), "");
  }
  await stopped;
  await assert.rejects(FtpPeer.connect(gateway.address), Deno.errors.ConnectionRefused);
});

Deno.test("at shutdown a transfer may end, then its session gets 421", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, "first half, ");
  const stopped = gateway.server.shutDown(30_000);
  await gateway.turn(29_999);
  await sendAll(data, "second half");
  data.close();
  await peer.expect(226);
  await peer.expect(421);
  assert.equal(await peer.rest(), "");
  await stopped;
  assert.equal(await gateway.text("a"), "first half, second half");
});

Deno.test("a transfer that takes too long to end is aborted with 421 and publishes nothing", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, new Uint8Array(3 * MIB));
  const stopped = gateway.server.shutDown(30_000);
  await gateway.turn(30_000);
  await peer.expect(421);
  assert.equal(await peer.rest(), "");
  await stopped;
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("a transfer that still waits for COS before its 150 is aborted as well", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "old");
  using fault = gateway.emulator.faults.add({ operation: "GetObject", fault: { kind: "timeout" } });
  using peer = await gateway.logIn();
  await peer.extendedPassive();
  // APPE reads the old bytes before its 150.
  await peer.send("APPE a\r\n");
  await gateway.emulator.traffic.begun("GetObject");
  const stopped = gateway.server.shutDown(30_000);
  await gateway.turn(30_000);
  await peer.expect(421);
  await stopped;
  fault[Symbol.dispose]();
  assert.equal(await gateway.text("a"), "old");
});

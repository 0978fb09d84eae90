import assert from "node:assert/strict";
import { nextTurn } from "../../src/net/connection.ts";
import { Gateway, MIB } from "./gateway.ts";
import { type FtpPeer, receiveAll, sendAll } from "./ftp_peer.ts";

const SECOND = 1000;

/** Waits until a transfer does not go on; gives how far it came. */
async function stuck(peer: FtpPeer): Promise<number> {
  for (let [before, same] = [0, 0];;) {
    await nextTurn();
    const bytes = await peer.bytesMoved();
    same = bytes === before ? same + 1 : 0;
    if (same === 20) return bytes;
    before = bytes;
  }
}

Deno.test("whoever does not log in within 30 s gets 421, whatever else is sent meanwhile", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  await gateway.turn(15 * SECOND);
  await peer.ask("USER alice", 331);
  await peer.ask("PASS wrong", 530);
  await gateway.turn(14.999 * SECOND);
  await peer.ask("USER alice", 331);
  await gateway.turn(1);
  await peer.expect(421);
  assert.equal(await peer.rest(), "");
});

Deno.test("the login timeout ends with the login and begins again with REIN", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await gateway.turn(31 * SECOND);
  await peer.ask("REIN", 220);
  await gateway.turn(29.999 * SECOND);
  await peer.ask("NOOP", 200);
  await gateway.turn(1);
  await peer.expect(421);
});

Deno.test("a session without commands for 300 s gets 421", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (let round = 0; round < 2; round++) {
    await gateway.turn(299.999 * SECOND);
    await peer.ask("NOOP", 200);
  }
  await gateway.turn(299 * SECOND);
  await peer.send("NOO");
  await gateway.turn(1 * SECOND);
  await peer.expect(421);
  assert.equal(await peer.rest(), "");
});

Deno.test("the idle timeout does not run during a transfer and begins anew with its reply", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  for (let bytes = 1; bytes <= 6; bytes++) {
    await sendAll(data, "x");
    await peer.moved(bytes);
    await gateway.turn(100 * SECOND);
  }
  data.close();
  await peer.expect(226);
  await gateway.turn(299.999 * SECOND);
  await peer.ask("NOOP", 200);
  await gateway.turn(300 * SECOND);
  await peer.expect(421);
});

Deno.test("a data connection that is not opened within 30 s ends in 425 and frees its port", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (const line of ["LIST", "STOR a", "RETR b"]) {
    await gateway.put("b", "content");
    await peer.extendedPassive();
    await peer.ask(line, 150);
    await gateway.turn(29.999 * SECOND);
    await gateway.turn(1);
    await peer.expect(425);
    assert.equal(gateway.ports.taken, 0);
  }
  assert.deepEqual(await gateway.keys(), ["b"]);
});

Deno.test("an upload whose client sends nothing for 120 s ends in 426 and publishes nothing", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, "half");
  await peer.moved(4);
  await gateway.turn(119.999 * SECOND);
  await sendAll(data, "more");
  await peer.moved(8);
  await gateway.turn(119.999 * SECOND);
  await peer.ask("STAT", 213);
  await gateway.turn(1);
  await peer.expect(426);
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("a download whose client takes nothing for 120 s ends in 426", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", new Uint8Array(20 * MIB));
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("RETR a", 150);
  assert.ok(await stuck(peer) < 20 * MIB);
  await gateway.turn(119 * SECOND);
  await peer.ask("STAT", 213);
  await gateway.turn(1 * SECOND);
  await peer.expect(426);
  assert.ok((await receiveAll(data)).length < 20 * MIB);
});

Deno.test("no stall timer runs while COS is what an upload waits for", async () => {
  await using gateway = await Gateway.start();
  using fault = gateway.emulator.faults.add({
    operation: "UploadPart",
    times: 2,
    fault: { kind: "latency", milliseconds: 300 },
  });
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  const bytes = new Uint8Array(16 * MIB);
  const sending = sendAll(data, bytes).then(() => data.close());
  await gateway.emulator.traffic.begun("UploadPart", 2);
  // Two parts in flight and a full one behind them: the client has to wait.
  await peer.moved(3 * MIB);
  await gateway.turn(600 * SECOND);
  assert.equal(gateway.emulator.traffic.count("UploadPart").ended, 0);
  fault[Symbol.dispose]();
  await sending;
  await peer.expect(226);
  assert.equal((await gateway.get("a"))?.length, bytes.length);
});

Deno.test("no stall timer runs while COS is what a download waits for", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  using fault = gateway.emulator.faults.add({ operation: "GetObject", fault: { kind: "timeout" } });
  using peer = await gateway.logIn();
  await peer.extendedPassive();
  await peer.send("RETR a\r\n");
  await gateway.emulator.traffic.begun("GetObject");
  await gateway.turn(600 * SECOND);
  await peer.ask("STAT", 213);
  fault[Symbol.dispose]();
  await peer.ask("ABOR", 426);
  await peer.expect(226);
});

Deno.test("a client that reads no replies for 120 s loses its control connection", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const sending = peer.send("HELP\r\n".repeat(100_000)).catch(() => {});
  let before = -1;
  // The replies fill the buffers of both sides, then the server stops reading too.
  for (let same = 0; same < 20; same++) {
    await nextTurn();
    const now = gateway.log.lines.length;
    if (now !== before) same = 0;
    before = now;
  }
  await gateway.turn(119 * SECOND);
  assert.equal(gateway.server.sessions, 1);
  await gateway.turn(1 * SECOND);
  await sending;
  await peer.rest();
  await gateway.sessionsLeft(0);
});

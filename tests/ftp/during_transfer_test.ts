import assert from "node:assert/strict";
import { Gateway, MIB } from "./gateway.ts";
import { receiveAll, sendAll } from "./ftp_peer.ts";

Deno.test("ABOR ends an upload with 426, then 226, and nothing is published", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "old");
  using peer = await gateway.logIn();
  for (const size of [0, 100, 3 * MIB]) {
    using data = await peer.openData();
    await peer.ask("STOR a", 150);
    await sendAll(data, new Uint8Array(size));
    await peer.moved(size);
    await peer.ask("ABOR", 426);
    await peer.expect(226);
    assert.equal(await gateway.text("a"), "old");
  }
  assert.equal((await peer.upload("STOR a", "new")).code, 226);
});

Deno.test("ABOR ends a download and a listing with 426, then 226", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", new Uint8Array(20 * MIB));
  using peer = await gateway.logIn();
  for (const line of ["RETR a", "LIST"]) {
    await peer.extendedPassive();
    await peer.ask(line, 150);
    await peer.ask("ABOR", 426);
    await peer.expect(226);
  }
  using data = await peer.openData();
  await peer.ask("RETR a", 150);
  await peer.ask("ABOR", 426);
  await peer.expect(226);
  assert.ok((await receiveAll(data).catch(() => new Uint8Array())).length < 20 * MIB);
  assert.deepEqual(await peer.names(), ["a"]);
});

Deno.test("ABOR reaches a command that still waits for COS before its 150", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (
    const [line, operation] of [
      ["RETR a", "GetObject"],
      ["APPE a", "HeadObject"],
      ["LIST", "GetBucket"],
      ["NLST *.txt", "GetBucket"],
      ["MLSD", "GetBucket"],
    ] as const
  ) {
    using _fault = gateway.emulator.faults.add({ operation, fault: { kind: "timeout" } });
    await peer.extendedPassive();
    const { begun } = gateway.emulator.traffic.count(operation);
    await peer.send(`${line}\r\n`);
    await gateway.emulator.traffic.begun(operation, begun + 1);
    await peer.ask("ABOR", 426);
    await peer.expect(226);
  }
});

Deno.test("ABOR in one segment with its transfer ends it all the same", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  using peer = await gateway.logIn();
  for (const line of ["STOR b", "RETR a", "LIST"]) {
    await peer.extendedPassive();
    await peer.send(`${line}\r\nABOR\r\n`);
    const first = await peer.reply();
    if (first.code === 150) await peer.expect(426);
    else assert.equal(first.code, 426);
    await peer.expect(226);
  }
  assert.deepEqual(await gateway.keys(), ["a"]);
});

Deno.test("ABOR that came before its transfer began ends it all the same", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("d/a", "content");
  using peer = await gateway.logIn();
  for (const line of ["STOR b", "RETR a", "LIST"]) {
    await peer.ask("CWD /", 250);
    await peer.extendedPassive();
    // The transfer waits for COS's answer to CWD.
    await peer.send(`CWD d\r\n${line}\r\nABOR\r\n`);
    await peer.expect(250);
    const first = await peer.reply();
    if (first.code === 150) await peer.expect(426);
    else assert.equal(first.code, 426);
    await peer.expect(226);
  }
  assert.deepEqual(await gateway.keys(), ["d/a"]);
});

Deno.test("ABOR with an argument is refused and ends no transfer, also one that it was sent along with", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.send("NOOP\r\nSTOR a\r\nABOR x\r\n");
  await peer.expect(200);
  await peer.expect(150);
  await sendAll(data, "whole");
  data.close();
  await peer.expect(226);
  await peer.expect(501);
  assert.equal(await gateway.text("a"), "whole");
});

Deno.test("ABOR as clients send it, with its Telnet sequence, ends a transfer", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const abor = new TextEncoder().encode("ABOR\r\n");
  for (const telnet of [[0xff, 0xf4, 0xff, 0xf2], [0xff, 0xf4, 0xf2], [0xff, 0xf4, 0xff]]) {
    using _data = await peer.openData();
    await peer.ask("STOR a", 150);
    await peer.send(Uint8Array.from([...telnet, ...abor]));
    await peer.expect(426);
    await peer.expect(226);
  }
});

Deno.test("ABOR without a transfer is 226 and gives up the data connection", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.extendedPassive();
  await peer.ask("ABOR", 226);
  assert.equal(gateway.ports.taken, 0);
});

Deno.test("during a transfer STAT is answered at once, everything else in order after it", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, "12345");
  await peer.send("PWD\r\nNOSUCH\r\nABOR please\r\nSIZE a\r\n");
  await peer.moved(5);
  assert.equal((await peer.ask("STAT", 213)).text, "STOR /a: 5 bytes so far");
  await sendAll(data, "67");
  data.close();
  for (const code of [226, 257, 500, 501]) await peer.expect(code);
  assert.equal((await peer.expect(213)).text, "7");
});

Deno.test("QUIT during a transfer gets its 221 after the transfer's reply", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await peer.send("QUIT\r\n");
  await sendAll(data, "content");
  data.close();
  await peer.expect(226);
  await peer.expect(221);
  assert.equal(await peer.rest(), "");
  assert.equal(await gateway.text("a"), "content");
});

Deno.test("however many commands wait during a transfer, all are carried out after it", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  const count = 5_000;
  const sending = peer.send("NOOP\r\n".repeat(count));
  await sendAll(data, "content");
  data.close();
  await peer.expect(226);
  for (let answered = 0; answered < count; answered++) await peer.expect(200);
  await sending;
});

Deno.test("a control connection that is lost in a transfer ends it, and the session", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", new Uint8Array(20 * MIB));
  for (const line of ["STOR b", "RETR a", "LIST"]) {
    using peer = await gateway.logIn();
    // LIST waits for a data connection that never comes.
    using data = line === "LIST" ? undefined : await peer.openData();
    if (line === "LIST") await peer.extendedPassive();
    await peer.ask(line, 150);
    if (line === "STOR b") await sendAll(data!, new Uint8Array(3 * MIB));
    peer.close();
    await gateway.sessionsLeft(0);
    assert.deepEqual(await gateway.keys(), ["a"]);
  }
});

Deno.test("QUIT that was refused does not make a good end of a control connection that is lost", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "old");
  using peer = await gateway.logIn();
  await peer.ask("QUIT x", 501);
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, "the first half");
  await peer.moved(14);
  peer.close();
  data.close();
  await gateway.sessionsLeft(0);
  assert.equal(await gateway.text("a"), "old");
});

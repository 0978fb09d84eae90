import assert from "node:assert/strict";
import { type Listener, nextTurn } from "../../src/net/connection.ts";
import { Gateway } from "./gateway.ts";

const encoder = new TextEncoder();

Deno.test("commands may be split at every byte", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  for (const byte of encoder.encode("USER alice\r\nPASS secret\r\nCWD /\r\n")) {
    await peer.send(Uint8Array.of(byte));
    await nextTurn();
  }
  for (const code of [331, 230, 250]) await peer.expect(code);
});

Deno.test("commands pipelined in one segment are answered one by one, in order", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  await peer.send(
    "USER alice\r\nPASS secret\nMKD /a\r\nCWD a\nPWD\r\nNO SUCH\r\n\r\nCDUP\r\nRMD a\r\nQUIT\r\n",
  );
  for (const code of [331, 230, 257, 250]) await peer.expect(code);
  assert.match((await peer.expect(257)).text, /^"\/a" /);
  for (const code of [500, 500, 250, 250, 221]) await peer.expect(code);
  assert.equal(await peer.rest(), "");
});

Deno.test("hundreds of commands pipelined at once are all answered", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const count = 500;
  await peer.send("NOOP\r\nPWD\r\n".repeat(count));
  for (let round = 0; round < count; round++) {
    await peer.expect(200);
    await peer.expect(257);
  }
});

Deno.test("QUIT ends the session however many commands come behind it", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.send("QUIT\r\n" + "NOOP\r\n".repeat(500));
  await peer.expect(221);
  await gateway.sessionsLeft(0);
});

Deno.test("a line over 8 KiB gets 500, its rest is dropped, the next command works", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.ask(`CWD ${"x".repeat(8192 - 4)}`, 553);
  await peer.ask(`CWD ${"x".repeat(8192 - 3)}`, 500);
  await peer.ask("x".repeat(1_000_000), 500);
  await peer.ask("NOOP", 200);
});

Deno.test("Telnet sequences before a verb are ignored, an urgent byte that got lost does no harm", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const [IAC, IP, DM, DO] = [0xff, 0xf4, 0xf2, 0xfd];
  for (const telnet of [[IAC, IP, IAC, DM], [IAC, IP, DM], [IAC, IP, IAC], [DM], [IAC, DO, 6]]) {
    await peer.send(Uint8Array.from([...telnet, ...encoder.encode("ABOR\r\n")]));
    await peer.expect(226);
    await peer.send(Uint8Array.from([...telnet, ...encoder.encode("NOOP\r\n")]));
    await peer.expect(200);
  }
  // Python's ftplib sends all of ABOR as urgent: its line feed never arrives.
  await peer.send("ABOR\r");
  await peer.expect(226);
  await peer.ask("NOOP", 200);
});

Deno.test("a path that is no UTF-8 is refused and never mangled", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await gateway.put("\ufffd");
  for (
    const verb of ["CWD", "MKD", "RMD", "DELE", "SIZE", "MDTM", "MLST", "RNFR", "STAT"]
  ) {
    for (const bytes of [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xd6, 0xd0]]) {
      await peer.send(Uint8Array.from([...encoder.encode(`${verb} `), ...bytes, 13, 10]));
      await peer.expect(501);
    }
  }
  await peer.extendedPassive();
  for (const verb of ["RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"]) {
    await peer.extendedPassive();
    await peer.send(Uint8Array.from([...encoder.encode(`${verb} `), 0xff, 13, 10]));
    await peer.expect(501);
  }
  assert.deepEqual(await gateway.keys(), ["\ufffd"]);
});

Deno.test("bytes that are no UTF-8 in a password reach the comparison, in a name they are 501", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  await peer.ask("USER alice", 331);
  await peer.send(Uint8Array.from([...encoder.encode("PASS "), 0xff, 13, 10]));
  await peer.expect(530);
  await peer.send(Uint8Array.from([...encoder.encode("USER "), 0xff, 13, 10]));
  await peer.expect(501);
});

Deno.test("a client that closes its side after its commands still gets every reply", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  await peer.send("USER alice\r\nPASS secret\r\nMKD a\r\n");
  await peer.conn.closeWrite();
  for (const code of [331, 230, 257]) await peer.expect(code);
  assert.equal(await peer.rest(), "");
});

Deno.test("no password is ever logged, whatever case its verb has", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  await peer.send("USER alice\r\nPaSs wrong-secret\r\nUSER alice\r\nPASS secret\r\n");
  for (const code of [331, 530, 331, 230]) await peer.expect(code);
  await peer.send("ACCT wrong-secret\r\nPASS  wrong-secret\r\n");
  for (const code of [202, 503]) await peer.expect(code);
  const logged = JSON.stringify(gateway.log.lines);
  assert.match(logged, /"verb":"PASS"/);
  assert.doesNotMatch(logged, /secret/);
});

Deno.test("a client that leaves during a listing on the control connection is no failure of the gateway", async () => {
  const gone = new Error("Broken pipe");
  const decorate = (listener: Listener): Listener => ({
    address: listener.address,
    accept: async () => {
      const control = await listener.accept();
      if (!control) return null;
      const write = control.write.bind(control);
      control.write = (bytes) =>
        new TextDecoder().decode(bytes).startsWith("213-") ? Promise.reject(gone) : write(bytes);
      return control;
    },
    close: () => listener.close(),
    [Symbol.dispose]: () => listener.close(),
  });
  await using gateway = await Gateway.start({ decorate });
  using peer = await gateway.logIn();
  await peer.send("STAT /\r\n");
  await gateway.turn(0);
  peer.close();
  await gateway.sessionsLeft(0);
  const loud = gateway.log.lines.filter(({ level }) => level === "error" || level === "warning");
  assert.deepEqual(loud, []);
});

import assert from "node:assert/strict";
import type { Account } from "../../src/accounts/account.ts";
import { passwordAuthenticator } from "../../src/accounts/authenticator.ts";
import { readPassword } from "../../src/accounts/passwords.ts";
import { parseCidr } from "../../src/net/cidr.ts";
import { nextTurn } from "../../src/net/connection.ts";
import { hashOf } from "../accounts/scrypt_hash.ts";
import { type FtpPeer, sendAll } from "./ftp_peer.ts";
import { Gateway, MAX_FILE_SIZE, PART_SIZE } from "./gateway.ts";

const KIB = 1024;

Deno.test("rename_enable = false refuses RNFR, and nothing is renamed", async () => {
  await using gateway = await Gateway.start({ renameEnable: false });
  await gateway.put("a", "a");
  using peer = await gateway.logIn();
  await peer.ask("RNFR a", 550);
  await peer.ask("RNTO b", 550);
  await peer.ask("DELE a", 250);
});

Deno.test("overwrite_enable = false refuses a rename onto a file", async () => {
  await using gateway = await Gateway.start({ overwriteEnable: false });
  await gateway.put("a", "a");
  await gateway.put("b", "b");
  using peer = await gateway.logIn();
  await peer.ask("RNFR a", 350);
  await peer.ask("RNTO b", 550);
  assert.deepEqual([await gateway.text("a"), await gateway.text("b")], ["a", "b"]);
  await peer.ask("RNFR a", 350);
  await peer.ask("RNTO c", 250);
});

for (const verb of ["STOR", "APPE"]) {
  Deno.test(`overwrite_enable = false refuses ${verb} onto a file, before 150, and changes nothing`, async () => {
    await using gateway = await Gateway.start({ overwriteEnable: false });
    await gateway.put("a", "old");
    using peer = await gateway.logIn();
    using _data = await peer.openData();
    await peer.ask(`${verb} a`, 550);
    assert.equal(await gateway.text("a"), "old");
    assert.equal((await peer.upload(`${verb} b`, "new")).code, 226);
    assert.equal(await gateway.text("b"), "new");
  });
}

for (const [what, size] of [["one part", 10], ["three parts", 2 * PART_SIZE + 1]] as const) {
  Deno.test(`overwrite_enable = false: of two uploads of ${what} the first to end stays`, async () => {
    await using gateway = await Gateway.start({ overwriteEnable: false });
    using peer = await gateway.logIn();
    using data = await peer.openData();
    await peer.ask("STOR a", 150);
    await sendAll(data, new Uint8Array(size));
    await peer.moved(size);
    await gateway.put("a", "quicker");
    data.close();
    await peer.expect(550);
    assert.equal(await gateway.text("a"), "quicker");
  });

  Deno.test(`overwrite_enable = false: an upload of ${what} whose answer is lost is no file in its own way`, async () => {
    await using gateway = await Gateway.start({ overwriteEnable: false });
    using peer = await gateway.logIn();
    const operation = size > PART_SIZE ? "CompleteMultipartUpload" : "PutObject";
    using _lost = gateway.emulator.faults.add({
      operation,
      key: "a",
      fault: { kind: "lose-answer" },
      times: 1,
    });
    assert.equal((await peer.upload("STOR a", new Uint8Array(size))).code, 226);
    assert.equal((await gateway.get("a"))!.length, size);
  });
}

Deno.test("login from outside of allow_from is refused like a wrong password, and the log says why", async () => {
  await using gateway = await Gateway.start({ allowFrom: [parseCidr("192.0.2.0/24")] });
  using peer = await gateway.connect();
  await peer.ask("USER alice", 331);
  const wrong = await peer.ask("PASS wrong", 530);
  await peer.ask("USER alice", 331);
  const elsewhere = await peer.ask("PASS secret", 530);
  assert.equal(elsewhere.text, wrong.text);
  const reasons = gateway.log.lines.filter(({ message }) => message === "Login failed")
    .map(({ fields }) => fields.reason);
  assert.deepEqual(reasons, [
    "an address outside of allow_from",
    "an address outside of allow_from",
  ]);
  // It counts as a failure too.
  await peer.ask("USER alice", 331);
  await peer.ask("PASS secret", 421);
});

Deno.test("where allow_from or require_tls refuses, a right password is hashed like a wrong one", async () => {
  const hashed: string[] = [];
  const password = readPassword(hashOf("secret"));
  assert.ok(password.kind === "scrypt");
  const authenticator = passwordAuthenticator([
    { name: "far", account: accountOf({ allowFrom: [parseCidr("192.0.2.0/24")] }), password },
    { name: "private", account: accountOf({ requireTls: true }), password },
    { name: "plain", account: accountOf({ requireTls: true }), password: readPassword("secret") },
  ], (given) => {
    hashed.push(new TextDecoder().decode(given));
    return Promise.resolve(password.hash);
  });
  await using gateway = await Gateway.start({ authenticator, ftps: {} });
  for (const name of ["far", "private", "plain"]) {
    using peer = await gateway.connect();
    const answers: string[] = [];
    for (const given of ["secret", "wrong"]) {
      await peer.ask(`USER ${name}`, 331);
      answers.push((await peer.ask(`PASS ${given}`, 530)).text);
    }
    assert.equal(answers[0], answers[1]);
    assert.deepEqual(hashed.splice(0), ["secret", "wrong"], name);
  }
});

/** An account that nobody gets into. */
function accountOf(limits: Pick<Partial<Account>, "allowFrom" | "requireTls">): Account {
  return { requireTls: false, ...limits } as Account;
}

Deno.test("login from inside of allow_from is as any other", async () => {
  const allowFrom = [parseCidr("192.0.2.0/24"), parseCidr("127.0.0.1")];
  await using gateway = await Gateway.start({ allowFrom });
  using _peer = await gateway.logIn();
});

Deno.test("max_sessions ends what is beyond it with 421, until a session ends", async () => {
  await using gateway = await Gateway.start({ maxSessions: 2 });
  using first = await gateway.logIn();
  using _second = await gateway.logIn();
  // Who logs in again counts once.
  await first.logIn();
  using third = await gateway.connect();
  await third.ask("USER alice", 331);
  await third.ask("PASS secret", 421);
  const refused = gateway.log.lines.find(({ level }) => level === "warning")!;
  assert.equal(refused.message, "Login refused: max_sessions sessions are logged in");
  await first.ask("QUIT", 221);
  await gateway.sessionsLeft(1);
  using _fourth = await gateway.logIn();
});

/** Turns the clock until `done`, a second at a time in eighths. @returns the seconds it took. */
async function secondsUntil(gateway: Gateway, done: Promise<unknown>): Promise<number> {
  let finished = false;
  done.finally(() => finished = true).catch(() => {});
  const begun = gateway.clock.now();
  for (let turns = 0; turns < 20_000; turns++) {
    // Whatever is under way on sockets first, so that time passes only for those who wait for it.
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    if (finished) return (gateway.clock.now() - begun) / 1000;
    gateway.clock.advance(25);
  }
  assert.fail("it did not end");
}

Deno.test("uploads of an account are held to upload_rate together", async () => {
  await using gateway = await Gateway.start({ uploadRate: 64 * KIB });
  using one = await gateway.logIn();
  using other = await gateway.logIn();
  const file = new Uint8Array(128 * KIB);
  const upload = async (peer: typeof one, name: string) =>
    assert.equal((await peer.upload(`STOR ${name}`, file)).code, 226);
  const seconds = await secondsUntil(
    gateway,
    Promise.all([upload(one, "a"), upload(other, "b")]),
  );
  assert.ok(seconds >= 3.5, `${seconds} s for 256 KiB at 64 KiB/s`);
  assert.deepEqual((await gateway.get("a"))!.length, file.length);
});

Deno.test("downloads and listings of an account are held to download_rate", async () => {
  await using gateway = await Gateway.start({ downloadRate: 64 * KIB });
  await gateway.put("a", new Uint8Array(256 * KIB));
  using peer = await gateway.logIn();
  const seconds = await secondsUntil(gateway, peer.download("RETR a"));
  assert.ok(seconds >= 3.5, `${seconds} s for 256 KiB at 64 KiB/s`);
});

Deno.test("slow upload leaves downloads and other commands as quick as they are", async () => {
  await using gateway = await Gateway.start({ uploadRate: KIB });
  await gateway.put("a", new Uint8Array(256 * KIB));
  using slow = await gateway.logIn();
  using data = await slow.openData();
  await slow.ask("STOR slow", 150);
  await sendAll(data, new Uint8Array(4 * KIB));
  using quick = await gateway.logIn();
  // With the clock at a stand.
  assert.equal((await quick.download("RETR a")).bytes.length, 256 * KIB);
  await slow.send("ABOR\r\n");
  await slow.expect(426);
  await slow.expect(226);
});

Deno.test("overwrite_enable = false: an interrupted upload of a new file is resumed, onto a finished one not", async () => {
  await using gateway = await Gateway.start({ overwriteEnable: false, interrupted: "resume" });
  using peer = await gateway.logIn();
  const size = 3 * PART_SIZE + 1;
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, new Uint8Array(size));
  await gateway.emulator.traffic.ended("UploadPart", 2);
  await peer.moved(size);
  await peer.ask("ABOR", 426);
  await peer.expect(226);
  const kept = Number((await peer.ask("SIZE a", 213)).text);
  assert.ok(kept > 0);
  await gateway.put("b", "finished");
  await peer.ask(`REST ${kept}`, 350);
  using _unused = await peer.openData();
  await peer.ask("STOR b", 550);
  await peer.ask(`REST ${kept}`, 350);
  assert.equal((await peer.upload("STOR a", new Uint8Array(size - kept))).code, 226);
  assert.equal((await gateway.get("a"))!.length, size);
});

Deno.test("overwrite_enable = false: nothing gets onto a file by REST, STOU or renaming a directory", async () => {
  await using gateway = await Gateway.start({ overwriteEnable: false, interrupted: "resume" });
  for (const key of ["a", "from/a", "to/a"]) await gateway.put(key, key);
  using peer = await gateway.logIn();
  // The marker is where the file ends: elsewhere that appends.
  await peer.ask("REST 1", 350);
  using _data = await peer.openData();
  await peer.ask("STOR a", 550);
  assert.equal((await peer.upload("STOU a", "new")).code, 226);
  await peer.ask("RNFR from", 350);
  await peer.ask("RNTO to", 550);
  await peer.ask("RNFR from/a", 350);
  await peer.ask("RNTO from/../to/./a", 550);
  for (const key of ["a", "from/a", "to/a"]) assert.equal(await gateway.text(key), key);
});

Deno.test("single_file_max_size holds for what APPE, REST and STOU make too", async () => {
  await using gateway = await Gateway.start({ interrupted: "resume" });
  using peer = await gateway.logIn();
  const nearly = new Uint8Array(MAX_FILE_SIZE - 10);
  await gateway.put("nearly", nearly);
  assert.equal((await peer.upload("APPE nearly", new Uint8Array(11))).code, 552);
  await peer.ask(`REST ${nearly.length}`, 350);
  assert.equal((await peer.upload("STOR nearly", new Uint8Array(11))).code, 552);
  assert.equal(await tooLong(peer, "STOU b", MAX_FILE_SIZE + 1), 552);
  {
    using data = await peer.openData();
    await peer.ask("STOR c", 150);
    await sendAll(data, new Uint8Array(3 * PART_SIZE + 1));
    await peer.moved(3 * PART_SIZE + 1);
    await peer.ask("ABOR", 426);
    await peer.expect(226);
  }
  const kept = Number((await peer.ask("SIZE c", 213)).text);
  assert.ok(kept > 0);
  await peer.ask(`REST ${kept}`, 350);
  assert.equal(await tooLong(peer, "STOR c", MAX_FILE_SIZE - kept + 1), 552);
  assert.deepEqual(await gateway.keys(), ["nearly"]);
  assert.equal((await gateway.get("nearly"))!.length, nearly.length);
});

/** Uploads what the gateway stops before its end. @returns the code of the last reply. */
async function tooLong(peer: FtpPeer, line: string, size: number): Promise<number> {
  using data = await peer.openData();
  await peer.ask(line, 150);
  await sendAll(data, new Uint8Array(size)).catch(() => {});
  return (await peer.reply()).code;
}

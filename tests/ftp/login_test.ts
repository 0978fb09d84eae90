import assert from "node:assert/strict";
import type { Authenticator } from "../../src/accounts/authenticator.ts";
import { nextTurn } from "../../src/net/connection.ts";
import { Gateway } from "./gateway.ts";
import { FtpPeer } from "./ftp_peer.ts";

Deno.test("a login takes USER and PASS, and every failure has the same reply", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  await peer.ask("PASS secret", 503);
  await peer.ask("USER alice", 331);
  const wrongPassword = await peer.ask("PASS wrong", 530);
  await peer.ask("PASS secret", 503);
  await peer.ask("USER nobody", 331);
  const wrongName = await peer.ask("PASS secret", 530);
  assert.deepEqual(wrongName.lines, wrongPassword.lines);
  await peer.ask("USER alice", 331);
  await peer.ask("PASS secret", 230);
  await peer.ask("PASS secret", 503);
  await peer.ask("PWD", 257);
});

Deno.test("USER with a name that cannot be read is refused and logs nobody out", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.send(Uint8Array.of(...new TextEncoder().encode("USER "), 0xff, 13, 10));
  await peer.expect(501);
  await peer.ask("PWD", 257);
});

/** Finds out nothing before whoever asks has gone. */
class PatientAuthenticator implements Authenticator {
  waiting = 0;

  async authenticate({ signal }: { signal: AbortSignal }): Promise<never> {
    this.waiting++;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    this.waiting--;
    throw signal.reason;
  }
}

Deno.test("a login is given up when its client leaves or the gateway stops", async () => {
  const authenticator = new PatientAuthenticator();
  await using gateway = await Gateway.start({ authenticator, loginGuard: { threshold: 2 } });
  using other = await gateway.connect();
  const waiting = async () => {
    const peer = await gateway.connect();
    await peer.ask("USER alice", 331);
    await peer.send("PASS secret\r\n");
    while (authenticator.waiting === 0) await nextTurn();
    return peer;
  };
  (await waiting()).close();
  await gateway.sessionsLeft(1);
  await other.ask("NOOP", 200);
  using last = await waiting();
  await gateway.server.shutDown(30_000);
  assert.equal((await last.expect(421)).text, "The gateway is shutting down");
  assert.equal(authenticator.waiting, 0);
});

Deno.test("the login timeout stands still while a login is judged, and then goes on", async () => {
  let judged = Promise.withResolvers<{ refused: string }>();
  let waiting = 0;
  const authenticator: Authenticator = {
    authenticate: () => {
      waiting++;
      return judged.promise;
    },
  };
  await using gateway = await Gateway.start({ authenticator });
  using peer = await gateway.connect();
  for (let tries = 1; tries <= 2; tries++) {
    await gateway.turn(10_000);
    await peer.ask("USER alice", 331);
    await peer.send("PASS wrong\r\n");
    while (waiting < tries) await nextTurn();
    await gateway.turn(100_000);
    judged.resolve({ refused: "wrong password" });
    await peer.expect(530);
    judged = Promise.withResolvers();
  }
  await gateway.turn(9_999);
  await peer.ask("NOOP", 200);
  await gateway.turn(1);
  assert.equal((await peer.expect(421)).text, "Login took too long");
});

Deno.test("the log tells what was wrong with a login, the client does not hear it, and no password is shown", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  for (const name of ["alice", "nobody"]) {
    await peer.ask(`USER ${name}`, 331);
    await peer.ask("PASS HuSh", 530);
  }
  await peer.logIn();
  const failed = gateway.log.lines.filter(({ message }) => message === "Login failed");
  assert.deepEqual(failed.map(({ fields }) => [fields.user, fields.reason]), [
    ["alice", "wrong password"],
    ["nobody", "unknown user"],
  ]);
  assert.doesNotMatch(JSON.stringify(gateway.log.lines), /HuSh|secret/);
});

Deno.test("the third failed login closes the control connection", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  for (const code of [530, 530, 421]) {
    await peer.ask("USER alice", 331);
    await peer.ask("PASS wrong", code);
  }
  assert.equal(await peer.rest(), "");
});

Deno.test("USER and REIN log out and forget everything that was set", async () => {
  await using gateway = await Gateway.start();
  for (const [line, code] of [["USER alice", 331], ["REIN", 220]] as const) {
    using peer = await gateway.logIn();
    for (
      const [setting, answer] of [
        ["MKD d", 257],
        ["CWD d", 250],
        ["OPTS MLST size;", 200],
        ["REST 5", 350],
        ["EPSV ALL", 200],
        ["EPSV", 229],
      ] as const
    ) await peer.ask(setting, answer);
    assert.equal(gateway.logins.taken, 1);
    await peer.ask(line, code);
    assert.equal(gateway.logins.taken, 0);
    assert.equal(gateway.ports.taken, 0);
    await peer.ask("PWD", 530);
    if (line === "REIN") await peer.ask("PASS secret", 503);
    await peer.ask("USER alice", 331);
    await peer.ask("PASS secret", 230);
    assert.equal((await peer.ask("PWD", 257)).text, `"/" is the working directory`);
    assert.match((await peer.ask("STAT", 211)).lines.join("\n"), /TYPE: ASCII/);
    await peer.ask("PASV", 227);
    assert.ok((await peer.ask("FEAT", 211)).lines.includes(" MLST type*;size*;modify*;perm*;"));
    await peer.ask("RMD d", 250);
  }
});

Deno.test("one session more than max_connection_num gets 421; when one ends, the next is welcome", async () => {
  await using gateway = await Gateway.start({ maxConnections: 2 });
  using first = await gateway.connect();
  using _second = await gateway.connect();
  using third = await FtpPeer.connect(gateway.address);
  await third.expect(421);
  assert.equal(await third.rest(), "");
  await first.ask("QUIT", 221);
  assert.equal(await first.rest(), "");
  await gateway.sessionsLeft(1);
  using fourth = await FtpPeer.connect(gateway.address);
  await fourth.expect(220);
});

Deno.test("max_connection_num = 0 is no limit", async () => {
  await using gateway = await Gateway.start({ maxConnections: 0 });
  using stack = new DisposableStack();
  for (let count = 0; count < 150; count++) stack.use(await gateway.connect());
  assert.equal(gateway.server.sessions, 150);
});

Deno.test("the login after the last one allowed gets 421, and its place is free after QUIT", async () => {
  const allowed = 100;
  await using gateway = await Gateway.start({ maxLogins: allowed });
  using stack = new DisposableStack();
  const peers: FtpPeer[] = [];
  for (let count = 0; count < allowed; count++) peers.push(stack.use(await gateway.logIn()));
  using late = await gateway.connect();
  await late.ask("USER alice", 331);
  await late.ask("PASS secret", 421);
  assert.equal(await late.rest(), "");
  await peers[0]!.ask("QUIT", 221);
  assert.equal(await peers[0]!.rest(), "");
  await gateway.sessionsLeft(allowed - 1);
  stack.use(await gateway.logIn());
  assert.equal(gateway.logins.taken, allowed);
});

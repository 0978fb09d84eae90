import assert from "node:assert/strict";
import type { Account } from "../../src/accounts/account.ts";
import { parseCidr } from "../../src/net/cidr.ts";
import { nextTurn } from "../../src/net/connection.ts";
import { FtpPeer } from "./ftp_peer.ts";
import { Gateway } from "./gateway.ts";

const MINUTE = 60_000;
/** The text of every 421 for somebody who is turned away. */
const REFUSAL = "Service not available, try again later";

const failures = ({ log }: Gateway): number =>
  log.lines.filter(({ message }) => message === "Login failed").length;

/** Sends a wrong password; its reply is held back when this resolves. */
async function guess(gateway: Gateway, peer: FtpPeer, name = "alice"): Promise<void> {
  const before = failures(gateway);
  await peer.ask(`USER ${name}`, 331);
  await peer.send("PASS wrong\r\n");
  while (failures(gateway) === before) await nextTurn();
}

/** Whether a new connection is turned away. */
async function isTurnedAway({ address }: Gateway): Promise<boolean> {
  using peer = await FtpPeer.connect(address);
  const { code, text } = await peer.reply();
  if (code === 220) return false;
  assert.deepEqual([code, text], [421, REFUSAL]);
  assert.equal(await peer.rest(), "");
  return true;
}

Deno.test("the reply to a wrong login is held back, whatever was wrong; other sessions go on", async () => {
  await using gateway = await Gateway.start({ loginGuard: { threshold: 10 } });
  using other = await gateway.logIn();
  using peer = await gateway.connect();
  for (const [name, delay] of [["alice", 500], ["nobody", 1_000]] as const) {
    await guess(gateway, peer, name);
    let isAnswered = false;
    const answer = peer.reply().finally(() => isAnswered = true);
    await gateway.turn(delay - 1);
    await other.ask("PWD", 257);
    assert.equal(isAnswered, false);
    await gateway.turn(1);
    const { code, text } = await answer;
    assert.deepEqual([code, text], [530, "Login incorrect"]);
  }
  await peer.logIn();
});

Deno.test("an address with too many failed logins hears 421 without a reason until its ban ends", async () => {
  const loginGuard = { threshold: 4, ban: 15 * MINUTE };
  await using gateway = await Gateway.start({ loginGuard });
  using inside = await gateway.logIn();
  using waiting = await gateway.connect();
  await waiting.ask("USER alice", 331);
  for (let round = 0; round < 2; round++) {
    using peer = await gateway.connect();
    for (let tries = 0; tries < 2; tries++) {
      await guess(gateway, peer);
      await gateway.turn(4_000);
      const isLast = round === 1 && tries === 1;
      const { code, text } = await peer.reply();
      assert.deepEqual([code, text], isLast ? [421, REFUSAL] : [530, "Login incorrect"]);
    }
  }
  assert.ok(await isTurnedAway(gateway));
  await waiting.ask("PASS secret", 421);
  assert.equal(await waiting.rest(), "");
  await inside.ask("PWD", 257);
  await gateway.turn(4 * MINUTE);
  await inside.ask("PWD", 257);
  assert.ok(await isTurnedAway(gateway));
  await inside.ask("QUIT", 221);
  await gateway.turn(11 * MINUTE);
  assert.equal(await isTurnedAway(gateway), false);
  const bans = gateway.log.lines.filter(({ message }) => message.startsWith("Address banned"));
  assert.deepEqual(bans.map(({ fields }) => fields.address), ["127.0.0.1"]);
});

Deno.test("of many guesses at once those that come after the ban do not hear whether they are right", async () => {
  const checks = Promise.withResolvers<void>();
  let waiting = 0;
  await using gateway = await Gateway.start({
    loginGuard: { threshold: 3 },
    authenticator: {
      async authenticate({ password }) {
        waiting++;
        await checks.promise;
        const isRight = password.length === "right!".length;
        return isRight ? { account: {} as Account } : { refused: "wrong password" };
      },
    },
  });
  using stack = new DisposableStack();
  const peers: FtpPeer[] = [];
  for (let count = 0; count < 6; count++) peers.push(stack.use(await gateway.connect()));
  for (const [index, peer] of peers.entries()) {
    await peer.ask("USER alice", 331);
    await peer.send(`PASS ${index < 5 ? "wrong" : "right!"}\r\n`);
    while (waiting === index) await nextTurn();
  }
  checks.resolve();
  while (failures(gateway) < 3) await nextTurn();
  await gateway.turn(4_000);
  const codes = await Promise.all(peers.map(async (peer) => (await peer.reply()).code));
  assert.equal(failures(gateway), 3);
  assert.deepEqual(codes, Array(6).fill(421));
});

Deno.test("nobody asks whether a login of a banned address is right", async () => {
  const authenticator = { authenticate: () => Promise.reject(new Error("asked")) };
  await using gateway = await Gateway.start({ authenticator, loginGuard: { threshold: 1 } });
  using peer = await gateway.connect();
  gateway.guard.failed("127.0.0.1");
  await peer.ask("USER alice", 331);
  assert.equal((await peer.ask("PASS secret", 421)).text, REFUSAL);
});

Deno.test("a login that waits for its turn is told when its address is banned, and which client it is of", async () => {
  const turn = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  await using gateway = await Gateway.start({
    loginGuard: { threshold: 1 },
    authenticator: {
      async authenticate({ client, isBanned }) {
        seen.push(client, isBanned());
        await turn.promise;
        seen.push(isBanned());
        return { refused: "banned" };
      },
    },
  });
  using peer = await gateway.connect();
  await peer.ask("USER alice", 331);
  await peer.send("PASS secret\r\n");
  while (seen.length === 0) await nextTurn();
  gateway.guard.failed("127.0.0.1");
  turn.resolve();
  const { code, text } = await peer.reply();
  assert.deepEqual([code, text], [421, REFUSAL]);
  assert.deepEqual(seen, ["127.0.0.1", false, true]);
  assert.equal(failures(gateway), 0);
});

Deno.test("a login that does not come in time counts as a failed one", async () => {
  await using gateway = await Gateway.start({ loginGuard: { threshold: 2 } });
  using first = await gateway.connect();
  using second = await gateway.connect();
  using third = await gateway.logIn();
  await gateway.turn(30_000);
  await first.expect(421);
  await second.expect(421);
  assert.ok(await isTurnedAway(gateway));
  await third.ask("NOOP", 200);
});

Deno.test("a TLS handshake that does not come behind AUTH counts as a failed login", async () => {
  await using gateway = await Gateway.start({ loginGuard: { threshold: 2 }, ftps: {} });
  using first = await gateway.connect();
  using second = await gateway.connect();
  for (const peer of [first, second]) await peer.ask("AUTH TLS", 234);
  await gateway.turn(30_000);
  await gateway.sessionsLeft(0);
  assert.ok(await isTurnedAway(gateway));
});

Deno.test("a client that leaves, or a stop, does not wait for a reply that is held back", async () => {
  await using gateway = await Gateway.start({ loginGuard: { threshold: 10 } });
  using leaving = await gateway.connect();
  await guess(gateway, leaving);
  leaving.close();
  await gateway.sessionsLeft(0);
  using staying = await gateway.connect();
  await guess(gateway, staying);
  await gateway.server.shutDown(30_000);
  await staying.expect(421);
});

Deno.test("one address has max_connection_per_address sessions, unless it is an exception", async () => {
  const options = { maxConnectionsPerAddress: 2 };
  await using gateway = await Gateway.start(options);
  using first = await gateway.logIn();
  using _second = await gateway.connect();
  assert.ok(await isTurnedAway(gateway));
  await first.ask("QUIT", 221);
  await gateway.sessionsLeft(1);
  assert.equal(await isTurnedAway(gateway), false);

  const except = [parseCidr("127.0.0.0/8")];
  await using other = await Gateway.start({ ...options, loginGuard: { except } });
  using stack = new DisposableStack();
  for (let count = 0; count < 5; count++) stack.use(await other.connect());
  assert.equal(other.server.sessions, 5);
});

Deno.test("max_unauthenticated_num counts those who have not logged in, or have logged out", async () => {
  await using gateway = await Gateway.start({ maxUnauthenticated: 2 });
  using first = await gateway.connect();
  using _second = await gateway.connect();
  assert.ok(await isTurnedAway(gateway));
  await first.logIn();
  using _third = await gateway.connect();
  assert.ok(await isTurnedAway(gateway));
  await first.ask("REIN", 220);
  await _third.logIn();
  assert.ok(await isTurnedAway(gateway));
});

Deno.test("a flood of refused connections is one line a minute", async () => {
  await using gateway = await Gateway.start({ maxConnections: 1 });
  using only = await gateway.logIn();
  const lines = () =>
    gateway.log.lines.filter(({ message }) => message.startsWith("Connection refused"));
  for (let count = 0; count < 20; count++) assert.ok(await isTurnedAway(gateway));
  assert.equal(lines().length, 1);
  await gateway.turn(MINUTE);
  assert.ok(await isTurnedAway(gateway));
  assert.deepEqual(lines().map(({ message, fields }) => [message, fields]), [
    ["Connection refused: max_connection_num sessions are open", {
      peer: "127.0.0.1",
      unmentioned: undefined,
    }],
    ["Connection refused: max_connection_num sessions are open", {
      peer: "127.0.0.1",
      unmentioned: 19,
    }],
  ]);
  await only.ask("NOOP", 200);
});

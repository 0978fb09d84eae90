import assert from "node:assert/strict";
import { FtpPeer } from "../ftp/ftp_peer.ts";
import { attackTest, Crowd } from "./attack.ts";
import type { Target } from "./target.ts";

/** How long the guard bans those who guess. Milliseconds. */
const BAN = 60_000;

attackTest({
  name: "10,000 connections of one address that say nothing",
  rounds: 3,
  async run(target, meanwhile) {
    using crowd = await Crowd.gather(10_000, () => target.connect());
    await meanwhile();
    const { held, files } = await target.report();
    assert.ok(held.sessions <= 128, `${held.sessions} sessions of one address`);
    assert.ok(files < 1_000, `${files} files`);
    assert.equal(crowd.conns.length, 10_000);
  },
});

attackTest({
  name: "clients that send their login one byte after the other",
  async run(target, meanwhile) {
    using crowd = await Crowd.gather(200, () => target.connect());
    for (const byte of "USER alice\r") await crowd.send(byte);
    await meanwhile();
    assert.ok((await target.report()).held.sessions > 100);
    await target.turn(30_000);
    await crowd.ended();
  },
});

attackTest({
  name: "3,000 connections of an address that the guard excepts",
  options: { exceptsLoopback: true },
  rounds: 3,
  async run(target, meanwhile) {
    using crowd = await Crowd.gather(3_000, () => target.connect());
    // Newcomers are not served: `max_unauthenticated_num` counts everybody.
    await meanwhile({ newcomers: "refused" });
    const { held, files } = await target.report();
    assert.ok(held.sessions <= 257, `${held.sessions} sessions`);
    assert.ok(files < 1_000, `${files} files`);
    assert.equal(crowd.conns.length, 3_000);
  },
});

attackTest({
  name: "connections that are reset as soon as they are made",
  async run(target, meanwhile) {
    for (let round = 0; round < 20; round++) {
      using crowd = await Crowd.gather(100, () => target.connect());
      // What has come and is not read makes the close a reset.
      await crowd.send("USER alice\r\n");
      if (round === 10) await meanwhile();
    }
  },
});

attackTest({
  name: "guessing of passwords, from one address",
  options: { loginGuard: { threshold: 10, ban: BAN } },
  async run(target, meanwhile) {
    using guessers = await Guessers.gather(target, 40);
    const said = guessers.guess();
    await meanwhile();
    let isAnswered = false;
    said.finally(() => isAnswered = true);
    while (!isAnswered) await target.turn(500);
    for (const text of await said) assert.doesNotMatch(text, /230 /, "nobody gets in by guessing");
    using banned = await FtpPeer.connect({ hostname: "127.0.0.1", port: target.port });
    await banned.expect(421);
    await target.turn(BAN);
  },
});

/** Sessions of one address that try passwords. */
class Guessers implements Disposable {
  readonly #peers: readonly FtpPeer[];

  private constructor(peers: readonly FtpPeer[]) {
    this.#peers = peers;
  }

  static async gather(target: Target, count: number): Promise<Guessers> {
    return new Guessers(await Promise.all(Array.from({ length: count }, () => target.peer())));
  }

  /** Each tries a wrong one and, without waiting, the right one. @returns all that they are told. */
  guess(): Promise<string[]> {
    return Promise.all(this.#peers.map(async (peer, index) => {
      await peer.send(`USER alice\r\nPASS ${index}\r\nUSER alice\r\nPASS secret\r\nQUIT\r\n`);
      return await peer.rest();
    }));
  }

  [Symbol.dispose](): void {
    for (const peer of this.#peers) peer.close();
  }
}

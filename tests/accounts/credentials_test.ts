import assert from "node:assert/strict";
import { renewedCredentials } from "../../src/accounts/credentials.ts";
import type { EndingKeys } from "../../src/accounts/key_source.ts";
import { nextTurn } from "../../src/net/connection.ts";
import type { Credentials } from "../../src/store/credentials.ts";
import { StoreError, uninterrupted } from "../../src/store/object_store.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const free = uninterrupted();

/** Credentials of a source that a test speaks for, on a clock that it turns. */
class Scripted {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  /** What the source says next: keys for so many milliseconds, or an error. A promise lets it wait. */
  next: () => EndingKeys | Promise<EndingKeys>;
  reads = 0;
  readonly credentials: Credentials;

  constructor({ lifetime = Infinity, maxAge = Infinity } = {}) {
    this.next = () => this.keys(lifetime);
    this.credentials = renewedCredentials({
      source: {
        name: "the script",
        maxAge,
        read: async () => {
          this.reads++;
          return await this.next();
        },
      },
      clock: this.clock,
      log: this.log,
    });
  }

  /** New keys, named after the number of the reading. */
  keys(lifetime = Infinity, name = `${this.reads}`): EndingKeys {
    const keys = { secretId: name, secretKey: "s", token: "t" };
    return { keys, end: this.clock.now() + lifetime };
  }

  async id(): Promise<string> {
    return (await this.credentials(free)).secretId;
  }
}

const fails = () => {
  throw new Error("out of order");
};

Deno.test("requests that come together wait for one answer of the source", async () => {
  const scripted = new Scripted({ lifetime: 60 * MINUTE });
  const ids = await Promise.all([1, 2, 3].map(() => scripted.id()));
  assert.deepEqual(ids, ["1", "1", "1"]);
  assert.equal(await scripted.id(), "1");
  assert.equal(scripted.reads, 1);
  assert.equal(scripted.clock.pending, 0);
});

Deno.test("keys are renewed ten minutes before they end, while requests go on", async () => {
  const scripted = new Scripted({ lifetime: 60 * MINUTE });
  await scripted.id();
  scripted.clock.advance(49 * MINUTE);
  assert.equal(await scripted.id(), "1");
  assert.equal(scripted.reads, 1);
  scripted.clock.advance(MINUTE);
  const { promise, resolve } = Promise.withResolvers<EndingKeys>();
  scripted.next = () => promise;
  // Nobody waits for the source, however long it takes, and it is asked once.
  for (let count = 0; count < 3; count++) assert.equal(await scripted.id(), "1");
  resolve(scripted.keys(60 * MINUTE));
  await nextTurn();
  assert.equal(await scripted.id(), "2");
  assert.equal(scripted.reads, 2);
});

Deno.test("source that brings the same keys again is asked every 30 seconds", async () => {
  const scripted = new Scripted({ lifetime: 60 * MINUTE });
  await scripted.id();
  const old = scripted.keys(60 * MINUTE);
  scripted.clock.advance(50 * MINUTE);
  scripted.next = () => old;
  for (let second = 0; second < 90; second++) {
    assert.equal(await scripted.id(), "1");
    await nextTurn();
    scripted.clock.advance(SECOND);
  }
  assert.equal(scripted.reads, 1 + 3);
});

Deno.test("in their last half minute keys are waited for", async () => {
  const scripted = new Scripted({ lifetime: 60 * MINUTE });
  await scripted.id();
  scripted.clock.advance(60 * MINUTE - 30 * SECOND);
  assert.equal(await scripted.id(), "2");
});

Deno.test("source that fails is no failure until the keys have ended", async () => {
  const scripted = new Scripted({ lifetime: 60 * MINUTE });
  await scripted.id();
  scripted.next = fails;
  for (let minute = 0; minute < 60; minute++) {
    assert.equal(await scripted.id(), "1");
    await nextTurn();
    scripted.clock.advance(MINUTE);
  }
  await assert.rejects(scripted.id(), (error: StoreError) => {
    assert.deepEqual([error.kind, error.code], ["unavailable", "NoKeys"]);
    assert.equal(error.message, "Cannot get keys from the script: out of order");
    return true;
  });
  const warnings = scripted.log.lines.filter(({ level }) => level === "warning");
  assert.equal(warnings.length, 1, "one warning, however long it lasts");

  const { reads } = scripted;
  await assert.rejects(scripted.id());
  assert.equal(scripted.reads, reads, "some time must pass before the next attempt");
  scripted.clock.advance(SECOND / 5);
  scripted.next = () => scripted.keys(60 * MINUTE, "new");
  assert.equal(await scripted.id(), "new");
  assert.equal(scripted.log.lines.at(-1)!.message, "New keys");
});

Deno.test("keys that have ended when they come are none", async () => {
  const scripted = new Scripted({ lifetime: 0 });
  await assert.rejects(scripted.id(), /Cannot use the keys of the script: they ended at 2026/);
});

Deno.test("permanent keys are read again when they are old", async () => {
  const scripted = new Scripted({ maxAge: 5 * MINUTE });
  await scripted.id();
  scripted.clock.advance(5 * MINUTE - 1);
  assert.equal(await scripted.id(), "1");
  assert.equal(scripted.reads, 1);
  scripted.clock.advance(1);
  assert.equal(await scripted.id(), "1");
  await nextTurn();
  assert.equal(await scripted.id(), "2");
});

Deno.test("keys that COS refuses are renewed at once, by one reading for all requests", async () => {
  const scripted = new Scripted();
  const refused = await scripted.credentials(free);
  const renewed = await Promise.all(
    [1, 2, 3].map(() => scripted.credentials({ ...free, refused })),
  );
  assert.deepEqual(renewed.map(({ secretId }) => secretId), ["2", "2", "2"]);
  // One that had been on its way with the old keys.
  assert.equal((await scripted.credentials({ ...free, refused })).secretId, "2");
  assert.equal(scripted.reads, 2);
});

Deno.test("source that has only what COS refuses is asked five times a second", async () => {
  const scripted = new Scripted();
  scripted.next = () => scripted.keys(Infinity, "same");
  const refused = await scripted.credentials(free);
  for (let count = 0; count < 4; count++) {
    assert.equal((await scripted.credentials({ ...free, refused })).secretId, "same");
  }
  assert.equal(scripted.reads, 2);
  scripted.clock.advance(SECOND / 5);
  scripted.next = () => scripted.keys(Infinity, "other");
  assert.equal((await scripted.credentials({ ...free, refused })).secretId, "other");
});

Deno.test("keys that COS refuses stay when there are no others", async () => {
  const scripted = new Scripted();
  const refused = await scripted.credentials(free);
  scripted.next = fails;
  assert.equal(await scripted.credentials({ ...free, refused }), refused);
});

Deno.test("who leaves does not wait on, and the others get their keys", async () => {
  const scripted = new Scripted();
  const { promise, resolve } = Promise.withResolvers<EndingKeys>();
  scripted.next = () => promise;
  const abort = new AbortController();
  const reason = new Error("enough");
  const leaving = scripted.credentials({ signal: abort.signal });
  const staying = scripted.id();
  abort.abort(reason);
  await assert.rejects(leaving, (error) => error === reason);
  resolve(scripted.keys());
  assert.equal(await staying, "1");
  await assert.rejects(
    scripted.credentials({ signal: abort.signal, refused: scripted.keys(Infinity, "1").keys }),
    (error) => error === reason,
  );
  assert.equal(scripted.reads, 1);
});

Deno.test("source gets ten seconds", async () => {
  const clock = new FakeClock();
  const credentials = renewedCredentials({
    source: {
      name: "the tar pit",
      maxAge: Infinity,
      read: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
    clock,
    log: new MemoryLog(),
  });
  const waiting = assert.rejects(credentials(free), /from the tar pit: it took too long/);
  clock.advance(10 * SECOND);
  await waiting;
  assert.equal(clock.pending, 0);
});

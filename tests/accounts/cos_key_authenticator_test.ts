import assert from "node:assert/strict";
import type { Account } from "../../src/accounts/account.ts";
import type { LoginAttempt } from "../../src/accounts/authenticator.ts";
import { cosKeyAuthenticator, type CosKeys } from "../../src/accounts/cos_key_authenticator.ts";
import { StoreError, type StoreErrorKind } from "../../src/store/object_store.ts";
import { FakeClock } from "../fake_clock.ts";
import { patientAsker } from "./patient_asker.ts";

const NAME = "AKIDexample/photos-1250000000";

/** An authenticator whose COS knows one SecretKey, `right`, unless it is told to fail. */
class Bench {
  readonly clock = new FakeClock();
  readonly opened: CosKeys[] = [];
  /** What COS was asked to list. */
  readonly listed: unknown[] = [];
  failure: { kind: StoreErrorKind; code: string } | undefined;

  readonly authenticator = cosKeyAuthenticator({
    open: (keys) => {
      this.opened.push(keys);
      return Promise.resolve(this.#account(keys));
    },
    others: {
      authenticate: ({ name }) => Promise.resolve({ refused: `other: ${name}` }),
    },
    clock: this.clock,
  });

  async logIn(name: string, password: string, options: Partial<LoginAttempt> = {}) {
    const outcome = await this.authenticator.authenticate({
      name,
      password: new TextEncoder().encode(password),
      objectionTo: () => undefined,
      ...patientAsker(),
      ...options,
    });
    return "account" in outcome ? outcome.account : outcome.refused;
  }

  #account({ name, secretKey }: CosKeys): Account {
    const list = (options: { signal: AbortSignal }) => {
      this.listed.push(options);
      options.signal.throwIfAborted();
      const failure = this.failure ??
        (secretKey === "right" ? undefined : { kind: "denied", code: "SignatureDoesNotMatch" });
      if (failure) throw new StoreError("no", failure);
      return Promise.resolve({ objects: [], prefixes: [] });
    };
    return { name, keyPrefix: "", transfers: { store: { list } } } as unknown as Account;
  }
}

Deno.test("keys that can list the bucket log in, and COS is asked for no more than a row", async () => {
  const bench = new Bench();
  const account = await bench.logIn(NAME, "right");
  assert.equal((account as Account).name, NAME);
  assert.deepEqual(bench.opened, [{
    name: NAME,
    secretId: "AKIDexample",
    secretKey: "right",
    bucket: "photos-1250000000",
  }]);
  const [{ signal, ...asked }] = bench.listed as [{ signal: AbortSignal }];
  assert.deepEqual([asked, signal.aborted], [{ prefix: "", limit: 1 }, false]);
});

Deno.test("keys that may not be used from there are refused, right or wrong, and COS is not asked", async () => {
  const bench = new Bench();
  await bench.logIn(NAME, "right");
  bench.listed.length = 0;
  for (const key of ["right", "wrong"]) {
    assert.equal(await bench.logIn(NAME, key, { objectionTo: () => "closed" }), "closed");
  }
  assert.deepEqual(bench.listed, []);
});

Deno.test("COS is not asked again for 60 s about keys that were right, about wrong ones each time", async () => {
  const bench = new Bench();
  const account = await bench.logIn(NAME, "right");
  bench.clock.advance(59_999);
  assert.equal(await bench.logIn(NAME, "right"), account);
  assert.equal(bench.listed.length, 1);
  for (let times = 0; times < 2; times++) {
    assert.equal(await bench.logIn(NAME, "wrong"), "COS: SignatureDoesNotMatch");
    assert.equal(await bench.logIn(NAME, "right2"), "COS: SignatureDoesNotMatch");
  }
  assert.equal(bench.listed.length, 5);
  assert.equal(await bench.logIn(NAME, "right"), account, "a wrong key does not end the trust");
  bench.clock.advance(1);
  assert.equal(await bench.logIn(NAME, "right"), account, "all its sessions share one");
  assert.equal(bench.listed.length, 6);
  assert.equal(await bench.logIn(NAME, "right"), account);
  assert.equal(bench.listed.length, 6);
  await bench.logIn("AKIDexample/other-1250000000", "right");
  assert.equal(bench.listed.length, 7);
});

Deno.test("what COS refuses is a failed login, what it cannot answer is not", async () => {
  const bench = new Bench();
  for (const kind of ["denied", "not-found", "invalid"] as const) {
    bench.failure = { kind, code: "Code" };
    assert.equal(await bench.logIn(NAME, "right"), "COS: Code");
  }
  for (const kind of ["unavailable", "throttled", "corrupt"] as const) {
    bench.failure = { kind, code: "Code" };
    await assert.rejects(bench.logIn(NAME, "right"), StoreError);
  }
  const reason = new Error("gone");
  await assert.rejects(
    bench.logIn(NAME, "right", { signal: AbortSignal.abort(reason) }),
    reason,
  );
});

Deno.test("a password that is no SecretKey is refused unasked: unsigned, anybody could list a public bucket", async () => {
  const bench = new Bench();
  for (const password of ["", " ", "two words", "文", "x".repeat(257)]) {
    assert.equal(await bench.logIn(NAME, password), "no SecretKey");
  }
  assert.deepEqual([bench.opened, bench.listed], [[], []]);
});

Deno.test("names of another form are somebody else's, and reach no host name", async () => {
  const bench = new Bench();
  for (
    const name of [
      "alice",
      "AKID/photos",
      "/photos-125",
      "AKID/",
      "AKID/a.b-125",
      "AKID/evil.example.com#-125",
      "AKID/Photos-125",
      "AKID/-125",
      "AKID/a/b-125",
      "AK ID/photos-125",
      `AKID/${"a".repeat(61)}-125`,
      "AKID/photos-125\n",
    ]
  ) assert.equal(await bench.logIn(name, "right"), `other: ${name}`);
  assert.deepEqual(bench.opened, []);
});

Deno.test("the last thousand logins are remembered", async () => {
  const bench = new Bench();
  const name = (number: number) => `AKID${number}/photos-1250000000`;
  for (let number = 0; number <= 1_000; number++) await bench.logIn(name(number), "right");
  bench.listed.length = 0;
  await bench.logIn(name(1), "right");
  await bench.logIn(name(1_000), "right");
  assert.equal(bench.listed.length, 0);
  await bench.logIn(name(0), "right");
  assert.equal(bench.listed.length, 1);
});

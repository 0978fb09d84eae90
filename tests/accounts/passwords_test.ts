import assert from "node:assert/strict";
import { scryptSync } from "node:crypto";
import {
  type Derive,
  hashPassword,
  type Password,
  PasswordVerifier,
  readPassword,
} from "../../src/accounts/passwords.ts";
import { nextTurn } from "../../src/net/connection.ts";
import { patientAsker } from "./patient_asker.ts";
import { hashOf } from "./scrypt_hash.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const patient = patientAsker();

/** Takes note of what is hashed, and hashes nothing: every result is wrong. */
class NotedHashes {
  readonly costs: string[] = [];
  running = 0;
  most = 0;
  readonly derive: Derive = async (_password, { cost }) => {
    this.costs.push(`${cost.n}`);
    this.most = Math.max(this.most, ++this.running);
    await nextTurn();
    this.running--;
    return new Uint8Array(32);
  };
}

Deno.test("hashPassword writes one line that only its password matches, and never the same twice", async () => {
  const lines = await Promise.all([hashPassword(bytes("päss 文")), hashPassword(bytes("päss 文"))]);
  assert.notEqual(lines[0], lines[1]);
  for (const line of lines) {
    assert.match(line, /^scrypt:N=32768:r=8:p=3:[\w-]{22}:[\w-]{43}$/);
    const password = readPassword(line);
    const verifier = new PasswordVerifier([password]);
    assert.equal(await verifier.matches(password, bytes("päss 文 "), patient), false);
    assert.equal(await verifier.matches(password, bytes(line), patient), false);
    assert.equal(await verifier.matches(password, bytes("päss 文"), patient), true);
  }
});

Deno.test("a password's hash is scrypt's of RFC 7914, as other programs make it", async () => {
  for (const cost of [{ N: 1024 }, { N: 2048, r: 8 }, { N: 1024, r: 3, p: 5 }]) {
    const password = readPassword(hashOf("secret", cost));
    const verifier = new PasswordVerifier([password]);
    assert.equal(await verifier.matches(password, bytes("secret"), patient), true);
    assert.equal(await verifier.matches(password, bytes("Secret"), patient), false);
  }
});

Deno.test("readPassword takes what does not begin with scrypt: for the password itself", () => {
  for (const text of ["secret", "scrypt", "Scrypt:x", " scrypt:N=1", ""]) {
    assert.deepEqual(readPassword(text), { kind: "plain", text });
  }
});

Deno.test("readPassword refuses a hash that is broken or too cheap or dear, and does not repeat it", () => {
  const good = hashOf("secret", { N: 1024 });
  assert.equal(readPassword(good).kind, "scrypt");
  const [salt, hash] = good.split(":").slice(-2);
  for (
    const wrong of [
      "scrypt:",
      good.slice(0, -1),
      `${good}A`,
      `${good}\n`,
      ` ${good}`.replace(" ", "scrypt:"),
      good.replace("N=1024", "N=1023"),
      good.replace("N=1024", "N=512"),
      good.replace("N=1024", "N=0"),
      good.replace("N=1024", "N=99999999"),
      good.replace("N=1024", "N=65536"),
      good.replace("N=1024:r=1", "N=1048576:r=8"),
      good.replace("r=1", "r=0"),
      good.replace("p=1", "p=0"),
      good.replace("N=1024:r=1:p=1", "N=16384:r=8:p=64"),
      good.replace("r=1:p=1", "p=1:r=1"),
      good.replace(salt!, "AAAAAAAAAA"),
      good.replace(salt!, "AAAAAAAAAAAAA"),
      good.replace(salt!, "A".repeat(87)),
      good.replace(hash!, `${hash!.slice(0, -1)}=`),
    ]
  ) {
    assert.throws(
      () => readPassword(wrong),
      (error: Error) => error instanceof SyntaxError && !error.message.includes(salt!),
      wrong,
    );
  }
});

Deno.test("a wrong password, and one of nobody, is hashed once at every cost there is", async () => {
  const passwords: Password[] = [
    readPassword("plain"),
    readPassword(hashOf("a", { N: 1024 })),
    readPassword(hashOf("b", { N: 2048 })),
    readPassword(hashOf("c", { N: 1024 })),
  ];
  const hashes = new NotedHashes();
  const verifier = new PasswordVerifier(passwords, hashes.derive);
  for (const password of [...passwords, undefined]) {
    assert.equal(await verifier.matches(password, bytes("wrong"), patient), false);
    assert.deepEqual(hashes.costs.splice(0), ["1024", "2048"]);
  }
});

Deno.test("where all passwords are plain nothing is hashed", async () => {
  const hashes = new NotedHashes();
  const password = readPassword("plain");
  const verifier = new PasswordVerifier([password], hashes.derive);
  assert.equal(await verifier.matches(password, bytes("plain"), patient), true);
  assert.equal(await verifier.matches(password, bytes("plai"), patient), false);
  assert.equal(await verifier.matches(undefined, bytes("plain"), patient), false);
  assert.deepEqual(hashes.costs, []);
});

Deno.test("a password that was right is not hashed again, every wrong one is", async () => {
  const salt = bytes("saltsalt");
  let hashes = 0;
  const derive: Derive = (password, { cost }) => {
    hashes++;
    return Promise.resolve(scryptSync(password, salt, 32, { N: cost.n, r: cost.r, p: cost.p }));
  };
  const [ours, other] = [hashOf("ours", { N: 1024 }), hashOf("other", { N: 1024 })]
    .map(readPassword);
  const verifier = new PasswordVerifier([ours!, other!], derive);
  for (
    const [password, given, isRight, hashed] of [
      [ours, "ours", true, 1],
      [ours, "ours", true, 0],
      [ours, "wrong", false, 1],
      [ours, "wrong", false, 1],
      [other, "ours", false, 1],
      [undefined, "ours", false, 1],
      [undefined, "other", false, 1],
      [ours, "other", false, 1],
      [ours, "ours", true, 0],
      [other, "other", true, 1],
    ] as const
  ) {
    hashes = 0;
    assert.equal(await verifier.matches(password, bytes(given), patient), isRight, given);
    assert.equal(hashes, hashed, given);
  }
});

Deno.test("two passwords are hashed at once, and whoever has gone is not hashed at all", async () => {
  const hashes = new NotedHashes();
  const password = readPassword(hashOf("a", { N: 1024 }));
  const verifier = new PasswordVerifier([password], hashes.derive);
  const gone = new AbortController();
  const leaving = patientAsker({ signal: gone.signal });
  const reason = new Error("gone");
  const kept = Array.from({ length: 6 }, () => verifier.matches(password, bytes("b"), patient));
  const left = Array.from({ length: 3 }, () => verifier.matches(password, bytes("b"), leaving));
  const last = verifier.matches(password, bytes("b"), patient);
  gone.abort(reason);
  for (const matching of left) await assert.rejects(matching, reason);
  await assert.rejects(verifier.matches(password, bytes("b"), leaving), reason);
  assert.deepEqual(await Promise.all([...kept, last]), Array(7).fill(false));
  assert.deepEqual([hashes.costs.length, hashes.most, hashes.running], [7, 2, 0]);
});

Deno.test("hashes are made for clients in turn, however often one of them asks", async () => {
  const hashed: string[] = [];
  const derive: Derive = async (given) => {
    hashed.push(new TextDecoder().decode(given));
    await nextTurn();
    return new Uint8Array(32);
  };
  const password = readPassword(hashOf("a"));
  const verifier = new PasswordVerifier([password], derive);
  const ask = (client: string, given: string, signal = patient.signal) =>
    verifier.matches(password, bytes(given), patientAsker({ client, signal }));
  const gone = new AbortController();
  const left = Array.from({ length: 6 }, (_, index) => ["x", `x${index}`] as const);
  const asked = [1, 2, 3, 4, 5, 6].map((index) => ask("a", `a${index}`));
  const leaving = left.map(([client, given]) => ask(client, given, gone.signal));
  asked.push(ask("b", "b1"), ask("b", "b2"), ask("c", "c1"));
  gone.abort(new Error("gone"));
  for (const matching of leaving) await assert.rejects(matching, gone.signal.reason);
  assert.deepEqual(await Promise.all(asked), Array(9).fill(false));
  assert.deepEqual(hashed, ["a1", "a2", "a3", "b1", "c1", "a4", "b2", "a5", "a6"]);
});

Deno.test("nothing is hashed for a client that is banned while it waits", async () => {
  const hashes = new NotedHashes();
  const password = readPassword(hashOf("a"));
  const verifier = new PasswordVerifier([password], hashes.derive);
  let isBanned = false;
  const guesser = patientAsker({ client: "192.0.2.66", isBanned: () => isBanned });
  const guesses = Array.from({ length: 20 }, () => verifier.matches(password, bytes("b"), guesser));
  const other = verifier.matches(password, bytes("b"), patient);
  isBanned = true;
  assert.deepEqual(await Promise.all([...guesses, other]), Array(21).fill(false));
  assert.equal(hashes.costs.length, 1, "only the other one's");
});

Deno.test("of many who come with the right password at once only the first two are hashed", async () => {
  const hashes: unknown[] = [];
  const password = readPassword(hashOf("a"));
  assert.ok(password.kind === "scrypt");
  const derive: Derive = async (_given, options) => {
    hashes.push(options);
    await nextTurn();
    return password.hash;
  };
  const verifier = new PasswordVerifier([password], derive);
  const many = Array.from({ length: 20 }, () => verifier.matches(password, bytes("a"), patient));
  assert.deepEqual(await Promise.all(many), Array(20).fill(true));
  assert.equal(hashes.length, 2);
});

Deno.test("the event loop turns while a password is hashed", async () => {
  const password = readPassword(hashOf("a", { N: 2 ** 14, r: 8 }));
  const verifier = new PasswordVerifier([password]);
  let isDone = false;
  const matching = verifier.matches(password, bytes("b"), patient).then(() => isDone = true);
  await nextTurn();
  assert.equal(isDone, false);
  await matching;
});

import assert from "node:assert/strict";
import type { Account } from "../../src/accounts/account.ts";
import {
  type Authenticator,
  type LoginAttempt,
  passwordAuthenticator,
} from "../../src/accounts/authenticator.ts";
import { readPassword } from "../../src/accounts/passwords.ts";
import { patientAsker } from "./patient_asker.ts";
import { hashOf } from "./scrypt_hash.ts";

const account = (name: string) => ({ name }) as Account;
const logins = [
  { name: "alice", account: account("alice"), password: readPassword("päss 文") },
  { name: "empty", account: account("empty"), password: readPassword("") },
  { name: "hashed", account: account("hashed"), password: readPassword(hashOf("päss 文")) },
];
const anonymous = { name: "anonymous", account: account("anonymous"), password: "any" } as const;
async function logIn(
  authenticator: Authenticator,
  [name, given]: [name: string, given: string | Uint8Array],
  objectionTo: LoginAttempt["objectionTo"] = () => undefined,
): Promise<string> {
  const password = typeof given === "string" ? encode(given) : given;
  const outcome = await authenticator.authenticate({
    name,
    password,
    objectionTo,
    ...patientAsker(),
  });
  return "account" in outcome ? outcome.account.name : outcome.refused;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("a login is right when name and password are, to the byte", async () => {
  const authenticator = passwordAuthenticator(logins);
  const login = (...given: [string, string | Uint8Array]) => logIn(authenticator, given);
  assert.equal(await login("alice", "päss 文"), "alice");
  assert.equal(await login("empty", ""), "empty");
  assert.equal(await login("hashed", "päss 文"), "hashed");
  for (const password of ["", "päss", "päss 文 ", " päss 文", "PÄSS 文", Uint8Array.of(0xff)]) {
    assert.equal(await login("alice", password), "wrong password", `${password}`);
  }
  for (const name of ["Alice", "alice ", "", "bob", "constructor", "__proto__"]) {
    assert.equal(await login(name, "päss 文"), "unknown user", name);
    assert.equal(await login(name, ""), "unknown user", name);
  }
});

Deno.test("several users of one account each have a password of their own", async () => {
  const shared = account("shared");
  const authenticator = passwordAuthenticator([
    { name: "alice", account: shared, password: readPassword("a") },
    { name: "bob", account: shared, password: readPassword("b") },
  ]);
  assert.equal(await logIn(authenticator, ["alice", "a"]), "shared");
  assert.equal(await logIn(authenticator, ["bob", "b"]), "shared");
  assert.equal(await logIn(authenticator, ["alice", "b"]), "wrong password");
  assert.equal(await logIn(authenticator, ["shared", "a"]), "unknown user");
});

Deno.test("anonymous and ftp log in with any password where there is such an account", async () => {
  const authenticator = passwordAuthenticator([...logins, anonymous]);
  for (const name of ["anonymous", "Anonymous", "ftp", "FTP"]) {
    for (const password of ["", "me@example.com", Uint8Array.of(0xff)]) {
      assert.equal(await logIn(authenticator, [name, password]), "anonymous");
      assert.equal(await logIn(passwordAuthenticator(logins), [name, password]), "unknown user");
    }
  }
  assert.equal(await logIn(authenticator, ["alice", ""]), "wrong password");
  assert.equal(await logIn(authenticator, ["nobody", ""]), "unknown user");
});

Deno.test("a user called ftp is that user, not anonymous", async () => {
  const ftp = { name: "ftp", account: account("own"), password: readPassword("secret") };
  const authenticator = passwordAuthenticator([anonymous, ftp]);
  assert.equal(await logIn(authenticator, ["ftp", "secret"]), "own");
  assert.equal(await logIn(authenticator, ["ftp", "me@example.com"]), "wrong password");
  assert.equal(await logIn(authenticator, ["FTP", "me@example.com"]), "anonymous");
});

Deno.test("where the account is closed to a client a right password costs what a wrong one does", async () => {
  let hashes = 0;
  const hashed = logins.find(({ name }) => name === "hashed")!.password;
  assert.ok(hashed.kind === "scrypt");
  const derive = (given: Uint8Array) => {
    hashes++;
    const isRight = new TextDecoder().decode(given) === "päss 文";
    return Promise.resolve(isRight ? hashed.hash : new Uint8Array(32));
  };
  const authenticator = passwordAuthenticator([...logins, anonymous], derive);
  const closed = () => "closed";
  const cost = async (name: string, given: string, objectionTo?: typeof closed) => {
    hashes = 0;
    return [await logIn(authenticator, [name, given], objectionTo), hashes];
  };
  for (let times = 0; times < 2; times++) {
    for (const name of ["alice", "hashed", "anonymous"]) {
      assert.deepEqual(await cost(name, "päss 文", closed), ["closed", 1], name);
      assert.deepEqual(await cost(name, "wrong", closed), ["closed", 1], name);
    }
    assert.deepEqual(await cost("nobody", "päss 文", closed), ["unknown user", 1]);
    // From now on it is remembered.
    assert.deepEqual(await cost("hashed", "päss 文"), ["hashed", 1 - times]);
    assert.deepEqual(await cost("alice", "päss 文"), ["alice", 0]);
  }
});

Deno.test("an account is closed to a client by itself, whatever others are", async () => {
  const authenticator = passwordAuthenticator(logins);
  const objectionTo = ({ name }: Account) => name === "alice" ? "closed" : undefined;
  assert.equal(await logIn(authenticator, ["alice", "päss 文"], objectionTo), "closed");
  assert.equal(await logIn(authenticator, ["empty", ""], objectionTo), "empty");
});

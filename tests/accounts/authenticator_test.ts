import assert from "node:assert/strict";
import type { Account } from "../../src/accounts/account.ts";
import { passwordAuthenticator } from "../../src/accounts/authenticator.ts";
import { readPassword } from "../../src/accounts/passwords.ts";
import { hashOf } from "./scrypt_hash.ts";

const account = (name: string) => ({ name }) as Account;
const authenticator = passwordAuthenticator([
  { account: account("alice"), password: readPassword("päss 文") },
  { account: account("empty"), password: readPassword("") },
  { account: account("hashed"), password: readPassword(hashOf("päss 文")) },
]);
const login = async (name: string, given: string | Uint8Array) => {
  const password = typeof given === "string" ? encode(given) : given;
  const { signal } = new AbortController();
  const outcome = await authenticator.authenticate({ name, password, signal });
  return "account" in outcome ? outcome.account.name : outcome.refused;
};

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("a login is right when name and password are, to the byte", async () => {
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

import assert from "node:assert/strict";
import type { Account } from "../../src/accounts/account.ts";
import { passwordAuthenticator } from "../../src/accounts/authenticator.ts";

const account = (name: string) => ({ name }) as Account;
const authenticator = passwordAuthenticator([
  { account: account("alice"), password: "päss 文" },
  { account: account("empty"), password: "" },
]);
const login = async (name: string, password: string | Uint8Array) => {
  const bytes = typeof password === "string" ? new TextEncoder().encode(password) : password;
  return (await authenticator.authenticate(name, bytes))?.name;
};

Deno.test("a login is right when name and password are, to the byte", async () => {
  assert.equal(await login("alice", "päss 文"), "alice");
  assert.equal(await login("empty", ""), "empty");
  for (const password of ["", "päss", "päss 文 ", " päss 文", "PÄSS 文", Uint8Array.of(0xff)]) {
    assert.equal(await login("alice", password), undefined, `${password}`);
  }
  for (const name of ["Alice", "alice ", "", "bob", "constructor", "__proto__"]) {
    assert.equal(await login(name, "päss 文"), undefined, name);
    assert.equal(await login(name, ""), undefined, name);
  }
});

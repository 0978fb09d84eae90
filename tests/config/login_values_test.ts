import assert from "node:assert/strict";
import { hashOf } from "../accounts/scrypt_hash.ts";
import { accountOf, accountText, loadText, onlyProblem } from "./loading.ts";

const withPassword = (password: string) => accountText().replace("correct-horse-0", password);

Deno.test("a password may be a hash; a broken hash is an error that does not show it", () => {
  const hash = hashOf("secret");
  assert.equal(accountOf(loadText(withPassword(hash))).password, hash);
  for (const broken of [hash.slice(0, -1), hash.replace("N=1024", "N=1000"), "scrypt:secret"]) {
    const problem = onlyProblem(loadText(withPassword(broken)));
    assert.deepEqual([problem.kind, problem.key], ["invalid", "ftp_login_user_password"]);
    assert.match(problem.message, /wanted a password, or a line of cosftp hash-password$/);
    assert.ok(!JSON.stringify(problem).includes(broken.slice(-20)));
  }
});

import assert from "node:assert/strict";
import { hashOf } from "../accounts/scrypt_hash.ts";
import { accountOf, accountText, configOf, loadText, onlyProblem } from "./loading.ts";

const withPassword = (password: string) => accountText().replace("correct-horse-0", password);

Deno.test("a password may be a hash; a broken hash is an error that does not show it", () => {
  const hash = hashOf("secret");
  assert.equal(accountOf(loadText(withPassword(hash))).users[0]!.password, hash);
  for (const broken of [hash.slice(0, -1), hash.replace("N=1024", "N=1000"), "scrypt:secret"]) {
    const problem = onlyProblem(loadText(withPassword(broken)));
    assert.deepEqual([problem.kind, problem.key], ["invalid", "ftp_login_user_password"]);
    assert.match(problem.message, /wanted a password, or a line of cosftp hash-password$/);
    assert.ok(!JSON.stringify(problem).includes(broken.slice(-20)));
  }
});

const ACCOUNT = accountText().split("\n").filter((line) => !line.startsWith("ftp_")).join("\n");
const withLines = (...lines: string[]) => `${ACCOUNT}${lines.join("\n")}\n`;
const usersOf = (...lines: string[]) => accountOf(loadText(withLines(...lines))).users;

Deno.test("ftp_login_users has several users, with escapes for what separates them", () => {
  const hash = hashOf("secret");
  for (
    const [list, ...users] of [
      ["user1:pass1", ["user1", "pass1"]],
      ["user1:pass1,user2:pass2", ["user1", "pass1"], ["user2", "pass2"]],
      [" user1 : pass1 , user2:pass 2 ,", ["user1", "pass1"], ["user2", "pass 2"]],
      ["a:b:c:,d:e", ["a", "b:c:"], ["d", "e"]],
      [`a:${hash}, b:c`, ["a", hash], ["b", "c"]],
      ["a\\:b:c\\,d\\\\,e:f", ["a:b", "c,d\\"], ["e", "f"]],
      ["a:\\ b\\ , c:d\\:", ["a", " b "], ["c", "d:"]],
      ["用户:密码", ["用户", "密码"]],
    ] as [string, ...[string, string][]][]
  ) {
    const wanted = users.map(([name, password]) => ({ name, password }));
    assert.deepEqual(usersOf(`ftp_login_users = '${list}'`), wanted, list);
  }
});

Deno.test("a wrong ftp_login_users is an error that shows nothing of it", () => {
  for (const list of ["hush", "hush:", ":hush", "a:b, hush", "a:hush\\", "a:scrypt:hush", ","]) {
    const problem = onlyProblem(loadText(withLines(`ftp_login_users = '${list}'`)));
    assert.deepEqual([problem.kind, problem.key], ["invalid", "ftp_login_users"], list);
    assert.ok(!JSON.stringify(problem).includes("hush"));
  }
});

Deno.test("the file of ftp_login_users may have a user on each line", () => {
  const files = { "/users": "a:b\r\nc:d,e:f\n\n" };
  const loaded = loadText(withLines("ftp_login_users_file = /users"), { files });
  assert.deepEqual(accountOf(loaded).users.map(({ name }) => name), ["a", "c", "e"]);
});

Deno.test("an account is called after ftp_login_user_name, else after its first user", () => {
  const list = "ftp_login_users = user1:pass1, user2:pass2";
  const alone = accountOf(loadText(withLines(list)));
  assert.deepEqual([alone.name, alone.homeDir], ["user1", "user1"]);
  const more = withLines("ftp_login_user_name = main", "ftp_login_user_password = p", list);
  assert.equal(accountOf(loadText(more)).name, "main");
  assert.deepEqual(accountOf(loadText(more)).users.map(({ name }) => name), [
    "main",
    "user1",
    "user2",
  ]);
});

Deno.test("a user name occurs once, in whatever account and key", () => {
  const list = (value: string) => withLines(`ftp_login_users = ${value}`);
  const second = list("c:d, alice0:x").replace("COS_ACCOUNT_0", "COS_ACCOUNT_1");
  for (const text of [list("a:b, a:c"), accountText() + second, `${list("alice0:b")}${second}`]) {
    const problem = onlyProblem(loadText(text));
    assert.deepEqual([problem.kind, problem.key], ["duplicate", "ftp_login_users"]);
  }
});

Deno.test("an account without a user, or a user without a password, is an error", () => {
  const name = "ftp_login_user_name = alice";
  const password = "ftp_login_user_password = x";
  for (
    const [lines, ...keys] of [
      [[], "ftp_login_user_name", "ftp_login_user_password"],
      [[name], "ftp_login_user_password"],
      [["ftp_login_user_name = ftp"], "ftp_login_user_password"],
      [["ftp_login_user_name = Anonymous"], "ftp_login_user_password"],
      [[password], "ftp_login_user_name"],
      [[password, "ftp_login_users = a:b"], "ftp_login_user_name"],
      [[name, "ftp_login_users = a:b"], "ftp_login_user_password"],
    ] as [string[], ...string[]][]
  ) {
    const { problems } = loadText(withLines(...lines));
    assert.deepEqual(
      problems.map(({ kind, key }) => [kind, key]),
      keys.map((key) => ["missing", key]),
    );
  }
});

Deno.test("anonymous needs no password and may only read, unless it is said otherwise", () => {
  const anonymous = (...more: string[]) =>
    accountOf(loadText(withLines("ftp_login_user_name = anonymous", ...more)));
  assert.deepEqual(anonymous().users, [{ name: "anonymous", password: undefined }]);
  assert.deepEqual(anonymous().authority, { read: true, write: false });
  assert.deepEqual(anonymous("authority = default").authority, { read: true, write: false });
  assert.deepEqual(anonymous("authority = RW").authority, { read: true, write: true });
  assert.deepEqual(anonymous("authority = W").authority, { read: false, write: true });
  const withPassword = anonymous("ftp_login_user_password = x");
  assert.deepEqual(withPassword.users, [{ name: "anonymous", password: "x" }]);
  assert.deepEqual(withPassword.authority, { read: true, write: true });
});

Deno.test("cos_key_login needs a region or an endpoint, and then no account", () => {
  const { problems } = loadText("[LOGIN]\ncos_key_login = true\n");
  const errors = problems.filter(({ severity }) => severity === "error");
  assert.deepEqual(errors.map(({ kind, section, key }) => [kind, section, key]), [
    ["missing", "LOGIN", "cos_region"],
  ]);
  const login = "[LOGIN]\ncos_key_login = true\ncos_region = ap-guangzhou\n";
  const { accounts, login: { cosKeyAccount } } = configOf(loadText(login));
  assert.deepEqual(accounts, []);
  assert.deepEqual(cosKeyAccount?.authority, { read: true, write: true });
  assert.deepEqual([cosKeyAccount?.network, cosKeyAccount?.protocol], ["public", "https"]);
  assert.equal(cosKeyAccount?.deleteEnable, true);
});

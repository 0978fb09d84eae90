import assert from "node:assert/strict";
import { renderProblem } from "../../src/config/problem.ts";
import { accountOf, accountText, keysOf, loadText, onlyProblem } from "./loading.ts";

const withKey = (line: string) => accountText().replace("cos_secretkey = a-secret-key-0", line);

Deno.test("${NAME} takes a value from the environment, and a missing one is named", () => {
  const text = withKey("cos_secretkey = ${COS_SECRETKEY}");
  const env = { COS_SECRETKEY: "from # the ${COS_SECRETKEY} environment" };
  assert.equal(keysOf(accountOf(loadText(text, { env }))).secretKey, env.COS_SECRETKEY);
  const problem = onlyProblem(loadText(text));
  assert.deepEqual([problem.line, problem.column, problem.key], [3, 17, "cos_secretkey"]);
  assert.match(problem.message, /found \$\{COS_SECRETKEY\}, which is not set/);
});

Deno.test("${NAME} may stand in a part of a value, and must be closed", () => {
  const part = withKey('cos_secretkey = "${A}-${B}"');
  assert.equal(keysOf(accountOf(loadText(part, { env: { A: "1", B: "2" } }))).secretKey, "1-2");
  for (const wrong of ["${A", "${}", "${A B}", "${1}"]) {
    const problem = onlyProblem(loadText(withKey(`cos_secretkey = ${wrong}`), { env: { A: "1" } }));
    assert.match(problem.message, /found a \$\{ that does not begin/);
  }
});

Deno.test("a key with _file takes its value from the file without the last line end", () => {
  const text = withKey("cos_secretkey_file = ${DIR}/key")
    .replace("ftp_login_user_password = correct-horse-0", "ftp_login_user_password_file = /pass");
  const files = { "/run/secrets/key": "\ufeff the key \n", "/pass": "# no comment\r\n" };
  const account = accountOf(loadText(text, { files, env: { DIR: "/run/secrets" } }));
  assert.equal(keysOf(account).secretKey, " the key ");
  assert.equal(account.users[0]!.password, "# no comment");
});

Deno.test("a key with _file names what is wrong with its file", () => {
  const cases = [
    [{}, "unreadable", /cannot read "\/key", no such file or directory$/],
    [{ "/key": "" }, "missing", /cos_secretkey_file: missing, wanted the SecretKey/],
    [
      { "/key": "two\nlines\n" },
      "invalid",
      /found line ends or other control characters, wanted the SecretKey/,
    ],
    [{ "/key": Uint8Array.of(0xff) }, "unreadable", /it is not UTF-8 text$/],
  ] as const;
  for (const [files, kind, message] of cases) {
    const problem = onlyProblem(loadText(withKey("cos_secretkey_file = /key"), { files }));
    assert.deepEqual([problem.kind, problem.key], [kind, "cos_secretkey_file"]);
    assert.match(problem.message, message);
  }
});

Deno.test("a key and the same with _file in one source is a conflict", () => {
  const files = { "/key": "from the file\n" };
  const both = withKey("cos_secretkey = here\ncos_secretkey_file = /key");
  assert.equal(onlyProblem(loadText(both, { files })).kind, "conflict");
  const env = { COSFTP_COS_ACCOUNT_0_COS_SECRETKEY_FILE: "/key" };
  assert.equal(
    keysOf(accountOf(loadText(accountText(), { files, env }))).secretKey,
    "from the file",
  );
  const direct = { COSFTP_COS_ACCOUNT_0_COS_SECRETKEY: "from the variable" };
  const account = accountOf(loadText(withKey("cos_secretkey_file = /key"), { env: direct }));
  assert.equal(keysOf(account).secretKey, "from the variable");
});

Deno.test("no problem shows a secret, however wrong the line that it stands in", () => {
  const secret = "HuSh";
  const lines = [
    `cos_secretkey = ${secret}\u0001`,
    `cos_secretkey = '${secret}`,
    `cos_secretkey = "${secret}" ${secret}`,
    `cos_secretkey: ${secret}=`,
    `cos_secretkey ${secret}`,
    `cos_secretkeyy = ${secret}`,
    `cos_secretkey = ${secret}\ncos_secretkey = ${secret}`,
    `cos_secretkey_file = ${secret}`,
    `cos_secretkey_file = ${secret}/\${UNSET}`,
    "cos_secretkey_file = ./${SECRET}",
    `cos_secretkey = a-secret-key-0\ncos_region = \${SECRET}!`,
    `cos_secretkey = a-secret-key-0\ncos_protocol = \${SECRET}`,
    `cos_secretkey = a-secret-key-0\ncos_token = ${secret}\u0001`,
    `cos_secretkey = a-secret-key-0\n[${secret}`,
    "cos_secretkey = pass0\nftp_login_user_password = pass0",
  ];
  const env = { SECRET: secret, COSFTP_COS_ACCOUNT_0_COS_SECRETKY: secret };
  for (const line of lines) {
    for (const lenient of [false, true]) {
      const { problems } = loadText(withKey(line), { env, lenient });
      assert.ok(problems.length > 1, line);
      const shown = JSON.stringify(problems) + problems.map(renderProblem).join("");
      assert.ok(!shown.includes(secret) && !shown.includes("pass0"), shown);
    }
  }
});

const withoutKeys = (...lines: string[]) =>
  accountText(0, ...lines).replace(/^cos_secret(id|key) = .*\n/gm, "");

Deno.test("keys may come from a file or from a role in place of the configuration", () => {
  const file = accountOf(loadText(withoutKeys("cos_credentials_file = /run/keys.json")));
  assert.deepEqual(file.credentials, { from: "file", path: "/run/keys.json" });
  const role = accountOf(loadText(withoutKeys("cos_cam_role = gateway")));
  assert.deepEqual(role.credentials, {
    from: "role",
    role: "gateway",
    metadataEndpoint: "metadata.tencentyun.com",
  });
});

Deno.test("keys from two places are a conflict, from none they are missing", () => {
  const conflicts = (...lines: string[]) =>
    loadText(accountText(0, ...lines)).problems.map(({ kind, key }) => `${kind} ${key}`);
  assert.deepEqual(conflicts("cos_credentials_file = /run/keys.json"), [
    "conflict cos_secretid",
    "conflict cos_secretkey",
  ]);
  assert.deepEqual(conflicts("cos_token = t", "cos_cam_role = r"), [
    "conflict cos_secretid",
    "conflict cos_secretkey",
    "conflict cos_token",
  ]);
  const both = withoutKeys("cos_credentials_file = /run/keys.json", "cos_cam_role = gateway");
  assert.match(onlyProblem(loadText(both)).message, /cos_cam_role: cos_credentials_file is given/);
  assert.deepEqual(
    loadText(withoutKeys()).problems.map(({ kind, key }) => `${kind} ${key}`),
    ["missing cos_secretid", "missing cos_secretkey"],
  );
  assert.equal(onlyProblem(loadText(withoutKeys("cos_cam_role = a b"))).kind, "invalid");
});

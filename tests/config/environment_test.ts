import assert from "node:assert/strict";
import {
  accountOf,
  accountText,
  configOf,
  keysOf,
  loadFiles,
  loadText,
  onlyProblem,
} from "./loading.ts";

const ACCOUNT = {
  COSFTP_COS_ACCOUNT_0_COS_SECRETID: "AKIDexample",
  COSFTP_COS_ACCOUNT_0_COS_SECRETKEY: "a-secret-key",
  COSFTP_COS_ACCOUNT_0_COS_BUCKET: "photos-1250000001",
  COSFTP_COS_ACCOUNT_0_COS_REGION: "ap-guangzhou",
  COSFTP_COS_ACCOUNT_0_FTP_LOGIN_USER_NAME: "alice",
  COSFTP_COS_ACCOUNT_0_FTP_LOGIN_USER_PASSWORD: "correct-horse",
};

Deno.test("the environment alone defines a configuration", () => {
  const loaded = loadFiles({}, { env: { ...ACCOUNT, COSFTP_NETWORK_LISTEN_PORT: "2100" } });
  const config = configOf(loaded);
  assert.equal(loaded.file, undefined);
  assert.equal(config.file, undefined);
  assert.equal(config.accounts[0]!.name, "alice");
  assert.equal(config.network.listenPort, 2100);
});

Deno.test("the environment replaces placeholders of a file and adds accounts to it", () => {
  const text = accountText().replace("a-secret-key-0", "COS_SECRETKEY");
  const second = Object.fromEntries(
    Object.entries(ACCOUNT).map(([name, value]) => [name.replace("_0_", "_B_"), value]),
  );
  const env = { COSFTP_COS_ACCOUNT_0_COS_SECRETKEY: "a-real-key", ...second };
  const { accounts } = configOf(loadText(text, { env }));
  assert.deepEqual(accounts.map((one) => [one.section, one.name, keysOf(one).secretKey]), [
    ["COS_ACCOUNT_0", "alice0", "a-real-key"],
    ["COS_ACCOUNT_B", "alice", "a-secret-key"],
  ]);
});

Deno.test("a variable is taken as it stands, but default means the default", () => {
  const env = {
    COSFTP_COS_ACCOUNT_0_FTP_LOGIN_USER_PASSWORD: `"a" # \${HOME}`,
    COSFTP_OPTIONAL_MAX_LIST_FILE: "default",
  };
  const loaded = loadText(`${accountText()}[OPTIONAL]\nmax_list_file = 5\n`, { env });
  assert.equal(accountOf(loaded).users[0]!.password, `"a" # \${HOME}`);
  assert.equal(configOf(loaded).limits.maxListFile, 10_000);
});

Deno.test("a wrong variable is named, with a suggestion", () => {
  const cases: [variable: string, value: string, kind: string, message: RegExp][] = [
    ["COSFTP_NETWORK_LISTEN_PORT", "21x", "invalid", /listen_port: found "21x", wanted a port/],
    ["COSFTP_NETWORK_LISTEN_PROT", "21", "unknown", /mean COSFTP_NETWORK_LISTEN_PORT\?$/],
    ["COSFTP_NETWORK_FOO", "21", "unknown", /COSFTP_NETWORK_FOO: unknown/],
    ["COSFTP_NETWROK_LISTEN_PORT", "21", "unknown", /mean COSFTP_NETWORK_LISTEN_PORT\?$/],
    ["COSFTP_COS_ACCOUNT_0_COS_SECRETKY", "x", "unknown", /COS_ACCOUNT_0_COS_SECRETKEY\?$/],
    ["COSFTP_COS_ACCOUNT_COS_SECRETKEY", "x", "unknown", /COS_ACCOUNT_0_COS_SECRETKEY\?$/],
    ["COSFTP_LISTEN_PORT", "21", "unknown", /wanted COSFTP_<SECTION>_<KEY>$/],
  ];
  for (const [variable, value, kind, message] of cases) {
    const problem = onlyProblem(loadText(accountText(), { env: { [variable]: value } }));
    assert.deepEqual([problem.kind, problem.variable, problem.severity], [kind, variable, "error"]);
    assert.match(problem.message, message);
  }
});

Deno.test("an unknown variable is a warning when lenient", () => {
  const env = { COSFTP_NETWORK_FOO: "21" };
  const loaded = loadText(accountText(), { env, lenient: true });
  assert.equal(onlyProblem(loaded).severity, "warning");
  configOf(loaded);
});

Deno.test("variables that are not configuration are left alone", () => {
  const env = {
    COSFTP_PASSWORD: "x",
    COSFTP_BIN: "dist/cosftp",
    COSFTP_REQUIRE_CLIENTS: "1",
    COSFTP_TEST_BUCKET: "b",
    COSFTP_NETWORK_FOO: "",
    HOME: "/root",
  };
  assert.deepEqual(loadText(accountText(), { env }).problems, []);
});

Deno.test("an account that the environment gives in part is told what is missing", () => {
  const env = { COSFTP_COS_ACCOUNT_1_COS_SECRETKEY: "x" };
  const { problems } = loadText(accountText(), { env });
  assert.deepEqual(problems.map(({ kind, section, key }) => [kind, section, key]), [
    ["missing", "COS_ACCOUNT_1", "cos_secretid"],
    ["missing", "COS_ACCOUNT_1", "cos_bucket"],
    ["missing", "COS_ACCOUNT_1", "ftp_login_user_name"],
    ["missing", "COS_ACCOUNT_1", "ftp_login_user_password"],
    ["missing", "COS_ACCOUNT_1", "cos_region"],
  ]);
});

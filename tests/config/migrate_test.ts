import assert from "node:assert/strict";
import { migrate } from "../../src/config/migrate.ts";
import { configOf, loadText } from "./loading.ts";

const ACCOUNT = `[COS_ACCOUNT_0]
cos_secretid = AKIDexample
cos_secretkey = a-secret-key
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
ftp_login_user_name = alice
ftp_login_user_password = correct-horse
`;

function migrated(text: string) {
  const { text: result, changes } = migrate(text, {
    problemsOf: (text) => loadText(text).problems,
  });
  return { text: result, changes: changes.map(({ line, what }) => `${line}: ${what}`) };
}

/** The lines that are no comments. */
function effective(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

Deno.test("a configuration that is right is left as it is, to the byte", () => {
  const text = `# mine\n\n${ACCOUNT}home_dir = "a b"   # with a comment\n; another\n`;
  assert.deepEqual(migrated(text), { text, changes: [] });
});

Deno.test("what an old file may hold becomes a comment that says why, and the rest validates clean", () => {
  const text = `# mine
rem an old comment
${ACCOUNT.replace("cos_secretkey =", "cos_secretkey:")}preserve_mtime = maybe
[NETWORK]
masquerade_address = XXX.XXX.XXX.XXX
listen_port = 2121
listen_port = 2122
foo = bar
this is nothing
[STRANGE]
a = b
c = d
[OPTIONAL]
log_rotate_when = D
max_list_file = 0
`;
  const { text: result, changes } = migrated(text);
  assert.deepEqual(effective(result), [
    ...effective(ACCOUNT),
    "[NETWORK]",
    "listen_port = 2122",
    "[OPTIONAL]",
  ]);
  assert.deepEqual(loadText(result).problems, []);
  assert.equal(configOf(loadText(result)).network.listenPort, 2122);
  assert.deepEqual(changes.map((change) => change.split(":")[0]), [
    ...["2", "5", "10", "12", "13", "15", "16", "17", "18", "19", "21", "22"],
  ]);
  // Nothing is lost.
  for (const line of text.split("\n")) {
    assert.ok(result.includes(line.replace("cos_secretkey:", "cos_secretkey =")), line);
  }
  assert.match(result, /\n# cosftp: given again below, which counts\n#listen_port = 2121\n/);
});

Deno.test("migrating twice changes nothing more", () => {
  const { text } = migrated(`${ACCOUNT}[NETWORK]\nfoo = bar\nlisten_port: 2100\n`);
  assert.deepEqual(migrated(text), { text, changes: [] });
});

Deno.test("what is missing, or wrong and needed, is left for a person", () => {
  const text = ACCOUNT.replace("ap-guangzhou", "region").replace("photos-1250000001", "photos");
  assert.deepEqual(migrated(text), { text, changes: [] });
  assert.equal(loadText(migrated(text).text).config, undefined);
});

Deno.test("a wrong value is left for a person where more would be allowed, or less protected, without it", () => {
  for (
    const [section, line] of [
      ["", "authority = RO"],
      ["", "delete_enable = flase"],
      ["", "overwrite_enable = flase"],
      ["", "rename_enable = flase"],
      ["", "key_prefix = //"],
      ["", "allow_from = 192.0.2.0/33"],
      ["", "require_tls = ture"],
      ["", "sse = AES"],
      ["[TLS]\n", "tls_required = ture"],
    ] as const
  ) {
    const text = `${ACCOUNT}${section}${line}\n`;
    assert.deepEqual(migrated(text), { text, changes: [] }, line);
    assert.equal(loadText(text).config, undefined, line);
  }
});

Deno.test("line ends and byte order marks of other systems become plain ones", () => {
  assert.equal(migrated(`\ufeff${ACCOUNT.replaceAll("\n", "\r\n")}`).text, ACCOUNT);
});

Deno.test("accounts that the predecessor knew by other names stay accounts", () => {
  const account = (section: string, name: string) =>
    ACCOUNT.replace("COS_ACCOUNT_0", section).replace("alice", name);
  const { text, changes } = migrated(
    account("COS_ACCOUNT_0", "a") + account("COS_ACCOUNT", "b") + account("COS_ACCOUNT1", "c") +
      account("COS_ACCOUNT_x y", "d"),
  );
  const accounts = configOf(loadText(text)).accounts;
  assert.deepEqual(accounts.map(({ section, name }) => [section, name]), [
    ["COS_ACCOUNT_0", "a"],
    ["COS_ACCOUNT_0-1", "b"],
    ["COS_ACCOUNT_1", "c"],
    ["COS_ACCOUNT_xy", "d"],
  ]);
  assert.equal(changes.length, 3);
});

Deno.test("a single passive port is the first one, as it was", () => {
  const { text } = migrated(`${ACCOUNT}[NETWORK]\npassive_port = 50000 # open these\n`);
  assert.deepEqual(configOf(loadText(text)).network.passivePorts, { first: 50_000, last: 65_535 });
  assert.ok(text.endsWith("passive_port = 50000,65535 # open these\n"));
});

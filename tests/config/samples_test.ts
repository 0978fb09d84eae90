/** The configurations that people have: the samples of the predecessor's documents, and our own example. */
import assert from "node:assert/strict";
import { renderExample } from "../../src/config/example.ts";
import type { Keys } from "../../src/config/key.ts";
import { keyNames, type SectionKind, SECTIONS } from "../../src/config/keys.ts";
import { migrate } from "../../src/config/migrate.ts";
import { LOCALHOST } from "../net/localhost_certificate.ts";
import { configOf, keysOf, loadText } from "./loading.ts";

const GIB = 1024 ** 3;
const read = (path: string): string => Deno.readTextFileSync(new URL(path, import.meta.url));

/** What people put in the place of the placeholders. */
function fillIn(sample: string): string {
  return sample.replaceAll("= COS_SECRETID", "= AKIDexample")
    .replaceAll("= COS_SECRETKEY", "= a-secret-key")
    .replaceAll("= region ", "= ap-guangzhou ")
    .replaceAll("XXX.XXX.XXX.XXX", "203.0.113.10");
}

for (const language of ["zh", "ja"]) {
  const sample = read(`seeds/vsftpd.${language}.conf`);

  Deno.test(`the predecessor's sample (${language}) as it is names its placeholders only`, () => {
    const { config, problems } = loadText(sample);
    assert.equal(config, undefined);
    assert.ok(problems.every(({ kind }) => kind === "placeholder"));
    const errors = problems.filter(({ severity }) => severity === "error");
    assert.deepEqual(
      errors.map(({ line, column, section, found }) => [line, column, section, found]),
      [
        [2, 16, "COS_ACCOUNT_0", "COS_SECRETID"],
        [3, 17, "COS_ACCOUNT_0", "COS_SECRETKEY"],
        [5, 14, "COS_ACCOUNT_0", "region"],
        [15, 16, "COS_ACCOUNT_1", "COS_SECRETID"],
        [16, 17, "COS_ACCOUNT_1", "COS_SECRETKEY"],
        [18, 14, "COS_ACCOUNT_1", "region"],
        [29, 22, "NETWORK", "XXX.XXX.XXX.XXX"],
      ],
    );
    for (const { message, found } of errors) assert.ok(message.includes(`placeholder ${found}`));
  });

  Deno.test(`the predecessor's sample (${language}) with a placeholder left is clean once migrated`, () => {
    const left = fillIn(sample).replace("203.0.113.10", "XXX.XXX.XXX.XXX");
    assert.equal(loadText(left).config, undefined);
    const { text, changes } = migrate(left, { problemsOf: (text) => loadText(text).problems });
    assert.deepEqual(changes.map(({ line }) => line), [29]);
    const loaded = loadText(text);
    assert.equal(configOf(loaded).network.masqueradeAddress, undefined);
    assert.ok(loaded.problems.every(({ severity }) => severity !== "error"));
  });

  Deno.test(`the predecessor's sample (${language}), filled in, means what its comments say`, () => {
    for (const text of [fillIn(sample), fillIn(sample).replaceAll("\n", "\r\n")]) {
      const { accounts, network, limits, log } = configOf(loadText(text));
      assert.deepEqual(
        accounts.map(({ users, homeDir, authority, deleteEnable }) => [
          users[0]!.name,
          users[0]!.password,
          homeDir,
          authority,
          deleteEnable,
        ]),
        [
          ["user0", "pass0", "/home/user0", { read: true, write: true }, true],
          ["user1", "pass1", "/home/user1", { read: true, write: true }, false],
        ],
      );
      for (const account of accounts) {
        const { bucket, region, endpoint, protocol } = account;
        const { secretId, secretKey } = keysOf(account);
        assert.deepEqual([secretId, secretKey, bucket, region, endpoint, protocol], [
          "AKIDexample",
          "a-secret-key",
          "examplebucket-1250000000",
          "ap-guangzhou",
          undefined,
          "https",
        ]);
      }
      assert.equal(network.masqueradeAddress, "203.0.113.10");
      assert.equal(network.listenPort, 2121);
      assert.deepEqual(network.passivePorts, { first: 60_000, last: 65_535 });
      // The comment speaks of 200 G, the value of 20: the value wins.
      assert.equal(limits.singleFileMaxSize, 20 * GIB);
      assert.deepEqual([limits.maxConnectionNum, limits.maxListFile], [512, 10_000]);
      assert.deepEqual([log.level, log.dir], ["INFO", "log"]);
    }
  });
}

Deno.test("conf/vsftpd.conf.example is what the key table makes (tests/config/write_example.ts)", () => {
  assert.equal(read("../../conf/vsftpd.conf.example"), renderExample());
});

Deno.test("the example has no problems but its placeholders, and shows every key", () => {
  const example = renderExample();
  const { problems } = loadText(example);
  assert.deepEqual(problems.map(({ kind, severity, key }) => [kind, severity, key]), [
    ["placeholder", "error", "cos_secretid"],
    ["placeholder", "error", "cos_secretkey"],
    ["placeholder", "warning", "cos_bucket"],
    ["placeholder", "error", "cos_region"],
    ["placeholder", "warning", "ftp_login_user_password"],
  ]);
  for (const kind of Object.keys(SECTIONS) as SectionKind[]) {
    for (const name of keyNames(kind)) assert.match(example, new RegExp(`^#?${name} =`, "m"));
  }
});

Deno.test("what the example has commented out can be used as it stands there", () => {
  // All but the other ways to say what already stands there.
  const isOther = /run\/(secrets|cosftp)\/|^#cos_cam_role/;
  const text = renderExample()
    .replace(/^#(\w+ =.*)$/gm, (line, setting) => isOther.test(line) ? line : setting)
    .replaceAll("= COS_SECRETID", "= AKIDexample")
    .replaceAll("= COS_SECRETKEY", "= a-secret-key")
    .replaceAll("= region\n", "= ap-guangzhou\n");
  const loaded = loadText(text, {
    env: { COS_TOKEN: "a-token" },
    files: {
      "/etc/cosftp/fullchain.pem": LOCALHOST.cert,
      "/etc/cosftp/privkey.pem": LOCALHOST.key,
    },
  });
  assert.equal(configOf(loaded).accounts[0]!.keyPrefix, "team/a/");
});

Deno.test("every key has a meaning in both languages and a default that can be read", () => {
  for (const { keys } of Object.values<{ keys: Keys }>(SECTIONS)) {
    for (const [name, key] of Object.entries(keys)) {
      assert.match(key.en, /^[A-Z].*\.$/, name);
      assert.match(key.zh, /[\u4e00-\u9fff].*。$/, name);
      const sample = key.default ?? key.example;
      if (sample && !key.secret) assert.notEqual(key.type.read(sample), undefined, name);
    }
  }
});

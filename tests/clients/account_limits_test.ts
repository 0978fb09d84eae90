/** What each of several accounts of one gateway may do. */
import assert from "node:assert/strict";
import type { Bucket } from "./bucket.ts";
import { gatewayTests } from "./client_test_case.ts";
import type { Gateway, Settings } from "./gateway.ts";

const MIB = 1024 ** 2;

/** `demo` with limits of its own, `plain` with the defaults, `far` from elsewhere. */
const accounts = ({ keys, name, endpoint }: Bucket): Settings => {
  const account = (user: string) => ({
    cos_secretid: keys.secretId,
    cos_secretkey: keys.secretKey,
    cos_bucket: name,
    cos_endpoint: endpoint,
    cos_protocol: "http",
    home_dir: `/home/${user}`,
    key_prefix: `${user}/`,
    ftp_login_user_name: user,
    ftp_login_user_password: "secret",
  });
  return {
    COS_ACCOUNT_0: {
      single_file_max_size: "1MiB",
      overwrite_enable: "false",
      rename_enable: "false",
      key_prefix: "demo/",
    },
    COS_ACCOUNT_1: account("plain"),
    COS_ACCOUNT_2: { ...account("far"), allow_from: "192.0.2.0/24" },
    FILE_OPTION: { single_file_max_size: "3MiB" },
  };
};

const urlOf = ({ host, port }: Gateway, user: string) => `ftp://${user}:secret@${host}:${port}/`;

gatewayTests("curl", accounts)(
  "has the largest file of its account, others theirs, and who names none that of [FILE_OPTION]",
  async ({ gateway, folder, run }) => {
    for (const size of [MIB, MIB + 1, 3 * MIB, 3 * MIB + 1]) {
      await Deno.writeFile(`${folder}/${size}`, new Uint8Array(size));
    }
    const upload = async (user: string, size: number) => {
      const most = user === "demo" ? MIB : 3 * MIB;
      const curl = `curl -sS -T ${size} ${urlOf(gateway, user)}`;
      // Whether it is stopped while it sends, or afterwards, is its exit code.
      await run(["sh", "-c", size > most ? `! ${curl}` : curl]);
      const refusal = `STOR /${size}: failed .*account=${user} .*Files above ${most} bytes`;
      assert.equal(new RegExp(refusal).test(gateway.process.stderr), size > most);
    };
    for (const size of [MIB, MIB + 1]) await upload("demo", size);
    for (const size of [MIB + 1, 3 * MIB, 3 * MIB + 1]) await upload("plain", size);
    assert.deepEqual(Object.keys(await gateway.bucket.digests()).toSorted(), [
      `demo/${MIB}`,
      `plain/${MIB + 1}`,
      `plain/${3 * MIB}`,
    ]);
  },
);

gatewayTests("curl", accounts)(
  "may replace, rename and log in as its own account says",
  async ({ gateway, folder, run }) => {
    await Deno.writeTextFile(`${folder}/file`, "new");
    for (const user of ["demo", "plain"]) {
      await gateway.bucket.put(`${user}/file`, new TextEncoder().encode("old"));
      const refused = user === "demo" ? { code: 25 } : {};
      for (const how of [[], ["-a"]]) {
        await run(["curl", "-sS", ...how, "-T", "file", urlOf(gateway, user)], refused);
      }
      const { stdout } = await run(["curl", "-sS", `${urlOf(gateway, user)}file`]);
      assert.equal(stdout, user === "demo" ? "old" : "newnew");
      const rename = ["-Q", "RNFR file", "-Q", "RNTO renamed"];
      const { code = 0 } = user === "demo" ? { code: 21 } : {};
      await run(["curl", "-sS", ...rename, urlOf(gateway, user)], { code });
    }
    await run(["curl", "-sS", urlOf(gateway, "far")], { code: 67 });
    assert.match(gateway.process.stderr, /Login failed .*user=far .*outside of allow_from/);
    assert.deepEqual(Object.keys(await gateway.bucket.digests()).toSorted(), [
      "demo/file",
      "plain/renamed",
    ]);
  },
);

/** The ways to log in besides a name and a plain password. */
import assert from "node:assert/strict";
import { hashOf } from "../accounts/scrypt_hash.ts";
import { gatewayTests } from "./client_test_case.ts";
import { digestTree } from "./file_tree.ts";
import type { Bucket } from "./bucket.ts";
import type { Gateway, Settings } from "./gateway.ts";

const ANONYMOUS = {
  COS_ACCOUNT_0: { ftp_login_user_name: "anonymous", ftp_login_user_password: "" },
};
const USERS = {
  COS_ACCOUNT_0: { ftp_login_users: `'alice:p\\,1, bob:${hashOf("p:2")}'` },
};
const CONTENT = new TextEncoder().encode("content\n");

const urlOf = ({ host, port }: Gateway, user = "") => `ftp://${user}${host}:${port}/`;

gatewayTests("curl", ANONYMOUS)(
  "without a user reads what is public, and stores nothing",
  async ({ gateway, folder, run }) => {
    await gateway.bucket.put("public.txt", CONTENT);
    await Deno.writeFile(`${folder}/mine.txt`, CONTENT);
    const { stdout } = await run(["curl", "-sS", `${urlOf(gateway)}public.txt`]);
    assert.equal(stdout, "content\n");
    const refused = { code: 25 };
    await run(["curl", "-sS", "-T", "mine.txt", urlOf(gateway)], refused);
    await run(["curl", "-sS", "-u", "ftp:x@y", "-T", "mine.txt", urlOf(gateway)], refused);
    await run(["curl", "-sS", "-Q", "DELE public.txt", urlOf(gateway)], { code: 21 });
    assert.deepEqual(Object.keys(await gateway.bucket.digests()), ["public.txt"]);
    await run(["curl", "-sS", "-u", "demo:secret", urlOf(gateway)], { code: 67 });
    assert.doesNotMatch(gateway.process.stderr, /x@y|curl@|secret/);
  },
);

gatewayTests("lftp", ANONYMOUS)(
  "without a user reads what is public",
  async ({ gateway, folder, run }) => {
    await gateway.bucket.put("public.txt", CONTENT);
    const { host, port } = gateway;
    await run(["lftp", "-p", `${port}`, host, "-e", "get public.txt; quit"]);
    assert.deepEqual(await Deno.readFile(`${folder}/public.txt`), CONTENT);
  },
);

gatewayTests("curl", USERS)(
  "logs in as each of the users of one account",
  async ({ gateway, folder, run }) => {
    await Deno.writeFile(`${folder}/file`, CONTENT);
    const url = urlOf(gateway);
    for (const user of ["demo:secret", "alice:p,1", "bob:p:2", "bob:p:2"]) {
      await run(["curl", "-sS", "-u", user, "-T", "file", `${url}${user.slice(0, 3)}`]);
    }
    await run(["curl", "-sS", "-u", "alice:secret", url], { code: 67 });
    const stored = ["dem", "ali", "bob"].map((name) => [name, CONTENT] as const);
    assert.deepEqual(await gateway.bucket.digests(), digestTree(new Map(stored)));
    assert.match(gateway.process.stderr, /Login .*account=demo user=bob /);
  },
);

const cosKeys = ({ endpoint }: Bucket): Settings => ({
  LOGIN: { cos_key_login: "true", cos_endpoint: endpoint, cos_protocol: "http" },
});

gatewayTests("curl", cosKeys)(
  "logs in with keys of the cloud, and a wrong one is counted",
  async ({ gateway, folder, run }) => {
    const { bucket } = gateway;
    const { secretId, secretKey } = bucket.keys;
    await Deno.writeFile(`${folder}/file`, CONTENT);
    const curl = ["curl", "-sS", "-T", "file", urlOf(gateway), "-u"] as const;
    await run([...curl, `${secretId}/${bucket.name}:${secretKey}`]);
    assert.deepEqual(await bucket.digests(), digestTree(new Map([["file", CONTENT]])));
    await run([...curl, "demo:secret"]);
    for (
      const wrong of [
        `${secretId}/${bucket.name}:${secretKey}x`,
        `${secretId}/${bucket.name}:`,
        `${secretId}x/${bucket.name}:${secretKey}`,
        `${secretId}/another-1250000000:${secretKey}`,
      ]
    ) await run([...curl, wrong], { code: 67 });
    const reasons = [...gateway.process.stderr.matchAll(/Login failed .*reason="?([\w :]+)/g)];
    assert.deepEqual(reasons.map(([, reason]) => reason), [
      "COS: SignatureDoesNotMatch",
      "no SecretKey",
      "COS: InvalidAccessKeyId",
      "COS: NoSuchBucket",
    ]);
    assert.ok(!gateway.process.stderr.includes(secretKey));
    assert.equal(gateway.process.stderr.match(/WARN.* SecretKeys .*clear text/g)?.length, 1);
  },
);

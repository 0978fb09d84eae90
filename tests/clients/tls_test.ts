import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, sampleTree, sha256, treeIn, writeTree } from "./file_tree.ts";
import { PART_SIZE } from "./gateway.ts";
import {
  ALL_SPOKEN,
  curlOverTls,
  lftpOverTls,
  rcloneOverTls,
  urlOf,
  VERSIONS,
} from "./tls_clients.ts";

/** Nothing without TLS. */
const SETTINGS = { TLS: { tls_required: "all" } };

const TREE = sampleTree(PART_SIZE);
const FILE = noise(3 * PART_SIZE + 7);

const curl = gatewayTests("curl", SETTINGS);

for (const { way, version } of ALL_SPOKEN) {
  curl(`stores, lists and fetches by ${way} ${version}`, async ({ gateway, folder, run }) => {
    await Deno.writeFile(`${folder}/file`, FILE);
    const url = urlOf(gateway, way, "file");
    const command = curlOverTls(gateway, ...VERSIONS[version].curl);
    await run([...command, "-T", "file", url]);
    assert.deepEqual(await gateway.bucket.digests(), { file: sha256(FILE) });
    await run([...command, "-o", "fetched", url]);
    assert.equal(sha256(await Deno.readFile(`${folder}/fetched`)), sha256(FILE));
    const { stdout, stderr } = await run([...command, "-v", urlOf(gateway, way)]);
    assert.match(stdout, /^-rw.* file\r?\n$/);
    assert.match(stderr, new RegExp(`SSL connection using ${version.replace(" ", "v")}`));
  });
}

curl("is refused without TLS, and with data in clear text", async ({ gateway, folder, run }) => {
  const { user, password, host, port } = gateway;
  await Deno.writeTextFile(`${folder}/file`, "content");
  const LOGIN_DENIED = 67;
  const url = `ftp://${user}:${password}@${host}:${port}/file`;
  await run(["curl", "-sS", "-T", "file", url], { code: LOGIN_DENIED });
  const flags = ["--ftp-ssl-control", "--cacert", gateway.certificate, "-T", "file"];
  const PARTIAL_FILE = 18;
  await run(["curl", "-sS", ...flags, url], { code: PARTIAL_FILE });
  assert.deepEqual(await gateway.bucket.digests(), {});
});

curl("carries forty files at once", async ({ gateway, folder, run }) => {
  const names = Array.from({ length: 40 }, (_, index) => `${index}`);
  for (const name of names) await Deno.writeFile(`${folder}/${name}`, noise(50_000 + Number(name)));
  const uploads = names.flatMap((name) => ["-T", name, urlOf(gateway, "explicit", name)]);
  await run(curlOverTls(gateway, "-Z", "--parallel-max", "20", ...uploads));
  assert.deepEqual(
    await gateway.bucket.digests(),
    digestTree(new Map(names.map((name) => [name, noise(50_000 + Number(name))]))),
  );
});

const lftp = gatewayTests("lftp", SETTINGS);

for (const spoken of ALL_SPOKEN) {
  for (const mode of ["passive", "active"]) {
    lftp(
      `mirrors a tree by ${spoken.way} ${spoken.version}, ${mode}, four at once`,
      async (test) => {
        const { gateway, folder } = test;
        await writeTree(`${folder}/up`, TREE);
        const settings = `set ftp:passive-mode ${mode === "passive"}`;
        await lftpOverTls(test, spoken, `${settings}; mirror -R -P 4 up there`);
        assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", TREE)));
        await lftpOverTls(test, spoken, `${settings}; mirror -P 4 there down`);
        assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
      },
    );
  }
}

const ftplib = gatewayTests("python3", SETTINGS);
const SCRIPT = new URL("ftplib_client.py", import.meta.url).pathname;

for (const [version, { ftplib: name }] of Object.entries(VERSIONS)) {
  for (const mode of ["passive", "active"]) {
    ftplib(`ftplib does all that scripts do by ${version}, ${mode}`, async (test) => {
      const { gateway, folder, run } = test;
      await writeTree(`${folder}/up`, TREE);
      const { host, port, user, password, certificate } = gateway;
      const args = [host, `${port}`, user, password, mode, certificate, name];
      await run(["python3", SCRIPT, ...args]);
      assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
      assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", TREE)));
    });
  }
}

const rclone = gatewayTests("rclone", SETTINGS);

for (const spoken of ALL_SPOKEN) {
  rclone(`copies a tree by ${spoken.way} ${spoken.version}, four at once`, async (test) => {
    const { gateway, folder } = test;
    await writeTree(`${folder}/up`, TREE);
    const run = await rcloneOverTls(test, spoken);
    const copy = ["copy", "--transfers=4", "--create-empty-src-dirs"];
    await run(...copy, "up", "gateway:there");
    assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", TREE)));
    await run(...copy, "gateway:there", "down");
    assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
  });
}

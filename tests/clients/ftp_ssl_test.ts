import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { type GatewayTest, gatewayTests } from "./client_test_case.ts";
import {
  digestDirectory,
  digestTree,
  filterTree,
  sampleTree,
  treeIn,
  writeTree,
} from "./file_tree.ts";
import { PART_SIZE } from "./gateway.ts";

/** It ends uploads without close_notify. */
const test = gatewayTests("ftp-ssl", { TLS: { tls_required: "all", tls_truncation: "accept" } });

/** mput and mget work on one directory, and mget does not find what begins with a dot. */
const FLAT = new Map(
  [...filterTree(sampleTree(PART_SIZE), (path) => /^(names|sizes)\/[^.]/.test(path))]
    .map(([path, bytes]) => [path.slice(path.indexOf("/") + 1), bytes]),
);

const CIPHERS = { "TLSv1.2": "ECDHE-", "TLSv1.3": "TLS_" };

for (const [version, cipher] of Object.entries(CIPHERS)) {
  for (const mode of ["passive", "active"]) {
    test(`stores, lists and fetches by ${version}, ${mode}`, async (context) => {
      const { gateway, folder } = context;
      await writeTree(`${folder}/up`, FLAT);
      await Deno.mkdir(`${folder}/down`);
      const commands = [
        "mkdir there",
        "cd there",
        "lcd up",
        "mput *",
        "ls",
        "lcd ../down",
        "mget *",
      ];
      const said = await ftpSsl(context, commands, { version, mode });
      assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", FLAT)), said);
      assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(FLAT), said);
      assert.match(said, /^-rw.* 3 parts plus 7\r?$/m);
      assert.match(said, new RegExp(`^\\[SSL Cipher ${cipher}`, "m"));
    });
  }
}

test("carries eight files at once", async (context) => {
  const { gateway, folder } = context;
  const files = new Map(
    Array.from({ length: 8 }, (_, index) => [`${index}`, noise(PART_SIZE + index)]),
  );
  await writeTree(folder, files);
  await Promise.all([...files.keys()].map((name) => ftpSsl(context, [`put ${name}`])));
  assert.deepEqual(await gateway.bucket.digests(), digestTree(files));
  await Deno.mkdir(`${folder}/down`);
  await Promise.all([...files.keys()].map((name) => ftpSsl(context, ["lcd down", `get ${name}`])));
  assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(files));
});

gatewayTests("ftp-ssl", { TLS: { tls_required: "all" } })(
  "is told that its uploads may be cut short, where that is not accepted",
  async (context) => {
    const { gateway: { bucket }, folder } = context;
    await bucket.put("file", new TextEncoder().encode("old"));
    await Deno.writeTextFile(`${folder}/file`, "new");
    const said = await ftpSsl(context, ["put file", "get file", "ls"]);
    assert.match(said, /^426 The data connection ended without TLS close_notify/m);
    assert.equal(await Deno.readTextFile(`${folder}/file`), "old");
    assert.match(said, /^-rw.* 3 .* file\r?$/m);
  },
);

/** Carries out commands in a session that insists on TLS, of `version` if there is one. @returns what ftp-ssl said. */
async function ftpSsl(
  { gateway, folder, run }: GatewayTest,
  commands: readonly string[],
  { version, mode = "passive" }: { version?: string; mode?: string } = {},
): Promise<string> {
  const { host, port, user, password, certificate } = gateway;
  const OPENSSL_CONF = `${folder}/openssl.cnf`;
  if (version) await Deno.writeTextFile(OPENSSL_CONF, onlyVersion(version));
  const flags = ["-n", "-i", "-v", ...(mode === "passive" ? ["-p"] : [])];
  const tls = ["secure", "verbose", "verify=1", `cacert=${certificate}`].flatMap((
    option,
  ) => ["-z", option]);
  const lines = [`user ${user} ${password}`, "binary", ...commands, "bye", ""];
  const { stdout, stderr } = await run(["ftp-ssl", ...flags, ...tls, host, `${port}`], {
    stdin: lines.join("\n"),
    env: version ? { OPENSSL_CONF } : {},
  });
  return stdout + stderr;
}

/** The configuration of OpenSSL by which a program that cannot be told speaks one version of TLS. */
function onlyVersion(version: string): string {
  return `openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = versions
[versions]
MinProtocol = ${version}
MaxProtocol = ${version}
`;
}

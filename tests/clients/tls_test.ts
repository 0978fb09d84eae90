import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { type GatewayTest, gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, sampleTree, sha256, treeIn, writeTree } from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";

/** Nothing without TLS. */
const SETTINGS = { TLS: { tls_required: "all" } };

const TREE = sampleTree(PART_SIZE);
const FILE = noise(3 * PART_SIZE + 7);

/** How clients come to TLS, and where. */
const WAYS = {
  explicit: { scheme: "ftp", port: (gateway: Gateway) => gateway.port },
  implicit: { scheme: "ftps", port: (gateway: Gateway) => gateway.implicitPort },
} as const;
type Way = keyof typeof WAYS;

const curl = gatewayTests("curl", SETTINGS);

function curlCommand(gateway: Gateway, ...flags: string[]): ["curl", ...string[]] {
  return ["curl", "-sS", "--ssl-reqd", "--cacert", gateway.certificate, ...flags];
}

function urlOf(gateway: Gateway, way: Way, path = ""): string {
  const { user, password, host } = gateway;
  return `${WAYS[way].scheme}://${user}:${password}@${host}:${WAYS[way].port(gateway)}/${path}`;
}

const VERSIONS = { "TLS 1.2": ["--tls-max", "1.2"], "TLS 1.3": ["--tlsv1.3"] };

for (const way of Object.keys(WAYS) as Way[]) {
  for (const [version, flags] of Object.entries(VERSIONS)) {
    curl(`stores, lists and fetches by ${way} ${version}`, async ({ gateway, folder, run }) => {
      await Deno.writeFile(`${folder}/file`, FILE);
      const url = urlOf(gateway, way, "file");
      await run(curlCommand(gateway, ...flags, "-T", "file", url));
      assert.deepEqual(await gateway.bucket.digests(), { file: sha256(FILE) });
      await run(curlCommand(gateway, ...flags, "-o", "fetched", url));
      assert.equal(sha256(await Deno.readFile(`${folder}/fetched`)), sha256(FILE));
      const list = curlCommand(gateway, ...flags, "-v", urlOf(gateway, way));
      const { stdout, stderr } = await run(list);
      assert.match(stdout, /^-rw.* file\r?\n$/);
      assert.match(stderr, new RegExp(`SSL connection using ${version.replace(" ", "v")}`));
    });
  }
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
  await run(curlCommand(gateway, "-Z", "--parallel-max", "20", ...uploads));
  assert.deepEqual(
    await gateway.bucket.digests(),
    digestTree(new Map(names.map((name) => [name, noise(50_000 + Number(name))]))),
  );
});

const lftp = gatewayTests("lftp", SETTINGS);

for (const way of Object.keys(WAYS) as Way[]) {
  for (const mode of ["passive", "active"]) {
    lftp(`mirrors a tree there and back by ${way} TLS, ${mode}`, async (test) => {
      const { gateway, folder } = test;
      await writeTree(`${folder}/up`, TREE);
      const settings = `set ftp:passive-mode ${mode === "passive"}`;
      await runLftp(test, way, `${settings}; mirror -R -P 4 up there`);
      assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", TREE)));
      await runLftp(test, way, `${settings}; mirror -P 4 there down`);
      assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
    });
  }
}

async function runLftp({ gateway, run }: GatewayTest, way: Way, commands: string): Promise<void> {
  const { user, password, host, certificate } = gateway;
  const settings = [
    "set cmd:fail-exit yes",
    "set net:max-retries 1",
    "set net:timeout 20",
    "set ftp:ssl-force yes",
    "set ftp:ssl-protect-data yes",
    `set ssl:ca-file ${certificate}`,
    `open -u ${user},${password} ${WAYS[way].scheme}://${host}:${WAYS[way].port(gateway)}`,
  ];
  await run(["lftp", "--norc", "-c", [...settings, commands].join("; ")]);
}

const ftplib = gatewayTests("python3", SETTINGS);
const SCRIPT = new URL("ftplib_client.py", import.meta.url).pathname;

for (const version of ["TLSv1_2", "TLSv1_3"]) {
  for (const mode of ["passive", "active"]) {
    ftplib(`ftplib does all that scripts do by ${version}, ${mode}`, async (test) => {
      const { gateway, folder, run } = test;
      await writeTree(`${folder}/up`, TREE);
      const { host, port, user, password, certificate } = gateway;
      const args = [host, `${port}`, user, password, mode, certificate, version];
      await run(["python3", SCRIPT, ...args]);
      assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
      assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", TREE)));
    });
  }
}

const rclone = gatewayTests("rclone", SETTINGS);

for (const [way, setting] of [["explicit", "EXPLICIT_TLS"], ["implicit", "TLS"]] as const) {
  rclone(`copies a tree there and back by ${way} TLS`, async ({ gateway, folder, run }) => {
    await writeTree(`${folder}/up`, TREE);
    const { stdout } = await run(["rclone", "obscure", gateway.password]);
    const env = {
      RCLONE_CONFIG: "/dev/null",
      RCLONE_CONFIG_GATEWAY_TYPE: "ftp",
      RCLONE_CONFIG_GATEWAY_HOST: gateway.host,
      RCLONE_CONFIG_GATEWAY_PORT: `${WAYS[way].port(gateway)}`,
      RCLONE_CONFIG_GATEWAY_USER: gateway.user,
      RCLONE_CONFIG_GATEWAY_PASS: stdout.trim(),
      [`RCLONE_CONFIG_GATEWAY_${setting}`]: "true",
      SSL_CERT_FILE: gateway.certificate,
    };
    const copy = ["rclone", "--retries=1", "--low-level-retries=1", "copy"] as const;
    await run([...copy, "--create-empty-src-dirs", "up", "gateway:there"], { env });
    assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", TREE)));
    await run([...copy, "--create-empty-src-dirs", "gateway:there", "down"], { env });
    assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
  });
}

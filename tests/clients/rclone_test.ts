import assert from "node:assert/strict";
import { type GatewayTest, gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, sampleTree, writeTree } from "./file_tree.ts";
import { PART_SIZE } from "./gateway.ts";

const test = gatewayTests("rclone");

const TREE = sampleTree(PART_SIZE);

test("copies a tree there and back, and checks it", async (context) => {
  const { gateway, folder } = context;
  const rclone = await remote(context);
  await writeTree(`${folder}/up`, TREE);
  await rclone("copy", "--create-empty-src-dirs", "up", "gateway:there");
  assert.deepEqual(
    await gateway.bucket.digests(),
    digestTree(new Map([...TREE].map(([path, bytes]) => [`there/${path}`, bytes]))),
  );
  await rclone("check", "--download", "up", "gateway:there");
  await rclone("copy", "--create-empty-src-dirs", "gateway:there", "down");
  assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
});

test("transfers nothing in a second sync, and only what changed in a third", async (context) => {
  const rclone = await remote(context);
  await writeTree(`${context.folder}/up`, TREE);
  const sync = async () => transfersIn(await rclone("sync", "-v", "up", "gateway:there"));
  assert.ok(await sync() > 0);
  assert.equal(await sync(), 0);
  await Deno.writeTextFile(`${context.folder}/up/one more`, "content");
  await Deno.remove(`${context.folder}/up/names/plain.txt`);
  assert.equal(await sync(), 1);
  const expected = new Map(TREE).set("one more", new TextEncoder().encode("content"));
  expected.delete("names/plain.txt");
  await rclone("sync", "gateway:there", "down");
  assert.deepEqual(
    filesOf(await digestDirectory(`${context.folder}/down`)),
    filesOf(digestTree(expected)),
  );
});

test("moves and purges", async (context) => {
  const { gateway, folder } = context;
  const rclone = await remote(context);
  await writeTree(`${folder}/up`, TREE);
  await rclone("copy", "--create-empty-src-dirs", "up", "gateway:there");
  await rclone("moveto", "gateway:there/names/a b  c.txt", "gateway:e/f/g h");
  await rclone("purge", "gateway:there");
  assert.deepEqual(Object.keys(await gateway.bucket.digests()), ["e/f/g h"]);
});

/** Runs rclone with a remote `gateway:`. Resolves to what it logged. */
async function remote({ gateway, run }: GatewayTest) {
  const { host, port, user, password } = gateway;
  const { stdout } = await run(["rclone", "obscure", password]);
  const env = {
    RCLONE_CONFIG: "/dev/null",
    RCLONE_CONFIG_GATEWAY_TYPE: "ftp",
    RCLONE_CONFIG_GATEWAY_HOST: host,
    RCLONE_CONFIG_GATEWAY_PORT: String(port),
    RCLONE_CONFIG_GATEWAY_USER: user,
    RCLONE_CONFIG_GATEWAY_PASS: stdout.trim(),
  };
  return async (...args: string[]) =>
    (await run(["rclone", "--retries=1", "--low-level-retries=1", ...args], { env })).stderr;
}

/** How many files rclone says it transferred. */
function transfersIn(log: string): number {
  return log.match(/: Copied \(/g)?.length ?? 0;
}

function filesOf(digests: Readonly<Record<string, string>>) {
  return Object.entries(digests).filter(([path]) => !path.endsWith("/"));
}

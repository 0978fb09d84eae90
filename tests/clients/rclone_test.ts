import assert from "node:assert/strict";
import { type GatewayTest, gatewayTests } from "./client_test_case.ts";
import {
  digestDirectory,
  digestTree,
  filesOf,
  sampleTree,
  sha256,
  treeIn,
  writeTree,
} from "./file_tree.ts";
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
    digestTree(treeIn("there", TREE)),
  );
  await rclone("check", "--download", "up", "gateway:there");
  await rclone("copy", "--create-empty-src-dirs", "gateway:there", "down");
  assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
});

test("stores nothing in a second sync, and only what changed in a third", async (context) => {
  const { gateway: { bucket }, folder } = context;
  const rclone = await remote(context);
  await writeTree(`${folder}/up`, TREE);
  const sync = async () => {
    const before = bucket.stores;
    await rclone("sync", "up", "gateway:there");
    return bucket.stores - before;
  };
  assert.ok(await sync() >= filesOf(TREE).length);
  assert.equal(await sync(), 0);
  await Deno.writeTextFile(`${folder}/up/one more`, "content");
  await Deno.remove(`${folder}/up/names/plain.txt`);
  assert.equal(await sync(), 1);
  const { "there/names/plain.txt": removed, "there/one more": added } = await bucket.digests();
  assert.deepEqual([removed, added], [undefined, sha256(new TextEncoder().encode("content"))]);
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

/** Runs rclone with a remote `gateway:`. */
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
  return (...args: string[]) =>
    run(["rclone", "--retries=1", "--low-level-retries=1", ...args], { env });
}

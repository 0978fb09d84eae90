import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, sampleTree, treeIn, writeTree } from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";

const test = gatewayTests("ncftp");

const TREE = sampleTree(PART_SIZE);

for (const flag of ["-F", "-E"]) {
  const mode = flag === "-F" ? "passive" : "active";
  test(`stores and fetches a tree, ${mode}`, async ({ gateway, folder, run }) => {
    await writeTree(`${folder}/up`, TREE);
    await run(["ncftpput", ...login(gateway), flag, "-R", gateway.host, "/", "up"]);
    assert.deepEqual(
      await gateway.bucket.digests(),
      digestTree(treeIn("up", TREE)),
    );
    await Deno.mkdir(`${folder}/down`);
    await run(["ncftpget", ...login(gateway), flag, "-R", gateway.host, "down", "/up"]);
    assert.deepEqual(await digestDirectory(`${folder}/down/up`), digestTree(TREE));
  });
}

test("lists and makes directories", async ({ gateway, folder, run }) => {
  const { host, port } = gateway;
  await Deno.writeTextFile(`${folder}/file`, "content");
  await run(["ncftpput", ...login(gateway), "-m", host, "made/for it", "file"]);
  const { stdout } = await run([
    "ncftpls",
    ...login(gateway).filter((flag) => flag !== "-V"),
    "-l",
    `ftp://${host}:${port}/made/for%20it/`,
  ]);
  assert.match(stdout, /^-rw\S+ .* 7 .* file\n$/);
});

function login({ port, user, password }: Gateway): string[] {
  return ["-V", "-t", "20", "-r", "0", "-u", user, "-p", password, "-P", String(port)];
}

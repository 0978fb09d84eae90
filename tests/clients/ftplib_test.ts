import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, sampleTree, treeIn, writeTree } from "./file_tree.ts";
import { PART_SIZE } from "./gateway.ts";

const test = gatewayTests("python3");

const TREE = sampleTree(PART_SIZE);
const SCRIPT = new URL("ftplib_client.py", import.meta.url).pathname;

for (const mode of ["passive", "active"]) {
  test(`ftplib does all that scripts do, ${mode}`, async ({ gateway, folder, run }) => {
    await writeTree(`${folder}/up`, TREE);
    const { host, port, user, password } = gateway;
    const { stdout } = await run(["python3", SCRIPT, host, String(port), user, password, mode]);
    assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
    assert.deepEqual(
      await gateway.bucket.digests(),
      digestTree(treeIn("there", TREE)),
    );
    assert.deepEqual(JSON.parse(stdout), {
      mkd: '/there/a "quoted" name',
      pwd: '/there/a "quoted" name',
      size: "one\ntwo\n".length,
      lines: ["one", "two"],
      nlst: ["lines"],
      rest: "two\n",
      missing: "550",
      "not empty": "550",
      after: "/there",
    });
  });
}

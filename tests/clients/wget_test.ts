import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, filterTree, sampleTree } from "./file_tree.ts";
import { PART_SIZE } from "./gateway.ts";

const test = gatewayTests("wget");

/** wget takes names it was told by the server for URLs: it stores `100%25.txt` as `100%.txt`. */
const TREE = filterTree(sampleTree(PART_SIZE), (path) => !path.endsWith("/100%25.txt"));

for (const mode of ["passive", "active"]) {
  test(`fetches a whole tree, ${mode}`, async ({ gateway, folder, run }) => {
    for (const [path, bytes] of TREE) await gateway.bucket.put(path, bytes);
    const { host, port, user, password } = gateway;
    await run([
      "wget",
      "-q",
      "--tries=1",
      "--timeout=20",
      ...(mode === "active" ? ["--no-passive-ftp"] : []),
      "--recursive",
      "--level=inf",
      "--no-host-directories",
      "--restrict-file-names=nocontrol",
      `--ftp-user=${user}`,
      `--ftp-password=${password}`,
      "--directory-prefix=down",
      `ftp://${host}:${port}/`,
    ]);
    assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
  });
}

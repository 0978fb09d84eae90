import assert from "node:assert/strict";
import { clientTest } from "./client_test_case.ts";
import { digestDirectory, digestTree, filterTree, sampleTree, writeTree } from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";

/** mput and mget work on one directory. */
const FLAT = new Map(
  [...sampleTree(PART_SIZE)].filter(([path]) => /^(names|sizes)\//.test(path))
    .map(([path, bytes]) => [path.slice(path.indexOf("/") + 1), bytes]),
);

for (const mode of ["passive", "active"]) {
  clientTest("ftp", `stores and fetches many by mput and mget, ${mode}`, async (test) => {
    const { gateway, folder, run } = test;
    await writeTree(`${folder}/up`, FLAT);
    await Deno.mkdir(`${folder}/down`);
    const { stdout } = await run(["ftp", ...flags(gateway, mode)], {
      stdin: script(gateway, [
        "mkdir there",
        "cd there",
        "lcd up",
        "mput *",
        "mput .hidden",
        "lcd ../down",
        "mget *",
        "mget .hidden",
      ]),
    });
    assert.deepEqual(
      await gateway.bucket.digests(),
      digestTree(new Map([...FLAT].map(([path, bytes]) => [`there/${path}`, bytes]))),
      stdout,
    );
    assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(FLAT), stdout);
  });
}

function flags({ host, port }: Gateway, mode: string): string[] {
  return ["-n", "-i", "-v", ...(mode === "active" ? ["-A"] : ["-p"]), host, String(port)];
}

function script({ user, password }: Gateway, commands: string[]): string {
  return [`user ${user} ${password}`, "binary", ...commands, "bye", ""].join("\n");
}

import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, sampleTree, sha256, treeIn, writeTree } from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";

const test = gatewayTests("lftp");

const TREE = sampleTree(PART_SIZE);

for (const mode of ["passive", "active"]) {
  test(`mirrors a tree there and back, four at a time, ${mode}`, async (context) => {
    const { gateway, folder, run } = context;
    await writeTree(`${folder}/up`, TREE);
    await run(lftp(gateway, `set ftp:passive-mode ${mode === "passive"}; mirror -R -P 4 up there`));
    assert.deepEqual(await gateway.bucket.digests(), digestTree(treeIn("there", TREE)));
    await run(lftp(gateway, `set ftp:passive-mode ${mode === "passive"}; mirror -P 4 there down`));
    assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(TREE));
  });
}

test("mirrors nothing a second time", async ({ gateway, folder, run }) => {
  const { bucket } = gateway;
  await writeTree(`${folder}/up`, TREE);
  await run(lftp(gateway, "mirror -R up there"));
  const { stores } = bucket;
  const back = "mirror --ignore-time -vv there up";
  const { stdout } = await run(lftp(gateway, `mirror -R --ignore-time up there; ${back}`));
  assert.equal(bucket.stores, stores);
  assert.doesNotMatch(stdout, /Transferring|Making directory/);
});

test("renames, removes by pattern and removes trees", async ({ gateway, folder, run }) => {
  await writeTree(`${folder}/up`, TREE);
  await run(lftp(gateway, "mirror -R up there"));
  await run(
    lftp(
      gateway,
      "mv there/names/plain.txt 'there/d/moved it.txt'; glob rm there/names/*.txt; rm -r there/sizes",
    ),
  );
  const left = Object.keys(await gateway.bucket.digests());
  assert.ok(left.includes("there/d/moved it.txt"));
  assert.deepEqual(left.filter((path) => path.startsWith("there/names/")), [
    "there/names/-la dir",
    "there/names/-rf",
    "there/names/.hidden",
    "there/names/no extension",
    `there/names/${"長".repeat(65)}12345`,
  ]);
  assert.deepEqual(left.filter((path) => path.startsWith("there/sizes")), []);
  await run(lftp(gateway, "rm -r there"));
  assert.deepEqual(await gateway.bucket.digests(), {});
});

test("fetches a file in four segments, and the rest of a file", async (context) => {
  const { gateway, folder, run } = context;
  const file = noise(3 * PART_SIZE + 7);
  await gateway.bucket.put("file", file);
  await run(lftp(gateway, "pget -n 4 file -o segments"));
  assert.equal(sha256(await Deno.readFile(`${folder}/segments`)), sha256(file));
  await Deno.writeFile(`${folder}/rest`, file.subarray(0, PART_SIZE));
  await run(lftp(gateway, "get -c file -o rest"));
  assert.equal(sha256(await Deno.readFile(`${folder}/rest`)), sha256(file));
});

test("lists, makes and removes directories, and shows text", async (context) => {
  const { gateway, run } = context;
  await gateway.bucket.put("a b/file", new TextEncoder().encode("text\n"));
  const { stdout } = await run(
    lftp(gateway, "mkdir -p x/y/z; rmdir x/y/z; cd 'a b'; cls -1; nlist; cat file; du -b /"),
  );
  assert.deepEqual(stdout.split("\n"), [
    "file",
    "file",
    "text",
    "5\t/a b",
    "0\t/x/y",
    "0\t/x",
    "5\t/",
    "",
  ]);
  assert.deepEqual(Object.keys(await gateway.bucket.digests()), ["a b/file", "x/y/"]);
});

function lftp(gateway: Gateway, commands: string): ["lftp", ...string[]] {
  const { host, port, user, password } = gateway;
  const settings = "set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 20";
  return [
    "lftp",
    "--norc",
    "-c",
    `${settings}; open -u ${user},${password} -p ${port} ${host}; ${commands}`,
  ];
}

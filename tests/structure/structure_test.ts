import assert from "node:assert/strict";
import { readImports } from "./import_graph.ts";
import { findForbiddenImports, findRoomCycles, roomOf } from "./rooms.ts";

const ROOT = new URL("../../", import.meta.url);
const MAX_LINES = 400;
/** Names that say nothing of what is inside. */
const EMPTY_WORDS = /^(utils?|common|helpers?|lib|core|manager|misc)$/;

function filesUnder(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(`${folder}${name}/`) : `${folder}${name}`
  ).sort();
}

const sources = ["main.ts", ...filesUnder("src/").filter((file) => file.endsWith(".ts"))];
/** What Deno runs or imports; AssemblyScript is not. */
const modules = sources.filter((file) => !file.includes("/assembly/"));
const imports = await readImports(ROOT, modules);

Deno.test("import graph covers every source file", () => {
  const importing = new Set(imports.map(({ from }) => from));
  assert.ok(importing.has("main.ts"));
  assert.ok(importing.size > modules.length / 2, `${importing.size} of ${modules.length}`);
});

Deno.test("every source file is in a room", () => {
  assert.deepEqual(sources.filter((file) => !roomOf(file)), []);
});

Deno.test("rooms import only what ARCHITECTURE allows", () => {
  assert.deepEqual(findForbiddenImports(imports), []);
});

Deno.test("rooms do not import each other in a circle", () => {
  assert.deepEqual(findRoomCycles(imports), []);
});

Deno.test("deno.json and deno.lock name the program's packages and no others: whoever runs it gets all of them", async () => {
  const [config, lock] = await Promise.all(
    ["deno.json", "deno.lock"].map(async (name) =>
      JSON.parse(await Deno.readTextFile(new URL(name, ROOT)))
    ),
  );
  const named = Object.values<string>(config.imports).toSorted();
  assert.deepEqual(Object.keys(lock.specifiers).toSorted(), named);
  const imported = imports.map(({ to }) => to.replace("npm:/", "npm:"))
    .filter((to) => to.startsWith("npm:"));
  assert.deepEqual(imported.filter((to) => !named.some((name) => to.startsWith(name))), []);
  assert.deepEqual(named.filter((name) => !imported.some((to) => to.startsWith(name))), []);
});

Deno.test("SECURITY.md names tests that there are, and the programs that may be run", async () => {
  const [security, config] = await Promise.all(
    ["SECURITY.md", "deno.json"].map((name) => Deno.readTextFile(new URL(name, ROOT))),
  );
  const quoted = [...security!.matchAll(/`([^`\s]+)`/g)].map(([, text]) => text!);
  const tests = new Set(filesUnder("tests/"));
  const named = quoted.filter((text) => text.endsWith("_test.ts"));
  assert.ok(named.length > 5);
  assert.deepEqual(named.filter((name) => !tests.has(`tests/${name}`)), []);
  const { cosftp, build } = JSON.parse(config!).tasks;
  const programs = quoted.filter((text) => text === "nft" || text.endsWith("-save")).toSorted();
  for (const { command } of [cosftp, build]) {
    const permitted = /--allow-run=(\S+)/.exec(command)![1]!.split(",").toSorted();
    assert.deepEqual(permitted, programs);
  }
});

Deno.test("files are named after what is inside, in snake_case", () => {
  const badlyNamed = [...filesUnder("src/"), ...filesUnder("tests/")].filter((path) =>
    path.split(/[/_.]/).some((word) => EMPTY_WORDS.test(word)) ||
    (path.endsWith(".ts") && !/^[a-z0-9_/]+\.ts$/.test(path))
  );
  assert.deepEqual(badlyNamed, []);
});

Deno.test(`source files have at most ${MAX_LINES} lines`, async () => {
  for (const file of sources) {
    const lines = (await Deno.readTextFile(new URL(file, ROOT))).split("\n").length - 1;
    assert.ok(lines <= MAX_LINES, `${file} has ${lines}`);
  }
});

import assert from "node:assert/strict";
import { reachableFrom, readImports } from "./import_graph.ts";

Deno.test("import graph tells type-only imports from others and follows dynamic ones", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const root = new URL(`file://${await Deno.realPath(directory)}/`);
    await Deno.writeTextFile(new URL("deno.json", root), "{}");
    await Deno.writeTextFile(
      new URL("a.ts", root),
      'import type { B } from "./b.ts";\nexport const c = (_: B) => import("./c.ts");\n',
    );
    await Deno.writeTextFile(new URL("b.ts", root), "export type B = 1;\n");
    await Deno.writeTextFile(new URL("c.ts", root), 'import "node:net";\n');
    const imports = await readImports(root, ["a.ts"]);
    assert.deepEqual(imports, [
      { from: "a.ts", to: "b.ts", typeOnly: true },
      { from: "a.ts", to: "c.ts", typeOnly: false },
      { from: "c.ts", to: "node:net", typeOnly: false },
    ]);
    assert.deepEqual(reachableFrom("a.ts", imports).map(({ to }) => to), ["c.ts", "node:net"]);
    await Deno.writeTextFile(new URL("b.ts", root), 'import "./gone.ts";\n');
    await assert.rejects(readImports(root, ["a.ts"]), /gone\.ts/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

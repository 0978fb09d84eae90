import assert from "node:assert/strict";
import plugin from "./lint_plugin.ts";

function findings(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map(({ message }) => message);
}

for (
  const source of [
    "Deno.exit(1);",
    'Deno.env.get("HOME");',
    'Deno["exit"](1);',
    "globalThis.Deno.env;",
    "const { env } = Deno;",
    "const { args, exit: leave } = Deno;",
    "const f = Deno.exit;",
  ]
) {
  Deno.test(`lint rule process-at-the-edge refuses ${source}`, () => {
    assert.equal(findings("/somewhere/src/ftp/session.ts", source).length, 1);
    assert.equal(findings("/somewhere/src/config/keys.ts", source).length, 1);
    for (const edge of ["main.ts", "src/cli/serve.ts", "src/config/load.ts", "tests/run.ts"]) {
      assert.deepEqual(findings(`/somewhere/${edge}`, source), [], edge);
    }
  });
}

for (
  const source of [
    "Deno.execPath();",
    "session.exit(); terminal.env.get('HOME');",
    "const { env } = terminal;",
    "Deno.errors.NotFound;",
  ]
) {
  Deno.test(`lint rule process-at-the-edge allows ${source}`, () => {
    assert.deepEqual(findings("/somewhere/src/ftp/session.ts", source), []);
  });
}

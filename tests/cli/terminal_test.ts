/** The real terminal and the whole program, each in a process of its own. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);

/** A Deno process in the repository's root that runs `script`, or main.ts. */
function spawn(args: string[], script?: string): Deno.ChildProcess {
  const run = script ? ["eval", "--quiet", script] : [
    ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env"],
    ...["--allow-sys=systemMemoryInfo", "main.ts"],
  ];
  return new Deno.Command(Deno.execPath(), {
    args: [...run, ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

Deno.test("main ends with what the subcommand returned, data on stdout, messages on stderr", async () => {
  const version = await spawn(["--version"]).output();
  assert.deepEqual([version.code, decode(version.stderr)], [0, ""]);
  assert.match(decode(version.stdout), /^cosftp \d+\.\d+\.\d+\n$/);
  const usage = await spawn(["nothing"]).output();
  assert.deepEqual([usage.code, decode(usage.stdout)], [2, ""]);
  assert.match(decode(usage.stderr), /^error: unknown command 'nothing'/);
  const configuration = await spawn(["serve", "--config", "/nowhere"]).output();
  assert.deepEqual([configuration.code, decode(configuration.stdout)], [3, ""]);
});

Deno.test("terminal goes on in silence when nobody reads stdout any more", async () => {
  await using child = spawn(
    [],
    `import { systemTerminal } from "./src/cli/terminal.ts";
     const terminal = systemTerminal();
     for (let i = 0; i < 3; i++) terminal.out("x".repeat(1_000_000));
     terminal.err("done");
     Deno.exit(7);`,
  );
  await child.stdout.cancel();
  assert.equal(await new Response(child.stderr).text(), "done");
  assert.equal((await child.status).code, 7);
});

Deno.test("terminal tells the first signal from the second, and ends the process at a third", async () => {
  await using child = spawn(
    [],
    `import { systemTerminal } from "./src/cli/terminal.ts";
     const terminal = systemTerminal();
     terminal.interrupted.addEventListener("abort", () => terminal.out("interrupted\\n"));
     terminal.killed.addEventListener("abort", () => terminal.out("killed\\n"));
     terminal.out("ready\\n");
     setInterval(() => {}, 1_000);`,
  );
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await lines.read()).value, "ready\n");
  child.kill("SIGTERM");
  assert.equal((await lines.read()).value, "interrupted\n");
  child.kill("SIGINT");
  assert.equal((await lines.read()).value, "killed\n");
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 1);
  await lines.cancel();
  await child.stderr.cancel();
});

Deno.test("terminal leaves signals alone that nobody asks for", async () => {
  await using child = spawn(
    [],
    `import { systemTerminal } from "./src/cli/terminal.ts";
     systemTerminal().out("ready\\n");
     setInterval(() => {}, 1_000);`,
  );
  const lines = child.stdout.getReader();
  await lines.read();
  child.kill("SIGINT");
  assert.equal((await child.status).signal, "SIGINT");
  await lines.cancel();
  await child.stderr.cancel();
});

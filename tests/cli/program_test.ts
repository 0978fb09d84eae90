import assert from "node:assert/strict";
import { ExitCode } from "../../src/cli/exit_code.ts";
import { run } from "../../src/cli/program.ts";
import { VERSION } from "../../src/cli/version.ts";
import { FakeTerminal } from "./fake_terminal.ts";

async function runWith(...args: string[]) {
  const terminal = new FakeTerminal();
  const exitCode = await run(args, terminal);
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

Deno.test("run --version writes one line to stdout", async () => {
  for (const flag of ["--version", "-V"]) {
    const outcome = await runWith(flag);
    assert.deepEqual(outcome, { exitCode: ExitCode.ok, stdout: `cosftp ${VERSION}\n`, stderr: "" });
  }
});

Deno.test("run --help shows examples first and names every subcommand", async () => {
  for (const args of [["--help"], ["help"], ["-h"]]) {
    const { exitCode, stdout, stderr } = await runWith(...args);
    assert.deepEqual([exitCode, stderr], [ExitCode.ok, ""]);
    assert.match(stdout, /^Examples:\n {2}cosftp serve --demo/);
    for (const name of ["serve", "validate", "check-keys", "emulator", "hash-password"]) {
      assert.match(stdout, new RegExp(`^ {2}${name} `, "m"));
    }
  }
});

Deno.test("run shows the help of each subcommand with its flags", async () => {
  const reporting = ["list", "json", "strict", "no-color"];
  const flags = {
    serve: [
      "config",
      "lenient",
      "strict",
      "listen",
      "passive-ports",
      "log-level",
      "demo",
      "demo-dir",
      "tls",
    ],
    validate: ["config", "lenient", "migrate", "output", ...reporting],
    "check-keys": ["config", "lenient", "account", "sample", "write", ...reporting],
    emulator: ["listen", "bucket", "secret-id", "secret-key-file", "data-dir", "latency"],
    "hash-password": [],
  };
  for (const [name, names] of Object.entries(flags)) {
    const { exitCode, stdout } = await runWith(name, "--help");
    assert.equal(exitCode, ExitCode.ok);
    const shown = [...stdout.matchAll(/^ {2}(?:-h, )?--([a-z-]+)/gm)].map(([, flag]) => flag);
    assert.deepEqual(shown, [...names, "help"]);
  }
});

Deno.test("run takes what it does not understand for a usage error, with a suggestion", async () => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /^Examples:/],
    [["serv"], /unknown command 'serv'\n\(Did you mean serve\?\)/],
    [["--versoin"], /unknown option '--versoin'\n\(Did you mean --version\?\)/],
    [["serve", "--lisen", "x"], /\(Did you mean --listen\?\)/],
    [["serve", "extra"], /too many arguments/],
    [["serve", "--config"], /argument missing/],
    [["serve", "--listen", "2121"], /'--listen .* is invalid\. Wanted HOST:PORT/],
    [["serve", "--passive-ports", "60000"], /is invalid\. Wanted the first and the last port/],
    [["serve", "--log-level", "loud"], /is invalid\. Wanted DEBUG, INFO, WARNING, ERROR or CRIT/],
    [["serve", "--demo", "--config", "x"], /'--demo' cannot be used with option '--config/],
    [["serve", "--demo-dir", "d", "--lenient"], /cannot be used with option '--lenient/],
    [["serve", "--strict", "--lenient"], /cannot be used with option '--lenient/],
    [["emulator", "--bucket", "name"], /is invalid\. Wanted a bucket's full name/],
    [["emulator", "--latency", "-1"], /is invalid\. Wanted a whole number from 0/],
  ];
  for (const [args, message] of cases) {
    const { exitCode, stdout, stderr } = await runWith(...args);
    assert.deepEqual([exitCode, stdout], [ExitCode.usage, ""], args.join(" "));
    assert.match(stderr, message);
  }
});

Deno.test("every subcommand but doctor gives up running programs and FFI", async () => {
  const givenUpBy = async (...args: string[]) => {
    const terminal = new FakeTerminal();
    await run(args, terminal);
    return [...terminal.givenUp];
  };
  for (const name of ["validate", "check-keys"]) {
    assert.deepEqual(await givenUpBy(name, "--list"), ["run", "ffi"], name);
  }
  assert.deepEqual(await givenUpBy("doctor", "--list"), []);
});

import assert from "node:assert/strict";
import { Command } from "commander";
import {
  addCheckOptions,
  type CheckOptions,
  chooseChecks,
  reportChecks,
} from "../../src/cli/check_command.ts";
import { ExitCode } from "../../src/cli/exit_code.ts";
import { FAIL, madeCheck, PASS } from "../doctor/made_check.ts";
import { FakeTerminal } from "./fake_terminal.ts";

const CHECKS = [madeCheck({ id: "a.one" }), madeCheck({ id: "a.two", needs: ["a.one"] })];

async function report(
  options: CheckOptions = {},
  { checks = CHECKS, terminal = new FakeTerminal() } = {},
) {
  const exitCode = await reportChecks({
    command: "try",
    checks,
    subjects: [{ name: "alice", subject: undefined }],
    modes: ["offline"],
    options,
    terminal,
  });
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

function choose(names: readonly string[], options: CheckOptions = {}) {
  const terminal = new FakeTerminal();
  const chosen = chooseChecks(CHECKS, { command: "try", names, options, terminal });
  return { chosen, stdout: terminal.stdout, stderr: terminal.stderr };
}

Deno.test("options of checks are read", async () => {
  const given: unknown[] = [];
  const program = new Command("cosftp").exitOverride();
  addCheckOptions(program.command("try")).action((...args) => void given.push(args.slice(0, 2)));
  await program.parseAsync(["try", "a", "b", "--json", "--strict", "--no-color"], {
    from: "user",
  });
  assert.deepEqual(given, [[["a", "b"], { json: true, strict: true, color: false }]]);
});

Deno.test("checks are chosen, listed, or refused with a usage error", () => {
  assert.deepEqual(choose(["a.two"]).chosen, CHECKS);
  const listed = choose([], { list: true });
  assert.deepEqual(listed, {
    chosen: ExitCode.ok,
    stdout: "a.one  offline  Looks at a.one\na.two  offline  Looks at a.two\n",
    stderr: "",
  });
  const refused = choose(["b"]);
  assert.deepEqual([refused.chosen, refused.stdout], [ExitCode.usage, ""]);
  assert.equal(
    refused.stderr,
    'cosftp try: Cannot select "b": no check has this id or prefix, see --list\n',
  );
});

Deno.test("the exit code says whether anything failed, or with --strict was warned of", async () => {
  const failing = [madeCheck({ id: "a", run: () => [FAIL] })];
  const warning = [madeCheck({ id: "a", run: () => [{ ...FAIL, status: "warn" }] })];
  assert.equal((await report()).exitCode, ExitCode.ok);
  assert.equal((await report({}, { checks: failing })).exitCode, ExitCode.failed);
  assert.equal((await report({}, { checks: warning })).exitCode, ExitCode.ok);
  assert.equal((await report({ strict: true }, { checks: warning })).exitCode, ExitCode.failed);
});

Deno.test("--json writes one document and nothing else, also at a terminal", async () => {
  const terminal = new FakeTerminal();
  terminal.seen.add("out");
  const { stdout } = await report({ json: true }, { terminal });
  const document = JSON.parse(stdout);
  assert.deepEqual([document.version, document.command, document.findings.length], [1, "try", 2]);
});

Deno.test("colours are for terminals, unless NO_COLOR, TERM or --no-color forbid them", async () => {
  const coloured = async (env: Record<string, string>, options: CheckOptions = {}) => {
    const terminal = new FakeTerminal(env);
    terminal.seen.add("out");
    return (await report(options, { terminal })).stdout.includes("\x1b[");
  };
  assert.ok(await coloured({}));
  assert.ok(!await coloured({ NO_COLOR: "1" }));
  assert.ok(!await coloured({ TERM: "dumb" }));
  assert.ok(!await coloured({}, { color: false }));
  assert.ok(!(await report()).stdout.includes("\x1b["));
});

Deno.test("progress is shown to a person on stderr, and erased", async () => {
  assert.equal((await report()).stderr, "");
  const terminal = new FakeTerminal();
  terminal.seen.add("err");
  const { stderr, stdout } = await report({}, { terminal });
  assert.ok(stderr.startsWith("\r\x1b[K0 of 2: a.one of alice\r"));
  assert.ok(stderr.endsWith("\r\x1b[K"));
  assert.doesNotMatch(stdout, / of 2/);
});

Deno.test("Ctrl-C ends the checks, tells what is known and fails", async () => {
  const terminal = new FakeTerminal();
  const checks = [
    madeCheck({ id: "a" }),
    madeCheck({
      id: "b",
      run: (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          terminal.interrupt();
        }),
    }),
  ];
  const { exitCode, stdout } = await report({}, { terminal, checks });
  assert.equal(exitCode, ExitCode.failed);
  assert.match(stdout, /pass {2}a {2}All is well\n.*skip {2}b {2}Not ended: interrupted/);
});

Deno.test("a second Ctrl-C waits for no check", async () => {
  const terminal = new FakeTerminal();
  const end = Promise.withResolvers<void>();
  const checks = [
    madeCheck({
      id: "a",
      run: async () => {
        terminal.interrupt();
        terminal.interrupt();
        await end.promise;
        return [PASS];
      },
    }),
  ];
  const { exitCode, stdout } = await report({}, { terminal, checks });
  assert.deepEqual([exitCode, stdout], [ExitCode.failed, ""]);
  assert.equal(terminal.stderr, "cosftp try: Ended at once\n");
  end.resolve();
});

import assert from "node:assert/strict";
import { PasswordVerifier, readPassword } from "../../src/accounts/passwords.ts";
import { ExitCode } from "../../src/cli/exit_code.ts";
import { run } from "../../src/cli/program.ts";
import { patientAsker } from "../accounts/patient_asker.ts";
import { type FakeInput, FakeTerminal } from "./fake_terminal.ts";

async function hashOf(input: FakeInput) {
  const terminal = new FakeTerminal({}, input);
  const exitCode = await run(["hash-password"], terminal);
  assert.equal(terminal.isRaw, false, "the terminal shows what is typed again");
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

async function matches(line: string, password: string): Promise<boolean> {
  const known = readPassword(line);
  return await new PasswordVerifier([known])
    .matches(known, new TextEncoder().encode(password), patientAsker());
}

Deno.test("hash-password writes the hash of the line in stdin, without its end", async () => {
  for (const text of ["pä ss #1", "pä ss #1\n", "pä ss #1\r\n"]) {
    const { exitCode, stdout, stderr } = await hashOf({ text, isTerminal: false });
    assert.deepEqual([exitCode, stderr], [ExitCode.ok, ""]);
    assert.match(stdout, /^scrypt:.*\n$/);
    assert.ok(await matches(stdout.trimEnd(), "pä ss #1"));
  }
});

Deno.test("hash-password asks twice at a terminal and shows nothing of what is typed", async () => {
  for (const typed of ["secret\r", "sx\u007fecrex文\u007f\u0008t\n", "wrong\u0015secret\r"]) {
    const { exitCode, stdout, stderr } = await hashOf({ text: typed + typed, isTerminal: true });
    assert.deepEqual([exitCode, stderr], [ExitCode.ok, "Password: \nPassword again: \n"]);
    assert.ok(await matches(stdout.trimEnd(), "secret"));
  }
});

Deno.test("hash-password says why it has no password, and writes nothing to stdout", async () => {
  const cases: [text: string | Uint8Array, isTerminal: boolean, message: RegExp][] = [
    ["", false, /it is empty$/],
    ["\n", false, /it is empty$/],
    ["two\nlines\n", false, /wanted one line, no control characters$/],
    ["a\0b", false, /wanted one line/],
    [Uint8Array.of(0xff), false, /it is not UTF-8$/],
    ["x".repeat(5000), false, /it is longer than 4095 bytes$/],
    ["\r", true, /it is empty$/],
    ["a\rb\r", true, /what was typed twice was not the same$/],
    ["secret\u0003", true, /given up$/],
    ["secret\rsecr\u0004", true, /given up$/],
    ["secret", true, /the terminal has gone$/],
    ["x".repeat(5000), true, /it is longer than 4095 bytes$/],
  ];
  for (const [text, isTerminal, message] of cases) {
    const { exitCode, stdout, stderr } = await hashOf({ text, isTerminal });
    assert.deepEqual([exitCode, stdout], [ExitCode.failed, ""], `${message}`);
    assert.match(stderr.trimEnd(), message);
    assert.match(stderr, /cosftp hash-password: Cannot use the password: /);
    assert.ok(!stderr.includes("secret"));
  }
});

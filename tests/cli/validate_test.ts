import assert from "node:assert/strict";
import { ExitCode } from "../../src/cli/exit_code.ts";
import { run } from "../../src/cli/program.ts";
import { configurationFile, VALID } from "./configuration_file.ts";
import { FakeTerminal } from "./fake_terminal.ts";

const WRONG = `${VALID}listn_port = 21\ndata_peer = near\n[OPTIONAL]\nlog_rotate_when = D\n`;

async function validateFile(text: string, ...flags: string[]) {
  await using file = await configurationFile(text);
  const terminal = new FakeTerminal();
  const exitCode = await run(["validate", "--config", file.path, ...flags], terminal);
  assert.equal(terminal.stderr, "");
  return { exitCode, path: file.path, stdout: terminal.stdout };
}

Deno.test("validate says which file it read and that all is well", async () => {
  const { exitCode, stdout, path } = await validateFile(VALID);
  assert.deepEqual([exitCode, stdout], [ExitCode.ok, `Read ${path}: no problems\n`]);
});

Deno.test("validate writes every problem to stdout and ends with 3", async () => {
  const { exitCode, stdout, path } = await validateFile(WRONG);
  assert.equal(exitCode, ExitCode.configuration);
  assert.equal(
    stdout,
    `${path}:10:1: error: Cannot use [NETWORK] listn_port: unknown, did you mean listen_port?\n` +
      "    Write listen_port, or have it ignored by --lenient\n" +
      `${path}:11:13: error: Cannot use [NETWORK] data_peer: found "near", wanted same or any\n` +
      "    Give it a value like the default, same, or remove it\n" +
      `${path}:13:19: note: [OPTIONAL] log_rotate_when no longer does anything: ` +
      "the log is rotated by size, see log_rotate_size\n    Remove it\n" +
      `Read ${path}: 2 errors, 1 note\n`,
  );
});

Deno.test("validate --lenient lets what is unknown pass", async () => {
  const text = `${VALID}listn_port = 21\n`;
  const { exitCode, stdout } = await validateFile(text, "--lenient");
  assert.equal(exitCode, ExitCode.ok);
  assert.match(stdout, /warning: Ignored \[NETWORK\] listn_port: unknown/);
  assert.match(stdout, /: 1 warning\n$/);
});

Deno.test("secrets that everybody may read are a warning, and with --strict an error", async () => {
  await using file = await configurationFile(VALID);
  await Deno.chmod(file.path, 0o644);
  const [plain, strict] = [new FakeTerminal(), new FakeTerminal()];
  assert.equal(await run(["validate", "--config", file.path], plain), ExitCode.ok);
  assert.match(plain.stdout, /: warning: Should not keep secrets here: everybody .* may read/);
  const args = ["--config", file.path, "--strict"];
  assert.equal(await run(["validate", ...args], strict), ExitCode.configuration);
  assert.match(strict.stdout, /: error: Should not keep secrets here/);
  const serving = new FakeTerminal();
  assert.equal(await run(["serve", ...args], serving), ExitCode.configuration);
  assert.match(serving.stderr, /: error: Should not keep secrets here/);
});

Deno.test("validate --json writes one document with the same fields for every problem", async () => {
  const { exitCode, stdout, path } = await validateFile(WRONG, "--json");
  assert.equal(exitCode, ExitCode.configuration);
  const { problems, ...document } = JSON.parse(stdout);
  assert.deepEqual(document, { version: 1, valid: false, file: path, searched: [path] });
  assert.deepEqual(problems[1], {
    severity: "error",
    kind: "invalid",
    file: path,
    line: 11,
    column: 13,
    variable: null,
    flag: null,
    section: "NETWORK",
    key: "data_peer",
    found: "near",
    wanted: "same or any",
    message: 'Cannot use [NETWORK] data_peer: found "near", wanted same or any',
    remedy: "Give it a value like the default, same, or remove it",
  });
  const fields = Object.keys(problems[1]);
  for (const problem of problems) assert.deepEqual(Object.keys(problem), fields);
  const valid = await validateFile(VALID, "--json");
  assert.deepEqual([valid.exitCode, JSON.parse(valid.stdout).valid], [ExitCode.ok, true]);
});

Deno.test("validate takes the configuration that COSFTP_CONFIG names", async () => {
  await using file = await configurationFile(VALID);
  const terminal = new FakeTerminal({ COSFTP_CONFIG: file.path });
  assert.equal(await run(["validate"], terminal), ExitCode.ok);
  assert.match(terminal.stdout, new RegExp(`^Read ${file.path}: no problems`));
});

Deno.test("validate of a file that is not there says so and ends with 3", async () => {
  const terminal = new FakeTerminal();
  const exitCode = await run(["validate", "--config", "/nowhere/vsftpd.conf"], terminal);
  assert.equal(exitCode, ExitCode.configuration);
  assert.match(terminal.stdout, /^\/nowhere\/vsftpd\.conf: error: .*: no such file or directory/);
  assert.match(terminal.stdout, /Read no file \(looked for \/nowhere\/vsftpd\.conf\): 1 error\n$/);
});

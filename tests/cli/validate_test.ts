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
  return { exitCode, path: file.path, stdout: terminal.stdout, stderr: terminal.stderr };
}

Deno.test("validate says which file it read and that all is well", async () => {
  const { exitCode, stdout, stderr, path } = await validateFile(VALID);
  assert.deepEqual([exitCode, stderr], [ExitCode.ok, ""]);
  assert.ok(
    stdout.startsWith(`${path}\n  ✓ pass  config.problems   Read ${path}: 1 account`),
    stdout,
  );
  assert.match(stdout, /\nvalidate: 5 pass \(\d+\.\d s\)\n$/);
});

Deno.test("validate writes every problem to stdout and ends with 3", async () => {
  const { exitCode, stdout, path } = await validateFile(WRONG);
  assert.equal(exitCode, ExitCode.configuration);
  const rows = [
    `  ✗ fail  config.problems     ${path}:10:1: Cannot use [NETWORK] listn_port: unknown, did you mean listen_port?`,
    "          => Write listen_port, or have it ignored by --lenient",
    `  ✗ fail  config.problems     ${path}:11:13: Cannot use [NETWORK] data_peer: found "near", wanted same or any`,
    "          => Give it a value like the default, same, or remove it",
    `  ! warn  config.problems     ${path}:13:19: [OPTIONAL] log_rotate_when no longer does anything: ` +
    "the log is rotated by size, see log_rotate_size",
    "          => Remove it",
  ];
  assert.ok(stdout.startsWith(`${path}\n${rows.join("\n")}\n`), stdout);
});

Deno.test("validate --lenient lets what is unknown pass, --strict lets no warning pass", async () => {
  const text = `${VALID}listn_port = 21\n`;
  const { exitCode, stdout } = await validateFile(text, "--lenient");
  assert.equal(exitCode, ExitCode.ok);
  assert.match(stdout, /! warn .*Ignored \[NETWORK\] listn_port: unknown/);
  const weak = VALID.replace("correct-horse", "alice");
  assert.equal((await validateFile(weak)).exitCode, ExitCode.ok);
  assert.equal((await validateFile(weak, "--strict")).exitCode, ExitCode.failed);
});

Deno.test("secrets that everybody may read are a warning, said once; with --strict they are refused", async () => {
  await using file = await configurationFile(VALID);
  await Deno.chmod(file.path, 0o644);
  const args = ["--config", file.path];
  const [plain, strict, serving] = [new FakeTerminal(), new FakeTerminal(), new FakeTerminal()];
  assert.equal(await run(["validate", ...args], plain), ExitCode.ok);
  assert.deepEqual(plain.stdout.match(/! warn .*/g)?.length, 1, plain.stdout);
  assert.equal(await run(["validate", ...args, "--strict"], strict), ExitCode.failed);
  assert.equal(await run(["serve", ...args, "--strict"], serving), ExitCode.configuration);
  assert.match(serving.stderr, /: error: Should not keep secrets in /);
});

Deno.test("validate --json writes one document", async () => {
  const { exitCode, stdout, path } = await validateFile(WRONG, "--json");
  assert.equal(exitCode, ExitCode.configuration);
  const { version, command, counts, findings } = JSON.parse(stdout);
  assert.deepEqual([version, command, counts.fail], [1, "validate", 2]);
  assert.deepEqual(findings[1], {
    check: "config.problems",
    target: `${path}:11:13`,
    status: "fail",
    summary: 'Cannot use [NETWORK] data_peer: found "near", wanted same or any',
    detail: null,
    remedy: { text: "Give it a value like the default, same, or remove it", commands: [] },
    data: {
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
    },
    durationMs: findings[1].durationMs,
  });
});

Deno.test("validate runs only the checks that are named, and names them all with --list", async () => {
  const { stdout } = await validateFile(VALID, "config.passwords");
  assert.match(
    stdout,
    /^\S+\n.* config\.problems .*\n {2}✓ pass {2}config\.passwords {2}None of 1 /,
  );
  assert.match(stdout, /^validate: 2 pass/m);
  const wrong = await validateFile(WRONG, "config.passwords");
  assert.equal(wrong.exitCode, ExitCode.configuration);
  assert.match(wrong.stdout, /fail {2}config\.problems .*listn_port/);
  const listed = await validateFile(VALID, "--list");
  assert.match(listed.stdout, /^config\.problems +offline +Every section/);
  assert.equal((await validateFile(VALID, "passwords")).exitCode, ExitCode.usage);
});

Deno.test("validate takes the configuration that COSFTP_CONFIG names", async () => {
  await using file = await configurationFile(VALID);
  const terminal = new FakeTerminal({ COSFTP_CONFIG: file.path });
  assert.equal(await run(["validate"], terminal), ExitCode.ok);
  assert.ok(terminal.stdout.startsWith(`${file.path}\n`));
});

Deno.test("validate of a file that is not there says so and ends with 3", async () => {
  const terminal = new FakeTerminal();
  const exitCode = await run(["validate", "--config", "/nowhere/vsftpd.conf"], terminal);
  assert.equal(exitCode, ExitCode.configuration);
  assert.match(
    terminal.stdout,
    /✗ fail {2}config\.problems +\/nowhere\/vsftpd\.conf: Cannot read .*: no such file/,
  );
});

Deno.test("validate finds a proxy setting that serve could not start with", async () => {
  await using file = await configurationFile(VALID);
  const terminal = new FakeTerminal({ https_proxy: "socks5://127.0.0.1" });
  assert.equal(await run(["validate", "--config", file.path], terminal), ExitCode.configuration);
  assert.match(
    terminal.stdout,
    /✗ fail {2}config\.problems +\$https_proxy: Cannot use "socks5:\/\/127\.0\.0\.1" as a proxy/,
  );
});

Deno.test("validate --migrate writes a file that validates clean, and to stderr what was changed", async () => {
  const { exitCode, stdout, stderr, path } = await validateFile(WRONG, "--migrate");
  assert.equal(exitCode, ExitCode.ok);
  assert.ok(stdout.startsWith(VALID));
  assert.match(stdout, /\n#listn_port = 21\n/);
  assert.ok(
    stderr.startsWith(`${path}:10: not used, [NETWORK] listn_port: unknown, did you`),
    stderr,
  );
  assert.ok(stderr.endsWith(`\nChanged 3 lines of ${path}\n`), stderr);
  const again = await validateFile(stdout);
  assert.equal(again.exitCode, ExitCode.ok);
  assert.doesNotMatch(again.stdout, /warn|fail/);
});

Deno.test("validate --migrate reads GB18030 and writes UTF-8", async () => {
  await using file = await configurationFile("");
  const comment = Uint8Array.of(0x23, 0xd6, 0xd0, 0xce, 0xc4, 0x0a);
  await Deno.writeFile(file.path, comment);
  await Deno.writeTextFile(file.path, VALID, { append: true });
  const terminal = new FakeTerminal();
  assert.equal(await run(["validate", "--config", file.path, "--migrate"], terminal), ExitCode.ok);
  assert.ok(terminal.stdout.startsWith(`#中文\n${VALID}`));
});

Deno.test("validate --migrate --output makes a new file for its owner, and replaces none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/vsftpd.conf`;
    const { exitCode, stdout } = await validateFile(WRONG, "--migrate", "--output", output);
    assert.deepEqual([exitCode, stdout], [ExitCode.ok, ""]);
    assert.equal((await Deno.stat(output)).mode! & 0o777, 0o600);
    const before = await Deno.readTextFile(output);
    assert.ok(before.startsWith(VALID));
    const again = await validateFile(VALID, "--migrate", "--output", output);
    assert.equal(again.exitCode, ExitCode.failed);
    assert.match(again.stderr, /Cannot write .*: it exists, wanted a new file/);
    assert.equal(await Deno.readTextFile(output), before);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("validate --migrate says nothing of who may read the old file", async () => {
  await using file = await configurationFile(VALID);
  await Deno.chmod(file.path, 0o644);
  const terminal = new FakeTerminal();
  assert.equal(await run(["validate", "--config", file.path, "--migrate"], terminal), ExitCode.ok);
  assert.equal(terminal.stderr, `Changed 0 lines of ${file.path}\n`);
});

Deno.test("validate --migrate ends with 3 where something is left for a person", async () => {
  const { exitCode, stderr, stdout } = await validateFile(
    VALID.replace(/cos_secretid.*\n/, ""),
    "--migrate",
  );
  assert.equal(exitCode, ExitCode.configuration);
  assert.ok(stdout.length > 0);
  assert.match(stderr, /^Changed 0 lines.*\nthe result:1:1: error: .*cos_secretid: missing/);
  const absent = new FakeTerminal();
  const code = await run(["validate", "--migrate", "--config", "/nowhere/x"], absent);
  assert.deepEqual([code, absent.stdout], [ExitCode.configuration, ""]);
});

Deno.test("validate --output without --migrate is a usage error", async () => {
  const { exitCode, stderr } = await validateFile(VALID, "--output", "/nowhere/x");
  assert.equal(exitCode, ExitCode.usage);
  assert.match(stderr, /wanted --migrate with it/);
});

Deno.test("validate --migrate with what only checks know is a usage error", async () => {
  for (
    const [flag, message] of [
      ["--json", /cannot be used with option '--json'/],
      ["--list", /cannot be used with option '--list'/],
      ["--strict", /cannot be used with option '--strict'/],
      ["config.passwords", /Cannot run config\.passwords with --migrate: it runs no checks/],
    ] as const
  ) {
    const { exitCode, stdout, stderr } = await validateFile(WRONG, "--migrate", flag);
    assert.deepEqual([exitCode, stdout], [ExitCode.usage, ""]);
    assert.match(stderr, message);
  }
});

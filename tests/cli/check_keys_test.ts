import assert from "node:assert/strict";
import { ExitCode } from "../../src/cli/exit_code.ts";
import { run } from "../../src/cli/program.ts";
import { formatAddress } from "../../src/net/connection.ts";
import { BUCKET, SECRET, startBucket } from "../doctor/keys/checked_bucket.ts";
import { configurationFile } from "./configuration_file.ts";
import { FakeTerminal } from "./fake_terminal.ts";

function account(name: string, { endpoint, secretKey }: { endpoint: string; secretKey: string }) {
  return `[COS_ACCOUNT_${name}]
cos_secretid = ${SECRET.secretId}
cos_secretkey = ${secretKey}
cos_bucket = ${BUCKET}
cos_endpoint = ${endpoint}
cos_protocol = http
ftp_login_user_name = ${name}
ftp_login_user_password = correct-horse
`;
}

/** Checks the keys of alice, which are right, and of bob, which are not. */
async function checkKeys(...args: string[]) {
  await using bucket = await startBucket();
  const endpoint = formatAddress(bucket.address);
  await using file = await configurationFile(
    account("alice", { endpoint, secretKey: SECRET.secretKey }) +
      account("bob", { endpoint, secretKey: "wrong" }),
  );
  const terminal = new FakeTerminal();
  const exitCode = await run(["check-keys", "--config", file.path, ...args], terminal);
  const { stdout, stderr } = terminal;
  return { exitCode, stdout, stderr, written: bucket.traffic.count("PutObject").begun };
}

Deno.test("check-keys reports each account and ends with 1 when a key is wrong", async () => {
  const { exitCode, stdout, stderr, written } = await checkKeys();
  assert.deepEqual([exitCode, stderr, written], [ExitCode.failed, "", 0]);
  const [alice, bob, summary] = stdout.split("\n\n");
  assert.match(alice!, new RegExp(`^alice \\(${BUCKET}\\)\n {2}✓ pass {2}endpoint\\.dns `));
  assert.match(bob!, /\n {2}✗ fail {2}key\.signature +SignatureDoesNotMatch: /);
  assert.match(summary!, /^check-keys: \d+ pass, 1 fail, \d+ skip \(\d+\.\d s\)\n$/);
});

Deno.test("check-keys --account leaves the others alone, --write tries writing", async () => {
  const reading = await checkKeys("--account", "alice");
  assert.deepEqual([reading.exitCode, reading.written], [ExitCode.ok, 0]);
  assert.doesNotMatch(reading.stdout, /bob/);
  const writing = await checkKeys("--account", "alice", "--write");
  assert.equal(writing.exitCode, ExitCode.ok);
  assert.ok(writing.written > 0);
  assert.match(writing.stdout, /✓ pass {2}rights\.write /);
});

Deno.test("check-keys runs the checks that are named, and what they need", async () => {
  const { stdout } = await checkKeys("--json", "--account", "alice", "clock");
  const { version, command, findings } = JSON.parse(stdout);
  assert.deepEqual([version, command], [1, "check-keys"]);
  assert.deepEqual(findings.map(({ check }: { check: string }) => check), [
    "endpoint.dns",
    "endpoint.tcp",
    "endpoint.tls",
    "clock.skew",
  ]);
});

Deno.test("check-keys refuses what it does not know", async () => {
  for (
    const [args, message] of [
      [["--account", "carol"], /Cannot check account "carol": wanted one of alice, bob/],
      [["nonsense"], /Cannot select "nonsense"/],
      [["--sample", "many"], /Wanted a whole number from 0 to 100/],
    ] as const
  ) {
    const { exitCode, stderr, stdout } = await checkKeys(...args);
    assert.deepEqual([exitCode, stdout], [ExitCode.usage, ""]);
    assert.match(stderr, message);
  }
});

Deno.test("check-keys --list names the checks and needs no configuration", async () => {
  const terminal = new FakeTerminal();
  const exitCode = await run(["check-keys", "--list", "--config", "/nowhere"], terminal);
  assert.deepEqual([exitCode, terminal.stderr], [ExitCode.ok, ""]);
  assert.match(terminal.stdout, /^endpoint\.dns +online +The endpoint's name can be resolved$/m);
  assert.match(terminal.stdout, /^rights\.write +write +/m);
});

Deno.test("check-keys ends with 3 where the configuration cannot be used", async () => {
  const terminal = new FakeTerminal();
  const exitCode = await run(["check-keys", "--config", "/nowhere/vsftpd.conf"], terminal);
  assert.deepEqual([exitCode, terminal.stdout], [ExitCode.configuration, ""]);
  assert.match(terminal.stderr, /^\/nowhere\/vsftpd\.conf: error: /);
});

Deno.test("check-keys --json gives a document also where the configuration cannot be used", async () => {
  const terminal = new FakeTerminal();
  const args = ["check-keys", "--json", "--config", "/nowhere/vsftpd.conf"];
  assert.deepEqual([await run(args, terminal), terminal.stderr], [ExitCode.configuration, ""]);
  const { command, counts, findings: [finding] } = JSON.parse(terminal.stdout);
  assert.deepEqual([command, counts.fail, finding.check], ["check-keys", 1, "config.problems"]);
  assert.equal(finding.target, "/nowhere/vsftpd.conf");
});

for (const command of ["check-keys", "doctor"]) {
  Deno.test(`${command} says which proxy setting cannot be used, with --json in a document`, async () => {
    await using file = await configurationFile(
      account("alice", { endpoint: "127.0.0.1:1", secretKey: "k" }),
    );
    const args = [command, "--config", file.path];
    const env = { https_proxy: "socks5://user:hidden@127.0.0.1" };
    const terminal = new FakeTerminal(env);
    assert.equal(await run(args, terminal), ExitCode.configuration);
    const said = 'Cannot use "socks5://127.0.0.1" as a proxy: wanted http://host:port';
    assert.ok(terminal.stderr.includes(`$https_proxy: error: ${said}\n`), terminal.stderr);

    const program = new FakeTerminal(env);
    assert.equal(await run([...args, "--json"], program), ExitCode.configuration);
    const { findings } = JSON.parse(program.stdout);
    const [{ check, target, summary }] = findings.filter(({ status }: { status: string }) =>
      status === "fail"
    );
    assert.deepEqual([check, target, summary], ["config.problems", "$https_proxy", said]);
  });
}

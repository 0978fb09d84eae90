import assert from "node:assert/strict";
import { run } from "../../src/cli/program.ts";
import { configurationFile, VALID } from "./configuration_file.ts";
import { FakeTerminal } from "./fake_terminal.ts";

/** A subcommand that runs checks, and how each of them can come out without anybody else. */
interface Subcommand {
  readonly command: string;
  /** A prefix of checks, and all that it stands for. */
  readonly prefix: string;
  readonly checks: readonly string[];
  /** One check, what it needs, and configurations with which it comes to this. */
  readonly check: string;
  readonly needs?: readonly string[];
  readonly passes: string;
  readonly warns?: string;
  readonly fails: { readonly text: string; readonly check?: string; readonly mode?: number };
}

const SUBCOMMANDS: readonly Subcommand[] = [
  {
    command: "validate",
    prefix: "config",
    checks: [
      "config.problems",
      "config.build",
      "config.uploads",
      "config.certificate",
      "config.passwords",
      "config.files",
      "config.predecessor",
    ],
    check: "config.passwords",
    needs: ["config.problems"],
    passes: VALID,
    warns: VALID.replace("correct-horse", "alice"),
    fails: { text: VALID, check: "config.files", mode: 0o602 },
  },
  {
    command: "check-keys",
    prefix: "endpoint",
    checks: ["endpoint.dns", "endpoint.tcp", "endpoint.tls"],
    check: "endpoint.dns",
    passes: VALID.replace("cos_region = ap-guangzhou", "cos_endpoint = 127.0.0.1:1"),
    fails: { text: VALID.replace("cos_region = ap-guangzhou", "cos_endpoint = name.invalid") },
  },
  {
    command: "doctor",
    prefix: "server",
    checks: [
      "server.addresses",
      "server.masquerade",
      "server.ipv6",
      "server.listen",
      "server.passive",
      "server.files",
      "server.icmp",
      "server.mtu",
      "server.endpoint",
      "server.hairpin",
    ],
    check: "server.masquerade",
    passes: `${VALID}masquerade_address = 1.2.3.7\n`,
    warns: `${VALID}masquerade_address = 100.64.0.1\n`,
    fails: { text: `${VALID}masquerade_address = name.invalid\n` },
  },
];

for (const { command, prefix, checks, check, needs = [], passes, warns, fails } of SUBCOMMANDS) {
  const end = async (...args: string[]) => {
    const terminal = new FakeTerminal();
    const exitCode = await run([command, ...args], terminal);
    return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
  };
  /** How a run over `text` ends, and what the document says of each check. */
  const examine = async (text: string, args: readonly string[] = [], mode = 0o600) => {
    await using file = await configurationFile(text);
    await Deno.chmod(file.path, mode);
    const { exitCode, stdout, stderr } = await end("--json", "--config", file.path, ...args);
    assert.equal(stderr, "");
    const findings: { check: string; status: string }[] = JSON.parse(stdout).findings;
    return {
      exitCode,
      checks: [...new Set(findings.map(({ check }) => check))],
      status: findings.at(-1)!.status,
    };
  };

  Deno.test(`${command} ends with 0 where nothing failed, with --strict where nothing was warned of either`, async () => {
    for (const strict of [[], ["--strict"]]) {
      const { exitCode, status } = await examine(passes, [check, ...strict]);
      assert.deepEqual([exitCode, status], [0, "pass"]);
    }
    if (warns === undefined) return;
    const lenient = await examine(warns, [check]);
    assert.deepEqual([lenient.exitCode, lenient.status], [0, "warn"]);
    const strict = await examine(warns, [check, "--strict"]);
    assert.deepEqual([strict.exitCode, strict.status], [1, "warn"]);
  });

  Deno.test(`${command} ends with 1 where a check failed`, async () => {
    const { exitCode, status } = await examine(fails.text, [fails.check ?? check], fails.mode);
    assert.deepEqual([exitCode, status], [1, "fail"]);
  });

  Deno.test(`${command} ends with 2 for what it does not know, and has no document then`, async () => {
    for (const wrong of [["nonsense"], [`${prefix}.nonsense`], ["--nonsense"]]) {
      for (const json of [[], ["--json"]]) {
        const { exitCode, stdout, stderr } = await end(...json, ...wrong);
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, /nonsense/);
      }
    }
    const { exitCode, stderr } = await end("--list", "--json");
    assert.equal(exitCode, 2);
    assert.match(stderr, /'--list' cannot be used with option '--json'/);
  });

  Deno.test(`${command} ends with 3 without a configuration, or with a wrong one`, async () => {
    const { exitCode, checks } = await examine(`${VALID}nonsense = 1\n`);
    assert.equal(exitCode, 3);
    assert.ok(checks.includes("config.problems"));
    for (const json of [[], ["--json"]]) {
      const missing = await end(...json, "--config", "/nowhere/vsftpd.conf");
      assert.equal(missing.exitCode, 3);
      assert.match(missing.stdout + missing.stderr, /\/nowhere\/vsftpd\.conf/);
    }
  });

  Deno.test(`${command} --list names checks, all or those with a prefix, without a configuration`, async () => {
    const ids = (stdout: string) => stdout.trim().split("\n").map((line) => line.split(" ")[0]);
    const all = await end("--list", "--config", "/nowhere/vsftpd.conf");
    assert.deepEqual([all.exitCode, all.stderr], [0, ""]);
    assert.deepEqual(ids(all.stdout).filter((id) => id?.startsWith(`${prefix}.`)), checks);
    const some = await end("--list", prefix);
    assert.deepEqual([some.exitCode, ids(some.stdout)], [0, checks]);
  });

  Deno.test(`${command} ${check} runs that alone, with what it needs`, async () => {
    const { checks } = await examine(passes, [check]);
    assert.deepEqual(checks, [...needs, check]);
  });
}

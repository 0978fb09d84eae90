import assert from "node:assert/strict";
import { run } from "../../src/cli/program.ts";
import { Gateway } from "../ftp/gateway.ts";
import { configurationFile, VALID } from "./configuration_file.ts";
import { FakeTerminal } from "./fake_terminal.ts";

interface Outcome {
  readonly check: string;
  readonly status: string;
  readonly summary: string;
  readonly remedy: { readonly text: string } | null;
}

/** Runs `cosftp doctor ARGS --json`. */
async function examine(args: readonly string[], terminal: FakeTerminal) {
  const exitCode = await run(["doctor", "--json", ...args], terminal);
  const findings: Outcome[] = JSON.parse(terminal.stdout).findings;
  return { exitCode, findings, of: (check: string) => findings.find((it) => it.check === check)! };
}

function targetOf({ address: { hostname, port } }: Gateway, user = "alice"): string {
  return `ftp://${user}@${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

for (
  const [what, terminal] of [
    ["the environment", new FakeTerminal({ COSFTP_PASSWORD: "secret" })],
    ["stdin", new FakeTerminal({}, { text: "secret\n", isTerminal: false })],
    ["the keyboard, unseen", new FakeTerminal({}, { text: "secret\r", isTerminal: true })],
  ] as const
) {
  Deno.test(`doctor --target takes the password from ${what}`, async () => {
    await using gateway = await Gateway.start();
    const { exitCode, of } = await examine(["--target", targetOf(gateway)], terminal);
    assert.equal(of("target.login").status, "pass");
    assert.equal(of("target.list").status, "pass");
    assert.equal(exitCode, 0);
  });
}

for (const hostname of ["127.0.0.1", "::1"]) {
  Deno.test(`doctor --target --write on a healthy gateway at ${hostname} complains of nothing but clear text`, async () => {
    await using gateway = await Gateway.start({ hostname });
    const terminal = new FakeTerminal({ COSFTP_PASSWORD: "secret" });
    const { findings, of } = await examine(["--write", "--target", targetOf(gateway)], terminal);
    const worse = findings.filter(({ status }) => status !== "pass").map(({ check }) => check);
    // Tests run without FFI, which ICMP needs.
    assert.deepEqual(worse, ["target.icmp", "target.mtu", "target.tls"]);
    assert.match(of("target.icmp").remedy!.text, /--allow-ffi/);
    assert.deepEqual(await gateway.keys(), [], "the canary is gone");
  });
}

Deno.test("doctor --target --write names the file where the account may not delete it", async () => {
  await using gateway = await Gateway.start({ deleteEnable: false });
  const terminal = new FakeTerminal({ COSFTP_PASSWORD: "secret" });
  const { exitCode, of } = await examine(["--write", "--target", targetOf(gateway)], terminal);
  assert.equal(exitCode, 1);
  const [left] = await gateway.keys();
  assert.equal(
    of("target.write").summary,
    `${left} may be left on the server: DELE was answered with 550 The account is not permitted to do this`,
  );
  assert.match(of("target.write").remedy!.text, /^Delete it/);
});

Deno.test("doctor --target --write deletes the file also when it is interrupted", async () => {
  for (const operation of ["GetObject", "DeleteObject"] as const) {
    await using gateway = await Gateway.start();
    const { faults, traffic } = gateway.emulator;
    using _fault = faults.add({ operation: "GetObject", fault: { kind: "timeout" } });
    using _denial = operation === "DeleteObject" && faults.add({
          operation,
          fault: { kind: "error", code: "AccessDenied", status: 403 },
        }) || undefined;
    const terminal = new FakeTerminal({ COSFTP_PASSWORD: "secret" });
    const examining = examine(["--write", "--target", targetOf(gateway)], terminal);
    await traffic.begun("GetObject");
    terminal.interrupt();
    const { exitCode, of } = await examining;
    assert.equal(exitCode, 1);
    const [left] = await gateway.keys();
    const { status, summary } = of("target.write");
    if (operation === "GetObject") assert.deepEqual([status, left], ["skip", undefined]);
    else assert.match(summary, new RegExp(`^${left} may be left on the server: DELE was answered`));
  }
});

Deno.test("doctor --target with a wrong password says so, and tries nothing that needs a login", async () => {
  await using gateway = await Gateway.start();
  const terminal = new FakeTerminal({ COSFTP_PASSWORD: "wrong" });
  const { exitCode, of } = await examine(["--target", targetOf(gateway)], terminal);
  assert.equal(exitCode, 1);
  assert.equal(of("target.login").summary, "The login was refused: 530 Login incorrect");
  assert.equal(of("target.data").status, "skip");
});

Deno.test("doctor --target runs the checks that are named, with what they need", async () => {
  await using gateway = await Gateway.start();
  const terminal = new FakeTerminal({ COSFTP_PASSWORD: "secret" });
  const { findings } = await examine(["target.pwd", "--target", targetOf(gateway)], terminal);
  assert.deepEqual(findings.map(({ check }) => check), [
    "target.dns",
    "target.tcp",
    "target.greeting",
    "target.tls",
    "target.login",
    "target.pwd",
  ]);
});

Deno.test("doctor --target of something that is no FTP server says what it is", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const conn of listener) {
      await conn.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9.2\r\n")).catch(() => {});
      conn.close();
    }
  })();
  const terminal = new FakeTerminal({ COSFTP_PASSWORD: "secret" });
  const target = `ftp://alice@127.0.0.1:${listener.addr.port}`;
  const { of } = await examine(["target.greeting", "--target", target], terminal);
  assert.match(of("target.greeting").summary, /does not speak FTP: "SSH-2\.0-OpenSSH_9\.2"/);
  listener.close();
  await accepting;
});

for (
  const args of [
    ["--target", "ftp://alice:secret@127.0.0.1"],
    ["--target", "http://alice@127.0.0.1"],
    ["--target", "ftp://"],
    ["--probe", "a@b"],
    ["--probe", "127.0.0.1", "--target", "ftp://alice@127.0.0.1"],
    ["--listen-probe", "--probe", "127.0.0.1"],
    ["nonsense", "--target", "ftp://127.0.0.1"],
    ["--write"],
    ["--write", "--probe", "127.0.0.1"],
    ["--plain"],
    ["--ca", "ca.pem"],
    ["--passive-ports", "60000-60999"],
    ["--config", "vsftpd.conf", "--target", "ftp://127.0.0.1"],
    ["--lenient", "--probe", "127.0.0.1"],
    ["--plain", "--target", "ftps://127.0.0.1"],
    ["--plain", "--ca", "ca.pem", "--target", "ftp://127.0.0.1"],
    ["--listen-probe", "--passive-ports", "60000-60999", "--lenient"],
    ["--list", "--json"],
    ["--list", "--strict"],
    ["--listen-probe", "--json"],
    ["--listen-probe", "--list"],
    ["--listen-probe", "--strict"],
    ["--listen-probe", "probe.ports"],
    ["--target", "ftp://127.0.0.1", "--ca", "/nowhere/ca.pem"],
  ]
) {
  Deno.test(`doctor ${args.join(" ")} is wrong usage`, async () => {
    const terminal = new FakeTerminal();
    assert.equal(await run(["doctor", ...args], terminal), 2);
    assert.equal(terminal.stdout, "");
    assert.match(terminal.stderr, /annot|Wanted/);
    assert.doesNotMatch(terminal.stderr, /secret/);
  });
}

Deno.test("doctor --ca says what keeps a file from being one of certificates", async () => {
  await using text = await configurationFile("no certificate\n");
  const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await using broken = await configurationFile(damaged);
  for (
    const [path, message] of [
      ["/nowhere/ca.pem", "Cannot read --ca /nowhere/ca.pem: no such file or directory"],
      ["/", "Cannot read --ca /: is a directory"],
      [
        text.path,
        `Cannot use --ca ${text.path}: found no certificate, wanted PEM with -----BEGIN CERTIFICATE-----`,
      ],
      [
        broken.path,
        `Cannot use --ca ${broken.path}: found a damaged certificate, wanted PEM as it was issued`,
      ],
    ] as const
  ) {
    const terminal = new FakeTerminal({ COSFTP_PASSWORD: "secret" });
    assert.equal(await run(["doctor", "--target", "ftp://a@127.0.0.1", "--ca", path], terminal), 2);
    assert.equal(terminal.stderr, `cosftp doctor: ${message}\n`);
  }
});

Deno.test("doctor --target says that it is the password that is empty", async () => {
  const terminal = new FakeTerminal({}, { text: "", isTerminal: false });
  assert.equal(await run(["doctor", "--target", "ftp://alice@127.0.0.1"], terminal), 2);
  assert.equal(terminal.stderr, "cosftp doctor: Cannot use the password of alice: it is empty\n");
});

Deno.test("doctor without a configuration ends as serve would", async () => {
  const terminal = new FakeTerminal();
  assert.equal(await run(["doctor", "--config", "/nowhere/vsftpd.conf"], terminal), 3);
  assert.match(terminal.stderr, /\/nowhere\/vsftpd\.conf/);
});

Deno.test("doctor --json gives a document also where the configuration cannot be used", async () => {
  const terminal = new FakeTerminal();
  const { exitCode, findings } = await examine(["--config", "/nowhere/vsftpd.conf"], terminal);
  assert.deepEqual([exitCode, terminal.stderr], [3, ""]);
  assert.deepEqual(findings.map(({ check, status }) => [check, status]), [
    ["config.problems", "fail"],
  ]);
});

Deno.test("doctor on the server says what it cannot look at, and how it could", async () => {
  await using file = await configurationFile(VALID);
  const terminal = new FakeTerminal();
  const checks = ["firewall", "server.files", "server.masquerade", "server.ipv6"];
  const { of } = await examine(["--config", file.path, ...checks], terminal);
  assert.equal(of("server.files").status, "skip");
  assert.match(of("server.files").summary, /^The limit cannot be asked for/);
  assert.equal(of("server.ipv6").status, "pass");
});

Deno.test("doctor --list names the checks of all sides, or of the one that is asked for", async () => {
  const all = new FakeTerminal();
  assert.equal(await run(["doctor", "--list"], all), 0);
  assert.match(all.stdout, /^server\.masquerade +online /m);
  assert.match(all.stdout, /^target\.pasv +online /m);
  assert.match(all.stdout, /^probe\.ports +online /m);
  const some = new FakeTerminal();
  assert.equal(await run(["doctor", "--list", "target.write"], some), 0);
  assert.match(some.stdout, /^target\.write +write /m);
  assert.doesNotMatch(some.stdout, /^server/m);
  const there = new FakeTerminal();
  assert.equal(await run(["doctor", "--list", "--target", "ftp://127.0.0.1"], there), 0);
  assert.match(there.stdout, /^target\.write +write /m);
  assert.doesNotMatch(there.stdout, /^(server|probe)/m);
});

Deno.test("doctor says with which option a check of another side can be run", async () => {
  for (
    const [args, message] of [
      [["target.pasv"], 'Cannot select "target.pasv": wanted --target with it'],
      [["probe"], 'Cannot select "probe": wanted --probe with it'],
      [
        ["server", "--target", "ftp://127.0.0.1"],
        'Cannot select "server": wanted no --target with it',
      ],
      [["nonsense"], 'Cannot select "nonsense": no check has this id or prefix, see --list'],
    ] as const
  ) {
    const terminal = new FakeTerminal();
    assert.equal(await run(["doctor", ...args], terminal), 2);
    assert.deepEqual([terminal.stdout, terminal.stderr], ["", `cosftp doctor: ${message}\n`]);
  }
});

Deno.test("doctor --listen-probe holds ports that --probe finds, and ends by Ctrl-C", async () => {
  const ports = "24000-24031";
  const { promise: isHolding, resolve } = Promise.withResolvers<void>();
  const server = new class extends FakeTerminal {
    override out(text: string): void {
      super.out(text);
      if (text.startsWith("Holding")) resolve();
    }
  }();
  const holding = run(["doctor", "--listen-probe", "--passive-ports", ports], server);
  await isHolding;
  const client = new FakeTerminal();
  const args = ["doctor", "--probe", "127.0.0.1", "--passive-ports", ports];
  assert.equal(await run(args, client), 0, client.stdout);
  assert.match(client.stdout, /^24000 [#-]+$/m);
  assert.match(client.stdout, /pass {2}probe\.ports +All \d+ can be reached: 24000-24031$/m);
  server.interrupt();
  assert.equal(await holding, 0);
  assert.match(server.stdout, /^\d+ ports were reached\.$/m);
});

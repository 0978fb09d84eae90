import assert from "node:assert/strict";
import { Command } from "commander";
import { ExitCode } from "../../src/cli/exit_code.ts";
import { addServe, serve, type ServeOptions } from "../../src/cli/serve.ts";
import type { Config } from "../../src/config/config.ts";
import { configurationFile, VALID } from "./configuration_file.ts";
import { FakeTerminal } from "./fake_terminal.ts";

/** What the command line comes to, as options. */
async function parse(...args: string[]): Promise<ServeOptions> {
  const program = new Command("cosftp").exitOverride();
  const given: ServeOptions[] = [];
  addServe(program, (options) => Promise.resolve(void given.push(options)));
  await program.parseAsync(["serve", ...args], { from: "user" });
  return given[0]!;
}

class StartError extends Error {
  override readonly name = "StartError";
}

const COS = { endpoint: "127.0.0.1:9000", secretId: "AKIDdemo", secretKey: "a-demo-key" };

/** Serves with an application that only notes what it was asked for, or fails with `failure`. */
async function serveWith(
  options: ServeOptions,
  { env = {}, failure }: { env?: Record<string, string>; failure?: Error } = {},
) {
  const terminal = new FakeTerminal(env);
  const started: { config?: Config; dir?: string; tls?: boolean } = {};
  const exitCode = await serve(options, {
    terminal,
    loadApp: () =>
      Promise.resolve({
        StartError,
        serve({ config }) {
          started.config = config;
          return failure ? Promise.reject(failure) : Promise.resolve();
        },
        serveDemo({ configure, dir, tls, onReady }) {
          started.tls = tls;
          started.config = configure(COS);
          started.dir = dir;
          onReady({ hostname: "127.0.0.1", port: 2121 });
          return Promise.resolve();
        },
      }),
  });
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr, ...started };
}

Deno.test("serve reads its flags into options", async () => {
  assert.deepEqual(await parse(), {});
  assert.deepEqual(
    await parse(
      ...["--config", "f", "--lenient", "--listen", "[::]:21"],
      ...["--passive-ports", "40000-40010", "--log-level", "debug"],
    ),
    {
      config: "f",
      lenient: true,
      listen: { hostname: "::", port: 21 },
      passivePorts: { first: 40_000, last: 40_010 },
      logLevel: "DEBUG",
    },
  );
  assert.deepEqual(await parse("--demo-dir", "d"), { demo: true, demoDir: "d" });
});

Deno.test("serve starts with the configuration, over which flags win", async () => {
  await using file = await configurationFile(VALID);
  const plain = await serveWith({ config: file.path });
  assert.equal(plain.exitCode, ExitCode.ok);
  assert.deepEqual([plain.stdout, plain.stderr], ["", `Read ${file.path}: no problems\n`]);
  assert.deepEqual([plain.config!.network.listenPort, plain.config!.log.level], [2100, "INFO"]);

  const { config } = await serveWith({
    config: file.path,
    listen: { hostname: "::1", port: 0 },
    passivePorts: { first: 40_000, last: 40_010 },
    logLevel: "ERROR",
  }, { env: { COSFTP_NETWORK_LISTEN_PORT: "99", COSFTP_OPTIONAL_LOG_LEVEL: "DEBUG" } });
  assert.equal(config!.network.listenAddress, "::1");
  assert.equal(config!.network.listenPort, 0);
  assert.deepEqual(config!.network.passivePorts, { first: 40_000, last: 40_010 });
  assert.equal(config!.log.level, "ERROR");
});

Deno.test("serve refuses to start on what validate calls an error, and shows everything", async () => {
  await using file = await configurationFile(`${VALID}listn_port = 1\n[OPTIONAL]\nlog_level = x\n`);
  const refused = await serveWith({ config: file.path });
  assert.deepEqual([refused.exitCode, refused.config], [ExitCode.configuration, undefined]);
  assert.match(refused.stderr, /:10:1: error: .*listn_port: unknown/);
  assert.match(refused.stderr, /:12:13: error: .*log_level: found "x", wanted DEBUG/);
  assert.match(refused.stderr, /: 2 errors\n$/);
});

Deno.test("serve starts in spite of warnings and notes, and shows them", async () => {
  await using file = await configurationFile(
    `${VALID}listn_port = 1\n[OPTIONAL]\nconfig_check_enable = true\n`,
  );
  const { exitCode, stderr, config } = await serveWith({ config: file.path, lenient: true });
  assert.equal(exitCode, ExitCode.ok);
  assert.ok(config);
  assert.match(stderr, /warning: .*listn_port[^]*note: .*config_check_enable/);
});

Deno.test("serve that cannot start says why in one line and ends with 1", async () => {
  await using file = await configurationFile(VALID);
  const failure = new StartError("Cannot listen on 0.0.0.0:2100: the port is taken");
  const { exitCode, stderr } = await serveWith({ config: file.path }, { failure });
  assert.equal(exitCode, ExitCode.failed);
  assert.match(stderr, /\ncosftp serve: Cannot listen on 0\.0\.0\.0:2100: the port is taken\n$/);
  const bug = new TypeError("x is undefined");
  await assert.rejects(serveWith({ config: file.path }, { failure: bug }), bug);
});

Deno.test("serve --demo needs no configuration and stays on this machine", async () => {
  const env = { COSFTP_NETWORK_FOO: "x", COSFTP_CONFIG: "/nowhere" };
  const { exitCode, stdout, stderr, config, dir } = await serveWith({ demo: true }, { env });
  assert.deepEqual([exitCode, stderr, dir], [ExitCode.ok, "", undefined]);
  assert.deepEqual([config!.network.listenAddress, config!.network.listenPort], [
    "127.0.0.1",
    2121,
  ]);
  assert.deepEqual(config!.network.passivePorts, { first: 60_000, last: 65_535 });
  assert.deepEqual([config!.log.level, config!.log.toFile], ["INFO", false]);
  const { users, endpoint, protocol, credentials } = config!.accounts[0]!;
  assert.deepEqual([users, protocol], [[{ name: "demo", password: "demo" }], "http"]);
  const { endpoint: wanted, ...keys } = COS;
  assert.equal(endpoint, wanted);
  assert.deepEqual(credentials, { from: "configuration", ...keys, token: undefined });
  assert.match(stdout, /FTP on 127\.0\.0\.1:2121, account demo, password demo/);
  for (const line of ["curl -T", "lftp -u demo,demo", "ftp 127.0.0.1 2121", "FileZilla: host"]) {
    assert.ok(stdout.includes(line), line);
  }
});

Deno.test("serve --demo --tls offers FTPS and says how clients get it", async () => {
  assert.deepEqual(await parse("--tls"), { demo: true, tls: true });
  assert.equal((await serveWith({ demo: true })).tls, false);
  const { tls, stdout } = await serveWith({ demo: true, tls: true });
  assert.equal(tls, true);
  assert.match(stdout, /FTP and FTPS on 127\.0\.0\.1:2121/);
  for (const line of ["curl -k --ssl-reqd -T", "set ftp:ssl-force yes", "explicit FTP over TLS"]) {
    assert.ok(stdout.includes(line), line);
  }
});

Deno.test("serve --demo takes addresses, log level and directory from its flags", async () => {
  const { config, dir } = await serveWith({
    demo: true,
    demoDir: "d",
    listen: { hostname: "0.0.0.0", port: 0 },
    passivePorts: { first: 40_000, last: 40_010 },
    logLevel: "DEBUG",
  });
  assert.equal(dir, "d");
  assert.deepEqual([config!.network.listenAddress, config!.network.listenPort], ["0.0.0.0", 0]);
  assert.deepEqual(config!.network.passivePorts, { first: 40_000, last: 40_010 });
  assert.equal(config!.log.level, "DEBUG");
});

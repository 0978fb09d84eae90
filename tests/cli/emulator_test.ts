import assert from "node:assert/strict";
import { Command } from "commander";
import { addEmulator, emulator, type EmulatorOptions } from "../../src/cli/emulator.ts";
import { ExitCode } from "../../src/cli/exit_code.ts";
import { configurationFile } from "./configuration_file.ts";
import { FakeTerminal } from "./fake_terminal.ts";

/** What the command line comes to, as options. */
async function parse(...args: string[]): Promise<EmulatorOptions> {
  const program = new Command("cosftp").exitOverride();
  const given: EmulatorOptions[] = [];
  addEmulator(program, (options) => Promise.resolve(void given.push(options)));
  await program.parseAsync(["emulator", ...args], { from: "user" });
  return given[0]!;
}

class StartError extends Error {
  override readonly name = "StartError";
}

/** Runs an emulator that only notes what it was asked for, or fails with `failure`. */
async function emulateWith(options: EmulatorOptions, failure?: Error) {
  const terminal = new FakeTerminal();
  const started: unknown[] = [];
  const exitCode = await emulator(options, {
    terminal,
    loadApp: () =>
      Promise.resolve({
        StartError,
        runEmulator({ surroundings: _, onReady, ...options }) {
          if (failure) return Promise.reject(failure);
          started.push(options);
          onReady({ hostname: "127.0.0.1", port: 9001 });
          return Promise.resolve();
        },
      }),
  });
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr, started };
}

Deno.test("emulator listens on this machine with the sample bucket and well-known keys", async () => {
  const { exitCode, stdout, started } = await emulateWith(await parse());
  assert.equal(exitCode, ExitCode.ok);
  assert.equal(stdout, "COS emulator: http://127.0.0.1:9001, examplebucket-1250000000\n");
  assert.deepEqual(started, [{
    listen: { hostname: "127.0.0.1", port: 9000 },
    buckets: ["examplebucket-1250000000"],
    secretId: "AKIDemulator",
    secretKey: "emulator",
    dataDir: undefined,
    latency: 0,
    logLevel: "INFO",
  }]);
});

Deno.test("emulator takes what its flags say, and the key from its file", async () => {
  await using file = await configurationFile("a-secret-key\n");
  const options = await parse(
    ...["--listen", "127.0.0.1:0", "--bucket", "a-1", "--bucket", "b-1", "--secret-id", "AKIDx"],
    ...["--secret-key-file", file.path, "--data-dir", "d", "--latency", "20"],
  );
  const { started } = await emulateWith(options);
  assert.deepEqual(started, [{
    listen: { hostname: "127.0.0.1", port: 0 },
    buckets: ["a-1", "b-1"],
    secretId: "AKIDx",
    secretKey: "a-secret-key",
    dataDir: "d",
    latency: 20,
    logLevel: "INFO",
  }]);
});

Deno.test("emulator refuses half a key and a key file that it cannot read", async () => {
  await using empty = await configurationFile("\n");
  const cases: [args: string[], message: RegExp][] = [
    [["--secret-id", "AKIDx"], /Cannot accept half a key/],
    [["--secret-key-file", empty.path], /Cannot accept half a key/],
    [["--secret-id", "AKIDx", "--secret-key-file", empty.path], /: it is empty, wanted one line/],
    [["--secret-id", "AKIDx", "--secret-key-file", "/nowhere"], /: no such file or directory/],
  ];
  for (const [args, message] of cases) {
    const { exitCode, stderr, started } = await emulateWith(await parse(...args));
    assert.deepEqual([exitCode, started], [ExitCode.usage, []]);
    assert.match(stderr, message);
  }
});

Deno.test("emulator that cannot start says why in one line and ends with 1", async () => {
  const failure = new StartError("Cannot listen on 127.0.0.1:9000: the port is taken");
  const { exitCode, stderr } = await emulateWith(await parse(), failure);
  assert.deepEqual([exitCode, stderr], [
    ExitCode.failed,
    "cosftp emulator: Cannot listen on 127.0.0.1:9000: the port is taken\n",
  ]);
});

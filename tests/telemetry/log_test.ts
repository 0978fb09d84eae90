import assert from "node:assert/strict";
import { createLogger, LOG_LEVELS } from "../../src/telemetry/log.ts";
import type { LogFields, LogLevel } from "../../src/telemetry/log.ts";
import { FakeClock } from "../fake_clock.ts";

function capture(level: LogLevel = "DEBUG") {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ level, sinks: [sink], clock: new FakeClock() }) };
}

function lineOf(message: string, fields?: LogFields): string {
  const { lines, logger } = capture();
  logger.info(message, fields);
  assert.equal(lines.length, 1);
  return lines[0]!;
}

Deno.test("Logger writes time, level, message and fields on one line", () => {
  assert.equal(
    lineOf("Upload stored", { session: 7, bytes: 9007199254740993n, whole: true, path: "/a.txt" }),
    "2026-01-15T12:00:00.000Z INFO Upload stored session=7 bytes=9007199254740993 whole=true path=/a.txt\n",
  );
});

for (const [index, level] of LOG_LEVELS.entries()) {
  Deno.test(`Logger of level ${level} drops what is less important`, () => {
    const { lines, logger } = capture(level);
    logger.debug("x");
    logger.info("x");
    logger.warning("x");
    logger.error("x");
    logger.critical("x");
    assert.deepEqual(lines.map((line) => line.split(" ")[1]), LOG_LEVELS.slice(index));
  });
}

Deno.test("Logger made by with adds its fields to every line and keeps the level", () => {
  const { lines, logger } = capture("INFO");
  const session = logger.with({ session: 7 }).with({ account: "a b", gone: undefined });
  session.info("In", { verb: "PWD" });
  session.error("Out");
  session.debug("Dropped");
  logger.info("Other");
  assert.deepEqual(lines.map((line) => line.slice(25)), [
    'INFO In session=7 account="a b" verb=PWD\n',
    'ERROR Out session=7 account="a b"\n',
    "INFO Other\n",
  ]);
});

Deno.test("Logger leaves undefined fields out", () => {
  assert.match(lineOf("In", { account: undefined, session: 1 }), /INFO In session=1\n$/);
});

Deno.test("Logger quotes values that would break the line apart, as JSON strings", () => {
  const values = [
    "two words",
    "",
    'say "hi"',
    '"quoted"',
    "back\\slash",
    "a=b",
    "tab\there",
    "文件 名.txt",
    "😀",
    "\r\n2026-01-15T12:00:00.000Z CRITICAL forged",
    "\x1b[31mred\x07",
    "\x7f\x85\x9b",
    "\u2028\u2029",
    "\u202egnp.exe",
    "\u{e0041}",
    "lone \ud800 surrogate",
  ];
  for (const value of values) {
    const line = lineOf("Named", { path: value, after: 1 });
    const match = /^\S+ INFO Named path=(".*") after=1\n$/.exec(line);
    assert.ok(match, JSON.stringify(line));
    assert.equal(JSON.parse(match[1]!), value);
    assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  }
});

Deno.test("Logger writes plain values without quotes", () => {
  for (const value of ["/a/b.txt", "192.0.2.1:21", "[::1]:21", "NoSuchKey", "a,b;c'd#e%20"]) {
    assert.ok(lineOf("Named", { value }).endsWith(` value=${value}\n`), value);
  }
});

Deno.test("Logger escapes what could end the line or steer a terminal in a message", () => {
  assert.ok(lineOf("a\r\nb\x1b[0m\u2028").endsWith("INFO a\\u000d\\u000ab\\u001b[0m\\u2028\n"));
});

Deno.test("Logger lets no message pass for fields", () => {
  const line = lineOf("STOR /x peer=192.0.2.1 session=7: done", { bytes: 1 });
  assert.deepEqual([...line.matchAll(/(\w+)=/g)].map(([, name]) => name), ["bytes"]);
});

Deno.test("Logger cuts what is longer than anything it should write", () => {
  const line = lineOf("m".repeat(10_000), { value: "\n".repeat(100_000) });
  assert.ok(line.includes(`${"m".repeat(4096)}... (10000 characters)`));
  assert.ok(line.endsWith('\\n... (100000 characters)"\n'), line.slice(-60));
});

Deno.test("Logger never writes fields that are named like secrets", () => {
  const names = [
    "password",
    "ftp_login_user_password",
    "secretKey",
    "cos_secretkey",
    "secret_key",
    "secret-key",
    "token",
    "x-cos-security-token",
    "Authorization",
    "proxyAuthorization",
  ];
  const { lines, logger } = capture();
  for (const name of names) {
    logger.info("Set", { [name]: "hunter2" });
    logger.with({ [name]: "hunter2" }).info("Set");
    assert.equal(lines.at(-2), lines.at(-1));
    assert.ok(lines.at(-1)!.endsWith(` ${name}=<redacted>\n`), lines.at(-1));
  }
  assert.ok(lineOf("Set", { secretId: "AKID" }).includes("secretId=AKID"));
});

Deno.test("Logger writes to every sink although one of them throws", () => {
  const lines: string[] = [];
  const broken = {
    write() {
      throw new Deno.errors.BrokenPipe("nobody reads stderr");
    },
  };
  const sinks = [broken, { write: (line: string) => void lines.push(line) }, broken];
  createLogger({ level: "INFO", sinks, clock: new FakeClock() }).info("Still here");
  assert.deepEqual(lines, ["2026-01-15T12:00:00.000Z INFO Still here\n"]);
});

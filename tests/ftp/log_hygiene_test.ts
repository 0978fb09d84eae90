import assert from "node:assert/strict";
import { StoreError } from "../../src/store/object_store.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { FakeClock } from "../fake_clock.ts";
import { Gateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway_options.ts";

/** What a line is to be: a time, a level, and not a character that ends a line or steers a terminal. */
const LINE =
  /^2026-01-15T12:00:00\.000Z (?:DEBUG|INFO|WARNING|ERROR) [^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+\n$/u;

const FORGED = "2026-01-15T12:00:00.000Z CRITICAL forged";

/** A gateway, and what its log file would hold. */
async function startLogged(
  options: GatewayOptions = {},
): Promise<{ gateway: Gateway; lines: string[] }> {
  const lines: string[] = [];
  const log = createLogger({
    level: "DEBUG",
    sinks: [{ write: (line) => void lines.push(line) }],
    clock: new FakeClock(),
  });
  return { gateway: await Gateway.start({ log, ...options }), lines };
}

const HOSTILE = [
  `a\r${FORGED}`,
  "a\x1b]0;owned\x07\x1b[2J",
  "a\x7f\x08\x08\x08",
  "a\u2028b\u2029c\u0085d",
  "\u202egnp.exe",
  "a peer=192.0.2.1 account=root: done",
  "\xff\xf4\xf2",
  "%0d%0a%1b",
  '"; peer="192.0.2.1',
];

Deno.test("log stays a line a record, whatever names clients send", async () => {
  const { gateway, lines } = await startLogged();
  await using _gateway = gateway;
  for (const name of HOSTILE) {
    using peer = await gateway.connect();
    await peer.command(`USER ${name}`);
    await peer.command(`PASS hunter2 ${name}`);
    await peer.command(`pass\thunter2 ${name}`);
    await peer.command(`X${name}`);
    await peer.logIn();
    for (const verb of ["CWD", "MKD", "DELE", "RNFR", "RETR", "SITE", "OPTS"]) {
      await peer.command(`${verb} ${name}`);
    }
    await peer.command("QUIT");
  }
  assert.ok(lines.length > HOSTILE.length * 10);
  for (const line of lines) {
    assert.match(line, LINE);
    assert.ok(!/hunter2/i.test(line), line);
    // What stands outside of quotes names the client that it was.
    const peers = [...line.replace(/"(?:[^"\\]|\\.)*"/g, "").matchAll(/ peer=(\S+)/g)];
    assert.deepEqual(peers.map(([, peer]) => peer), ["127.0.0.1"], line);
  }
});

Deno.test("log stays a line a record, whatever COS answers", async () => {
  const { gateway, lines } = await startLogged({
    credentials: () =>
      Promise.reject(
        new StoreError(`Cannot look up a: Denied\r\n${FORGED}\u2028\x1b[2J`, {
          kind: "denied",
          code: "Denied\n",
          requestId: `x\r\n${FORGED}`,
        }),
      ),
  });
  await using _gateway = gateway;
  using peer = await gateway.logIn();
  await peer.ask("SIZE a", 451);
  const refused = lines.filter((line) => line.includes("COS refused or failed"));
  assert.equal(refused.length, 1);
  for (const line of lines) assert.match(line, LINE);
});

Deno.test("names with control characters are refused, and nothing is stored", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const controls = [1, 8, 9, 12, 27, 31, 127, 0x80, 0x9b].map((code) => String.fromCharCode(code));
  for (const control of controls) {
    await peer.ask(`MKD a${control}b`, 553);
    await peer.ask(`RNFR a${control}b`, 553);
    using _data = await peer.openData();
    await peer.ask(`STOR a${control}b`, 553);
  }
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("a PASS that a blank, a tab or noise has made another word does not show the password", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  for (const begin of [" PASS ", "\tPASS ", "PA\0SS ", "\ufeffPASS ", "PASSWORD ", "hunter2 "]) {
    await peer.ask("USER alice", 331);
    await peer.command(`${begin}hunter2`);
  }
  const told = gateway.log.lines.filter((line) => /hunter2/i.test(JSON.stringify(line)));
  assert.deepEqual(told, []);
});

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Operation } from "../../src/emulator/api/call.ts";
import { FakeClock } from "../fake_clock.ts";
import { Gateway, PART_SIZE } from "../ftp/gateway.ts";
import type { Column } from "./columns.ts";
import { ForeignUpload, sweepAll } from "./leavings.ts";
import type { Files, Outcome, Scenario } from "./scenarios.ts";

/** After which whoever waits for COS has given up. Milliseconds. */
const TIMEOUTS = { request: 10 * 60_000, record: 5_000 };

/** One field of the matrix: an operation goes wrong in a certain way while a client does something. */
export interface Cell {
  readonly scenario: Scenario;
  readonly operation: Operation;
  readonly column: Column;
  /** How often it goes wrong. */
  readonly times: "once" | "always";
}

/**
 * Plays a cell on a gateway of its own.
 *
 * @returns the last reply's code, the name of the state that the bucket is in, and the mark of {@linkcode sweepAll}: `451 old*`.
 * @throws when the gateway lied, left what no sweep removes, or touched another one's upload.
 */
export async function play(cell: Cell): Promise<string> {
  const { scenario, operation, column, times } = cell;
  const httpClock = new FakeClock();
  await using gateway = await Gateway.start({
    httpClock,
    contentMd5: true,
    copyMax: 1.5 * PART_SIZE,
    interrupted: "resume",
  });
  for (const [key, content] of Object.entries(scenario.before)) await gateway.put(key, content);
  await using foreign = await ForeignUpload.begin(gateway);
  await scenario.past?.(gateway);
  using peer = await gateway.logIn();
  const { faults, traffic } = gateway.emulator;
  const { begun } = traffic.count(operation);
  for (const rule of scenario.given ?? []) faults.add(rule);
  const { fault } = column;
  const { key } = scenario;
  faults.add({ operation, key, fault, times: times === "once" ? 1 : undefined });
  const done = scenario.drive(peer, gateway);
  if (fault.kind === "timeout") {
    const clock = scenario.impatient === "record" ? gateway.clock : httpClock;
    let ended = false;
    done.finally(() => ended = true).catch(() => {});
    for (let count = begun + 1; times === "always" || count === begun + 1; count++) {
      await Promise.race([traffic.begun(operation, count), done]);
      if (ended) break;
      clock.advance(TIMEOUTS[scenario.impatient ?? "request"]);
    }
  }
  const outcome = await done;
  assert.ok(traffic.count(operation).begun > begun, `${operation} was not needed`);
  faults.clear();
  await peer.ask("NOOP", 200);
  const mark = await sweepAll(gateway, foreign);
  const state = judge(scenario, outcome, await filesOf(gateway));
  return `${outcome.code ?? ""} ${state}${mark}`.trim();
}

/** All objects of the bucket. */
async function filesOf(gateway: Gateway): Promise<Files> {
  const files: Record<string, Uint8Array> = {};
  for (const key of await gateway.keys()) files[key] = (await gateway.get(key))!;
  return files;
}

/**
 * Compares what the client was told with what there is. What the matrix expects does not count here.
 *
 * @returns the name of the state.
 * @throws AssertionError for a lie: a reply that claims what is not so, or files that are neither the old nor the new ones.
 */
function judge(scenario: Scenario, { code, received }: Outcome, found: Files): string {
  const { states, claimed, content } = scenario;
  const state = Object.keys(states).find((name) => areEqual(states[name]!, found));
  assert.ok(state, `the bucket holds ${JSON.stringify(sizes(found))}`);
  assert.ok(code === undefined || code >= 200 && code < 600, `the last reply is ${code}`);
  if (code === undefined || code < 300) {
    assert.equal(state, claimed, `${code} claims what is not so`);
    if (content) assert.ok(received && sameBytes(received, content), `${code} after other bytes`);
  }
  if (code !== undefined && code >= 500) {
    assert.ok(areEqual(scenario.before, found), `${code} says for good that nothing was done`);
  }
  if (content && received && received.length >= content.length) {
    assert.ok(sameBytes(received, content), "a damaged file was sent to its end");
  }
  return state;
}

function areEqual(a: Files, b: Files): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => key in b && sameBytes(a[key]!, b[key]!));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(b);
}

function sizes(files: Files): Record<string, number> {
  return Object.fromEntries(Object.entries(files).map(([key, { length }]) => [key, length]));
}

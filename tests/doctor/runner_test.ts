import assert from "node:assert/strict";
import { sleep } from "../../src/clock.ts";
import type { Check, Finding } from "../../src/doctor/check.ts";
import { type Progress, runChecks, type RunOptions } from "../../src/doctor/runner.ts";
import { FakeClock } from "../fake_clock.ts";
import { FAIL, madeCheck, PASS } from "./made_check.ts";

function start(
  checks: readonly Check<undefined>[],
  options: Partial<RunOptions<undefined>> & { names?: readonly string[] } = {},
): Promise<readonly Finding[]> {
  return runChecks({
    checks,
    subjects: (options.names ?? ["one"]).map((name) => ({ name, subject: undefined })),
    modes: ["offline", "online"],
    clock: new FakeClock(),
    signal: new AbortController().signal,
    ...options,
  });
}

function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ check, target, status, summary }) =>
    `${target} ${check} ${status}: ${summary}`
  );
}

/** Lets everything that can go on do so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("checks run at once and their findings come by subject, in the order of the checks", async () => {
  const gates = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
  const begun: string[] = [];
  const run = (id: "a" | "b") =>
    madeCheck({
      id,
      run: async () => {
        begun.push(id);
        await gates[id].promise;
        return [PASS, { ...PASS, target: "thing" }];
      },
    });
  const findings = start([run("a"), run("b")], { names: ["one", "two"] });
  await settled();
  assert.deepEqual(begun, ["a", "b", "a", "b"]);
  gates.b.resolve();
  await settled();
  gates.a.resolve();
  assert.deepEqual((await findings).map(({ check, target }) => `${check} ${target}`), [
    ...["a one", "a thing", "b one", "b thing"],
    ...["a two", "a thing", "b two", "b thing"],
  ]);
});

Deno.test("no more checks run at once than the bound", async () => {
  let running = 0;
  let most = 0;
  const clock = new FakeClock();
  const checks = ["a", "b", "c", "d", "e"].map((id) =>
    madeCheck({
      id,
      run: async (_, { signal }) => {
        most = Math.max(most, ++running);
        await sleep(clock, 1_000, signal);
        running--;
        return [PASS];
      },
    })
  );
  const findings = start(checks, { clock, concurrency: 2 });
  for (let second = 0; second < 3; second++) {
    await settled();
    clock.advance(1_000);
  }
  assert.equal((await findings).length, 5);
  assert.equal(most, 2);
  assert.deepEqual((await findings).map(({ durationMs }) => durationMs), Array(5).fill(1_000));
  assert.equal(clock.pending, 0);
});

Deno.test("a check is skipped when what it needs failed or was skipped, and only for that subject", async () => {
  const checks = [
    madeCheck<string>({ id: "a", run: (name) => [name === "bad" ? FAIL : PASS] }),
    madeCheck<string>({ id: "b", needs: ["a"] }),
    madeCheck<string>({ id: "c", needs: ["b"] }),
  ];
  const findings = await runChecks({
    checks,
    subjects: ["bad", "good"].map((name) => ({ name, subject: name })),
    modes: ["offline"],
    clock: new FakeClock(),
    signal: new AbortController().signal,
  });
  assert.deepEqual(brief(findings), [
    "bad a fail: Nothing is well",
    "bad b skip: Not tried: it needs a",
    "bad c skip: Not tried: it needs a",
    "good a pass: All is well",
    "good b pass: All is well",
    "good c pass: All is well",
  ]);
  assert.deepEqual(findings[2]!.data, { failed: "a" });
});

Deno.test("a warning keeps nobody from going on, and what a needed check found can be used", async () => {
  const warning = { ...FAIL, status: "warn", data: { port: 7 } } as const;
  let seen: unknown;
  const findings = await start([
    madeCheck({ id: "a", run: () => [warning] }),
    madeCheck({
      id: "b",
      needs: ["a"],
      run: (_, { found }) => {
        seen = found("a").map(({ data }) => data);
        assert.throws(() => found("c"), RangeError);
        return [PASS];
      },
    }),
  ]);
  assert.deepEqual(findings.map(({ status }) => status), ["warn", "pass"]);
  assert.deepEqual(seen, [{ port: 7 }]);
});

Deno.test("a check of a mode that nobody asked for is skipped and says how to ask", async () => {
  const run = () => assert.fail("it ran");
  const [finding] = await start([madeCheck({ id: "a", mode: "write", run })]);
  assert.deepEqual(brief([finding!]), ["one a skip: Not tried: it needs --write"]);
  assert.deepEqual(finding!.remedy, { text: "Give --write to have it tried" });
});

Deno.test("a throw becomes a failure of the check itself", async () => {
  const findings = await start([
    madeCheck({
      id: "a",
      run: () => {
        throw new TypeError("x is undefined");
      },
    }),
    madeCheck({ id: "b", run: () => Promise.reject(new Error("no")) }),
    madeCheck({ id: "c" }),
  ]);
  assert.deepEqual(brief(findings), [
    "one a fail: The check itself failed: x is undefined",
    "one b fail: The check itself failed: no",
    "one c pass: All is well",
  ]);
  assert.match(findings[0]!.detail!, /runner_test\.ts/);
});

Deno.test("a check whose time is up is aborted and fails; the others go on", async () => {
  const clock = new FakeClock();
  const findings = start([
    madeCheck({ id: "a", timeout: 2_000, run: (_, { signal }) => never(signal) }),
    madeCheck({ id: "b", run: () => sleep(clock, 5_000).then(() => [PASS]) }),
  ], { clock });
  await settled();
  clock.advance(2_000);
  await settled();
  clock.advance(3_000);
  assert.deepEqual(brief(await findings), [
    "one a fail: No result: It took longer than 2 s",
    "one b pass: All is well",
  ]);
  assert.equal(clock.pending, 0);
});

Deno.test("a check whose time is up may clean up, and what it then says counts", async () => {
  const clock = new FakeClock();
  const cleaned = Promise.withResolvers<void>();
  const findings = start([
    madeCheck({
      id: "a",
      timeout: 2_000,
      run: async (_, { signal }) => {
        await never(signal).catch(() => {});
        await cleaned.promise;
        return [{ ...FAIL, summary: "Removed what was left" }];
      },
    }),
  ], { clock });
  await settled();
  clock.advance(2_000);
  await settled();
  clock.advance(9_000);
  cleaned.resolve();
  assert.deepEqual(brief(await findings), ["one a fail: Removed what was left"]);
});

Deno.test("a check that does not heed its signal is left behind", async () => {
  const clock = new FakeClock();
  const findings = start([
    madeCheck({ id: "a", timeout: 2_000, run: () => new Promise<never>(() => {}) }),
  ], { clock });
  await settled();
  clock.advance(2_000);
  await settled();
  clock.advance(10_000);
  assert.deepEqual(brief(await findings), ["one a fail: No result: It took longer than 2 s"]);
});

Deno.test("the time for all checks bounds the run: what has not ended failed, what has not begun is skipped", async () => {
  const clock = new FakeClock();
  const findings = start([
    madeCheck({ id: "a", run: (_, { signal }) => never(signal) }),
    madeCheck({ id: "b", run: () => assert.fail("it ran") }),
  ], { clock, totalTimeout: 3_000, concurrency: 1 });
  await settled();
  clock.advance(3_000);
  assert.deepEqual(brief(await findings), [
    "one a fail: No result: The time for all checks, 3 s, is up",
    "one b skip: Not ended: the time for all checks, 3 s, is up",
  ]);
});

Deno.test("an interruption skips what has not ended", async () => {
  const interruption = new AbortController();
  const findings = start([
    madeCheck({ id: "a" }),
    madeCheck({ id: "b", run: (_, { signal }) => never(signal) }),
  ], { signal: interruption.signal });
  await settled();
  interruption.abort();
  assert.deepEqual(brief(await findings), [
    "one a pass: All is well",
    "one b skip: Not ended: interrupted",
  ]);
});

Deno.test("progress is told when a check begins and ends", async () => {
  const told: Progress[] = [];
  await start([madeCheck({ id: "a" }), madeCheck({ id: "b", needs: ["a"] })], {
    onProgress: (progress) => told.push(progress),
  });
  assert.deepEqual(told, [
    { done: 0, total: 2, running: ["a of one"] },
    { done: 1, total: 2, running: [] },
    { done: 1, total: 2, running: ["b of one"] },
    { done: 2, total: 2, running: [] },
  ]);
});

Deno.test("a check can only need one that comes before it, and ids are unique", async () => {
  await assert.rejects(
    start([madeCheck({ id: "a", needs: ["b"] }), madeCheck({ id: "b" })]),
    new TypeError("Cannot run a: b does not come before it"),
  );
  await assert.rejects(
    start([madeCheck({ id: "a" }), madeCheck({ id: "a" })]),
    new TypeError("Cannot run a: two checks have this id"),
  );
});

/** Rejects when the signal aborts. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

import { NETWORK_CASES, playCase } from "./network_cases.ts";
import { networkTest } from "./network_test_case.ts";

/** Cases side by side: they wait for packets that never come, more than they compute. */
const AT_ONCE = 6;

networkTest(
  "doctor names what is wrong with a network; pasting what it prints mends that, and opens nothing else",
  async (t) => {
    const results = sideBySide(NETWORK_CASES.map((played) => () => playCase(played)));
    for (const [index, { name }] of NETWORK_CASES.entries()) {
      // The cases run in all steps; the test as a whole leaks nothing.
      const sanitizers = { sanitizeOps: false, sanitizeResources: false };
      await t.step({ name, ...sanitizers, fn: () => results[index]! });
    }
  },
);

/** Runs `works`, some at once, each to its end. */
function sideBySide(works: readonly (() => Promise<void>)[]): readonly Promise<void>[] {
  const results = works.map(() => Promise.withResolvers<void>());
  const queue = works.entries();
  const worker = async () => {
    for (const [index, work] of queue) {
      const { promise, resolve } = results[index]!;
      resolve(work());
      await promise.catch(() => {});
    }
  };
  for (let started = 0; started < AT_ONCE; started++) worker();
  return results.map(({ promise }) => promise);
}

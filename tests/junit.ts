/** How many tests of a report ran, and how they ended. Ignored tests count nowhere. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Counts the tests in a JUnit report as `deno test --junit-path` writes it: tests, and their steps by the name of the test,
 * ` > ` and their own, in the suite of the file that each was written in. Steps are no tests of their own; a test fails when one of its steps does.
 *
 * @param report XML; empty when nothing could be run.
 */
export function countTests(report: string): TestCount {
  let passed = 0;
  let failed = 0;
  const cases = [...report.matchAll(TEST_CASE)];
  const names = new Set(cases.map(([, name]) => name!));
  for (const [, name, result] of cases) {
    if (isStep(name!, names)) continue;
    if (result!.includes("<failure")) failed++;
    else if (!result!.includes("<skipped")) passed++;
  }
  return { passed, failed };
}

const TEST_CASE = /<testcase name="([^"]*)"[^>]*>(.*?)<\/testcase>/gs;

function isStep(name: string, tests: ReadonlySet<string>): boolean {
  const words = name.split(" &gt; ");
  return words.some((_, index) => tests.has(words.slice(0, index).join(" &gt; ")));
}

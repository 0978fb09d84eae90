/** How many tests of a report ran, and how they ended. Ignored tests count nowhere. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Counts the tests in a JUnit report as `deno test --junit-path` writes it. Steps are no tests of their own: the report
 * lists them after their test, by its name and ` > `.
 *
 * @param report XML; empty when nothing could be run.
 */
export function countTests(report: string): TestCount {
  let passed = 0;
  let failed = 0;
  for (const [, suite] of report.matchAll(/<testsuite (.*?)<\/testsuite>/gs)) {
    let current: string | undefined;
    for (
      const [, name, result] of suite!.matchAll(/<testcase name="([^"]*)"[^>]*>(.*?)<\/testcase>/gs)
    ) {
      if (current !== undefined && name!.startsWith(`${current} &gt; `)) continue;
      current = name!;
      if (result!.includes("<failure")) failed++;
      else if (!result!.includes("<skipped")) passed++;
    }
  }
  return { passed, failed };
}

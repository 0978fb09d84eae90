import assert from "node:assert/strict";
import { countTests } from "./junit.ts";

const report = (...cases: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="9" failures="9" errors="0" time="0.064">
    <testsuite name="./a_test.ts" tests="9" disabled="9" errors="0" failures="9">
${cases.join("\n")}
    </testsuite>
</testsuites>`;
const testcase = (name: string, result = "") =>
  `        <testcase name="${name}" classname="./a_test.ts" time="0.000" line="1" col="6">
            ${result}
        </testcase>`;
const failure = '<failure message="Uncaught Error: &lt;skipped/&gt;">Error: x</failure>';

Deno.test("test count takes tests that passed or failed, and no ignored ones", () => {
  assert.deepEqual(
    countTests(report(
      testcase("one"),
      testcase("two &amp; &lt;x&gt;", "<skipped/>"),
      testcase("three", failure),
      testcase("four"),
    )),
    { passed: 2, failed: 1 },
  );
});

Deno.test("test count does not take steps, wherever one failed", () => {
  assert.deepEqual(
    countTests(report(
      testcase("one", failure),
      testcase("two"),
      testcase("in &lt;a&gt; of b &gt; c"),
      testcase("one &gt; first step"),
      testcase("one &gt; second step", failure),
      testcase("two &gt; step"),
      testcase("two &gt; step &gt; inner"),
    )),
    { passed: 2, failed: 1 },
  );
});

Deno.test("test count does not take steps that another file than the test's has", () => {
  const ofTest = report(testcase("one"));
  const ofSteps = report(testcase("one &gt; step"), testcase("two"));
  assert.deepEqual(countTests(ofTest + ofSteps), { passed: 2, failed: 0 });
  assert.deepEqual(countTests(ofSteps + ofTest), { passed: 2, failed: 0 });
});

Deno.test("test count of an empty report is nothing", () => {
  assert.deepEqual(countTests(""), { passed: 0, failed: 0 });
});

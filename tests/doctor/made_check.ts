import type { Check, Finding, Outcome } from "../../src/doctor/check.ts";
import type { Report } from "../../src/doctor/report.ts";

/** A check that passes at once, but for what `given` says. */
export function madeCheck<Subject = undefined>(
  given: Partial<Check<Subject>> & { readonly id: string },
): Check<Subject> {
  return { title: `Looks at ${given.id}`, mode: "offline", run: () => [PASS], ...given };
}

export const PASS: Outcome = { status: "pass", summary: "All is well" };
export const FAIL: Outcome = {
  status: "fail",
  summary: "Nothing is well",
  remedy: { text: "Mend it" },
};

/** A finding of `check` on `target`. */
export function madeFinding(given: Partial<Finding> = {}): Finding {
  return { check: "a.b", target: "alice", durationMs: 7, ...PASS, ...given };
}

/** A report of 1.25 seconds. */
export function madeReport(...findings: Finding[]): Report {
  return {
    command: "try",
    program: "0.0.0",
    begun: Date.UTC(2026, 0, 2, 3, 4, 5),
    durationMs: 1_250,
    findings,
  };
}

import type { Finding, Json, Status } from "./check.ts";

/** What a run of checks came to. */
export interface Report {
  /** The subcommand, `check-keys`. */
  readonly command: string;
  /** Of cosftp. */
  readonly program: string;
  /** Milliseconds since the epoch. */
  readonly begun: number;
  readonly durationMs: number;
  /** In the order of subjects and checks. */
  readonly findings: readonly Finding[];
}

/** The order in which they are counted up. */
export const STATUSES = ["pass", "warn", "fail", "skip"] as const satisfies readonly Status[];

/** How many findings there are of each status. */
export function countFindings(findings: readonly Finding[]): Record<Status, number> {
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0 };
  for (const { status } of findings) counts[status]++;
  return counts;
}

/** Whether nothing failed, and with `strict` nothing was warned of either. */
export function isWell(findings: readonly Finding[], { strict }: { strict: boolean }): boolean {
  const { fail, warn } = countFindings(findings);
  return fail === 0 && (!strict || warn === 0);
}

/** The document of `--json`. Within a version fields are only ever added; what does not apply is null. */
export function toDocument(report: Report): Json {
  return {
    version: 1,
    command: report.command,
    program: report.program,
    begun: new Date(report.begun).toISOString(),
    durationMs: Math.round(report.durationMs),
    counts: countFindings(report.findings),
    findings: report.findings.map((finding) => ({
      check: finding.check,
      target: finding.target,
      status: finding.status,
      summary: finding.summary,
      detail: finding.detail ?? null,
      remedy: finding.remedy
        ? { text: finding.remedy.text, commands: finding.remedy.commands ?? [] }
        : null,
      data: finding.data ?? {},
      durationMs: Math.round(finding.durationMs),
    })),
  };
}

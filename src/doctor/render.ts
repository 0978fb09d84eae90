import type { Check, Finding, Status } from "./check.ts";
import { countFindings, type Report, STATUSES } from "./report.ts";

/** What a report is drawn with. */
export interface RenderOptions {
  /** The heading that a finding stands under; those with the same one stand together. @default its target */
  readonly groupOf?: (finding: Finding) => string;
  readonly colour: boolean;
  /** Columns after which lines are broken; Infinity: never. */
  readonly width: number;
}

const SYMBOLS: Readonly<Record<Status, string>> = { pass: "✓", warn: "!", fail: "✗", skip: "-" };

/** SGR parameters (ECMA-48). */
const COLOURS: Readonly<Record<Status, string>> = { pass: "32", warn: "33", fail: "31", skip: "2" };
const BOLD = "1";

/** Where the text of a finding begins when its check's id is no longer than this. */
const ID_WIDTH_MAX = 24;

/** A table for people: a heading for each group, a row for each finding, what to do under it, and one line that sums up. */
export function renderReport(report: Report, options: RenderOptions): string {
  const { findings } = report;
  const { groupOf = ({ target }: Finding) => target } = options;
  const idWidth = Math.min(ID_WIDTH_MAX, Math.max(0, ...findings.map(({ check }) => check.length)));
  const groups = [...Map.groupBy(findings, groupOf)].map(([heading, rows]) => {
    const texts = rows.map((finding) =>
      renderFinding(finding, { ...options, idWidth, isNamed: finding.target !== heading })
    );
    return `${paint(printable(heading), BOLD, options)}\n${texts.join("")}\n`;
  });
  return `${groups.join("")}${summaryLine(report)}\n`;
}

/** One line for each check: its id, what it touches, and what it looks at. */
export function renderList(checks: readonly Pick<Check<never>, "id" | "title" | "mode">[]): string {
  const width = Math.max(0, ...checks.map(({ id }) => id.length));
  return checks.map(({ id, mode, title }) => `${id.padEnd(width)}  ${mode.padEnd(7)}  ${title}\n`)
    .join("");
}

function renderFinding(
  finding: Finding,
  options: RenderOptions & { idWidth: number; isNamed: boolean },
): string {
  const { status, check, target, summary, detail, remedy } = finding;
  const { idWidth, isNamed, width } = options;
  const mark = paint(`${SYMBOLS[status]} ${status}`, COLOURS[status], options);
  const indent = " ".repeat(2 + "✓ pass".length + 2 + idWidth + 2);
  const text = isNamed ? `${target}: ${summary}` : summary;
  const [first = "", ...others] = wrap(printable(text), width - indent.length);
  const lines = [`  ${mark}  ${check.padEnd(idWidth)}  ${first}`];
  const under = " ".repeat(10);
  const block = (text: string) =>
    text.split("\n").flatMap((line) => wrap(printable(line), width - under.length));
  lines.push(...others.map((line) => indent + line));
  if (status !== "pass") {
    if (detail) lines.push(...block(detail).map((line) => under + line));
    if (remedy) lines.push(...block(`=> ${remedy.text}`).map((line) => under + line));
    // A command is pasted: it is never broken.
    for (const command of remedy?.commands ?? []) {
      lines.push(...command.split("\n").map((line) => `${under}   ${printable(line)}`));
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

function summaryLine({ command, findings, durationMs }: Report): string {
  const counts = countFindings(findings);
  const parts = STATUSES.filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${status}`);
  const seconds = (durationMs / 1000).toFixed(1);
  return `${command}: ${parts.join(", ") || "nothing to look at"} (${seconds} s)`;
}

function paint(text: string, parameter: string, { colour }: { colour: boolean }): string {
  return colour ? `\x1b[${parameter}m${text}\x1b[0m` : text;
}

/** Text of peers and files must not reach into the terminal. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** Breaks at blanks; a word that is too long stands alone. */
function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > Math.max(20, width)) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

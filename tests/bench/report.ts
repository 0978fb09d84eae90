import type { Row } from "./figures.ts";
import type { Share, Verdict } from "./wanted.ts";

/** What a run has come to: the document that `--json` prints. */
export interface Report {
  /** Which program was measured. */
  readonly cosftp: string;
  /** Version of the Deno that ran the rest. */
  readonly deno: string;
  readonly processors: number;
  readonly rounds: number;
  /** Whether the store answered with CRC64s. */
  readonly storeChecksums: boolean;
  readonly rows: readonly Row[];
  readonly shares: readonly Share[];
  readonly verdicts: readonly Verdict[];
}

const COLUMNS = [
  "figure",
  "COS ms",
  "cosftp",
  "pyftpdlib",
  "ftp-srv",
  "curl to the store",
  "unit",
  "share of pyftpdlib",
  "predecessor's share",
  "wanted",
  "met",
] as const;

/** The table, in Markdown, below a line that says what was measured. */
export function renderTable(report: Report): string {
  const { cosftp, deno, processors, rounds, storeChecksums } = report;
  const lines = report.rows.map((row) => cells(row, report));
  const widths = COLUMNS.map((title, index) =>
    Math.max(title.length, ...lines.map((line) => line[index]!.length))
  );
  const format = (line: readonly string[]) =>
    `| ${line.map((cell, index) => cell.padEnd(widths[index]!)).join(" | ")} |\n`;
  const heading = `cosftp: ${cosftp}; clients and store: Deno ${deno}; ${processors} processors; ` +
    `medians of ${rounds} rounds; CRC64 from the store: ${storeChecksums ? "yes" : "no"}\n\n`;
  const rule = widths.map((width) => "-".repeat(width));
  return heading + [COLUMNS, rule, ...lines].map(format).join("");
}

function cells({ id, title, latency, unit, values }: Row, report: Report): string[] {
  const share = latency === 0 ? report.shares.find((share) => share.id === id) : undefined;
  const verdict = report.verdicts.find((one) => one.id === id && one.latency === latency);
  return [
    title,
    String(latency),
    number(values.cosftp),
    latency === 0 ? number(values.pyftpdlib) : "",
    number(values["ftp-srv"]),
    number(values.ceiling),
    unit,
    number(share?.share),
    number(share?.predecessor),
    share ? `share of ${number(share.wanted)}` : verdict?.wanted ?? "",
    share || verdict ? ((share ?? verdict)!.met ? "yes" : "no") : "",
  ];
}

/** Three significant digits, and all of those before the point. */
function number(value: number | undefined): string {
  if (value === undefined) return "";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.001))));
  return value.toFixed(Math.min(digits, 3));
}

import type { Operation } from "../../src/emulator/api/call.ts";
import { play } from "./cell.ts";
import { type Column, COLUMNS } from "./columns.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";

/** Where the matrix is written down. */
const README = new URL("../README.md", import.meta.url);

const BEGIN = "<!-- fault matrix: begin, written by tests/faults/write_matrix.ts -->";
const END = "<!-- fault matrix: end -->";

/** A row of the matrix: what is done, and which operation of COS goes wrong meanwhile. */
export interface Row {
  readonly scenario: Scenario;
  readonly operation: Operation;
}

export const ROWS: readonly Row[] = SCENARIOS.flatMap((scenario) =>
  scenario.operations.map((operation) => ({ scenario, operation }))
);

/** Plays a row. @returns its fields, first the two that name it. @throws the first lie. */
export async function playRow({ scenario, operation }: Row): Promise<string[]> {
  const fields = [scenario.name, operation as string];
  for (const column of COLUMNS) {
    if (!isPossible({ scenario, operation }, column)) {
      fields.push("n/a");
      continue;
    }
    const cell = { scenario, operation, column };
    try {
      const once = await play({ ...cell, times: "once" });
      const always = await play({ ...cell, times: "always" });
      fields.push(once === always ? once : `${once} / ${always}`);
    } catch (cause) {
      throw new Error(`${scenario.name}, ${operation}, ${column.title}`, { cause });
    }
  }
  return fields;
}

/** The rows that tests/README.md has, each its fields. @throws Error when the matrix is not there. */
export function writtenRows(): string[][] {
  const lines = readReadme().matrix.trim().split("\n").slice(2);
  return lines.map((line) => line.split("|").slice(1, -1).map((field) => field.trim()));
}

/** Writes the rows into tests/README.md. */
export function writeRows(rows: readonly string[][]): void {
  const titles = ["", "COS operation", ...COLUMNS.map(({ title }) => title)];
  const table = [titles, titles.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  const { before, after } = readReadme();
  Deno.writeTextFileSync(README, `${before}${BEGIN}\n${table.join("\n")}\n${END}${after}`);
}

function readReadme(): { before: string; matrix: string; after: string } {
  const text = Deno.readTextFileSync(README);
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot read the fault matrix: wanted ${BEGIN} and ${END} in tests/README.md`);
  }
  return {
    before: text.slice(0, begin),
    matrix: text.slice(begin + BEGIN.length, end),
    after: text.slice(end + END.length),
  };
}

function isPossible({ scenario, operation }: Row, column: Column): boolean {
  if (column.operations && !column.operations.includes(operation)) return false;
  const isEmpty = scenario.empty?.includes(operation) ?? false;
  return !(isEmpty && column.needsBytes);
}

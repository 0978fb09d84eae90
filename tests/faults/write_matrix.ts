/**
 * Plays the fault matrix and writes it into tests/README.md:
 * `deno run --lock=tests/deno.lock -A tests/faults/write_matrix.ts`.
 */
import { playRow, ROWS, writeRows } from "./matrix.ts";

const rows: string[][] = [];
for (const row of ROWS) rows.push(await playRow(row));
writeRows(rows);

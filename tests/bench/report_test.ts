import assert from "node:assert/strict";
import { type Figure, median, percentile, rowsOf } from "./figures.ts";
import { renderTable } from "./report.ts";
import { sharesOf, verdictsOf } from "./wanted.ts";

const UPLOAD = { id: "upload-rate", title: "1 GiB up", unit: "MiB/s", latency: 0 } as const;
const NOOP = {
  id: "noop-up",
  title: "NOOP during 1 GiB up, p95",
  unit: "ms",
  latency: 20,
} as const;

const FIGURES: readonly Figure[] = [
  { ...UPLOAD, who: "cosftp", value: 900 },
  { ...UPLOAD, who: "pyftpdlib", value: 4000 },
  { ...NOOP, who: "cosftp", value: 12 },
  { ...UPLOAD, who: "cosftp", value: 1000 },
  { ...UPLOAD, who: "cosftp", value: 100 },
];

Deno.test("median is the middle value, or the mean of the middle two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
});

Deno.test("percentile is a value that was measured", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(values, 0.95), 95);
  assert.equal(percentile([5], 0.95), 5);
});

Deno.test("a row holds the medians of all rounds, by contestant and latency", () => {
  const rows = rowsOf(FIGURES);
  assert.deepEqual(rows.map(({ id, latency }) => [id, latency]), [
    ["upload-rate", 0],
    ["noop-up", 20],
  ]);
  assert.deepEqual(rows[0]!.values, { cosftp: 900, pyftpdlib: 4000 });
  assert.deepEqual(rows[0]!.rounds.cosftp, [900, 1000, 100]);
});

Deno.test("a share is measured against the predecessor's, times what is wanted of it", () => {
  const [share, ...others] = sharesOf(rowsOf(FIGURES));
  assert.deepEqual(others, []);
  assert.equal(share!.share, 0.225);
  assert.equal(share!.wanted, 0.202);
  assert.equal(share!.met, true);
  const slower = FIGURES.map((figure) => ({ ...figure, value: figure.value * 0.8 }));
  const against = slower.map((figure) =>
    figure.who === "pyftpdlib" ? { ...figure, value: 4000 } : figure
  );
  assert.equal(sharesOf(rowsOf(against))[0]!.met, false);
});

Deno.test("a limit holds at its own latency only", () => {
  const [verdict, ...others] = verdictsOf(rowsOf(FIGURES));
  assert.deepEqual(others, []);
  assert.deepEqual([verdict!.id, verdict!.wanted, verdict!.met], [
    "noop-up",
    "at most 10 ms",
    false,
  ]);
});

Deno.test("the table has a line a figure, with the share and whether it suffices", () => {
  const rows = rowsOf(FIGURES);
  const table = renderTable({
    cosftp: "dist/cosftp",
    deno: "2.9.6",
    processors: 2,
    rounds: 3,
    storeChecksums: true,
    rows,
    shares: sharesOf(rows),
    verdicts: verdictsOf(rows),
  });
  const cells = table.split("\n").slice(4, 6).map((line) => line.split("|").map((s) => s.trim()));
  assert.deepEqual(cells[0]!.slice(1, -1), [
    "1 GiB up",
    "0",
    "900",
    "4000",
    "",
    "",
    "MiB/s",
    "0.225",
    "0.101",
    "share of 0.202",
    "yes",
  ]);
  assert.equal(cells[1]!.at(-2), "no");
});

import type { ContestantName } from "./contestants.ts";

/** Everything that is measured of one server, by one kind of load, may come to several figures. */
export interface Figure {
  /** Stable name: `upload-rate`. */
  readonly id: string;
  readonly title: string;
  readonly unit: "MiB/s" | "s/GiB" | "MiB" | "files/s" | "s" | "ms" | "requests/file" | "files";
  /** Of COS, while it was measured. Milliseconds. */
  readonly latency: number;
  /** Who: a contestant, or `ceiling`, the same bytes between curl and the store. */
  readonly who: ContestantName | "ceiling";
  readonly value: number;
}

/** A figure with the values of all rounds. */
export interface Row extends Omit<Figure, "value" | "who"> {
  /** Medians. */
  readonly values: Readonly<Partial<Record<Figure["who"], number>>>;
  /** What the rounds measured, in order. */
  readonly rounds: Readonly<Partial<Record<Figure["who"], readonly number[]>>>;
}

/** Joins what the rounds measured, in the order in which it was measured first. */
export function rowsOf(figures: readonly Figure[]): Row[] {
  const rounds = new Map<string, Figure[]>();
  for (const figure of figures) {
    const name = `${figure.id} ${figure.latency}`;
    rounds.set(name, [...rounds.get(name) ?? [], figure]);
  }
  return [...rounds.values()].map((same) => {
    const { id, title, unit, latency } = same[0]!;
    const byWho: Partial<Record<Figure["who"], number[]>> = {};
    for (const { who, value } of same) (byWho[who] ??= []).push(value);
    const values = Object.fromEntries(
      Object.entries(byWho).map(([who, measured]) => [who, median(measured)]),
    );
    return { id, title, unit, latency, values, rounds: byWho };
  });
}

/** The middle one, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** The value that `share` (0 to 1) of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

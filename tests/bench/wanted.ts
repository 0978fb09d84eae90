import type { Row } from "./figures.ts";

/** A limit that issue 3 sets to one figure of cosftp. */
interface Limit {
  readonly id: string;
  readonly latency: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const LIMITS: readonly Limit[] = [
  { id: "upload-cpu", latency: 0, atMost: 0.8 },
  { id: "download-cpu", latency: 0, atMost: 0.8 },
  { id: "small-up-1", latency: 20, atLeast: 40 },
  { id: "small-down-1", latency: 20, atLeast: 40 },
  { id: "small-up-10", latency: 20, atLeast: 400 },
  { id: "small-down-10", latency: 20, atLeast: 400 },
  { id: "small-up-requests", latency: 0, atMost: 1 },
  { id: "small-down-requests", latency: 0, atMost: 2 },
  ...["up", "down", "small", "list"].flatMap((load) =>
    [0, 20].map((latency) => ({ id: `noop-${load}`, latency, atMost: 10 }))
  ),
  { id: "list-10000", latency: 0, atMost: 0.2 },
  { id: "crowd-arrived", latency: 0, atLeast: 100 },
  { id: "crowd-memory", latency: 0, atMost: 512 },
];

/**
 * What the predecessor reached of pyftpdlib in the same run (medians of five, without checksums), and how many times of
 * that is wanted.
 */
const SHARES = [
  { id: "upload-rate", predecessor: 0.101, times: 2 },
  { id: "download-rate", predecessor: 0.208, times: 1.5 },
  { id: "small-up-1", predecessor: 0.079, times: 2 },
  { id: "small-down-1", predecessor: 0.065, times: 2 },
] as const;

/** Whether a figure is what issue 3 wants. */
export interface Verdict {
  readonly id: string;
  readonly title: string;
  readonly latency: number;
  readonly value: number;
  /** `at least 400 files/s` */
  readonly wanted: string;
  readonly met: boolean;
}

/** A figure as a share of pyftpdlib's in the same run. */
export interface Share {
  readonly id: string;
  readonly title: string;
  readonly share: number;
  readonly predecessor: number;
  readonly wanted: number;
  readonly met: boolean;
}

/** Of those limits whose figures were measured. */
export function verdictsOf(rows: readonly Row[]): Verdict[] {
  return LIMITS.flatMap(({ id, latency, atLeast, atMost }) => {
    const row = rows.find((row) => row.id === id && row.latency === latency);
    const value = row?.values.cosftp;
    if (row === undefined || value === undefined) return [];
    const wanted = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
    const met = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
    return [{ id, title: row.title, latency, value, wanted: `${wanted} ${row.unit}`, met }];
  });
}

/** At a latency of 0. */
export function sharesOf(rows: readonly Row[]): Share[] {
  return SHARES.flatMap(({ id, predecessor, times }) => {
    const row = rows.find((row) => row.id === id && row.latency === 0);
    const { cosftp, pyftpdlib } = row?.values ?? {};
    if (row === undefined || cosftp === undefined || pyftpdlib === undefined) return [];
    const share = cosftp / pyftpdlib;
    const wanted = predecessor * times;
    return [{ id, title: row.title, share, predecessor, wanted, met: share >= wanted }];
  });
}

import { VERBS } from "./generate_session.ts";
import { type SessionState, STATES } from "./session_plan.ts";

/** All that a {@linkcode Coverage} has counted. */
export interface CoverageCounts {
  readonly interrupted: number;
  readonly resumed: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** Which verbs were sent in which states, and how often. */
export class Coverage {
  /** Uploads that were interrupted when their client came back, and those that were gone on with. */
  interrupted = 0;
  resumed = 0;
  readonly #counts = new Map<string, number>();

  add(verb: string, state: SessionState): void {
    const key = `${verb} ${state}`;
    this.#counts.set(key, this.count(verb, state) + 1);
  }

  /** What another one has counted comes in addition. */
  addAll({ interrupted, resumed, counts }: CoverageCounts): void {
    this.interrupted += interrupted;
    this.resumed += resumed;
    for (const [key, count] of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  /** For another thread. */
  get counts(): CoverageCounts {
    return { interrupted: this.interrupted, resumed: this.resumed, counts: this.#counts };
  }

  count(verb: string, state: SessionState): number {
    return this.#counts.get(`${verb} ${state}`) ?? 0;
  }

  get pairs(): number {
    return VERBS.length * STATES.length;
  }

  /** Those never reached, as `verb state`. */
  get missing(): string[] {
    return VERBS.flatMap((verb) => STATES.map((state) => `${verb} ${state}`))
      .filter((key) => !this.#counts.has(key));
  }

  /** One line a verb, one column a state. */
  table(): string {
    const rows = VERBS.map((verb) => [
      verb || "(none)",
      ...STATES.map((state) => String(this.count(verb, state))),
    ]);
    const all = [["", ...STATES], ...rows];
    const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
    const lines = all.map((row) =>
      row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
      )
        .join("  ").trimEnd()
    );
    const reached = this.pairs - this.missing.length;
    return [
      ...lines,
      `${reached} of ${this.pairs} pairs of verb and state were reached`,
      `${this.resumed} of ${this.interrupted} interrupted uploads were gone on with`,
      "",
    ].join("\n");
  }
}

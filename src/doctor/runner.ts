import { type Clock, Deadline } from "../clock.ts";
import {
  type Check,
  type CheckRun,
  CLEANUP_MAX,
  type Finding,
  type Mode,
  type Outcome,
} from "./check.ts";
import { Slots } from "./slots.ts";

const SECOND = 1_000;

/** A thing that checks are run on. */
export interface Named<Subject> {
  /** What findings about it are called, unless the check says better. */
  readonly name: string;
  readonly subject: Subject;
}

/** How far a run is; {@linkcode RunOptions.onProgress} hears of it. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** What runs now: `cos.tls of alice`. */
  readonly running: readonly string[];
}

/** Which checks are run, on what, and how long. Times are milliseconds. */
export interface RunOptions<Subject> {
  readonly checks: readonly Check<Subject>[];
  readonly subjects: readonly Named<Subject>[];
  /** Checks of another mode are skipped. */
  readonly modes: readonly Mode[];
  readonly clock: Clock;
  /** Ends the run early: what has not ended by then is skipped. */
  readonly signal: AbortSignal;
  /** Checks at the same time. @default 16 */
  readonly concurrency?: number;
  /** For a check that says nothing else. @default 30 s */
  readonly checkTimeout?: number;
  /** For all of them together: what runs then has failed, the rest is skipped. @default 5 min */
  readonly totalTimeout?: number;
  /** @default nobody hears */
  readonly onProgress?: (progress: Progress) => void;
}

/** Why a check is not run, or is given up. */
class GivenUp extends Error {
  override readonly name = "GivenUp";
}

/**
 * Runs every check on every subject, at once as far as they need nothing of each other. Never throws for what a check does: a throw
 * and a time-out are findings.
 *
 * @returns the findings, by subject, then in the order of the checks.
 * @throws TypeError when a check needs one that does not come before it.
 */
export async function runChecks<Subject>(
  options: RunOptions<Subject>,
): Promise<readonly Finding[]> {
  const { checks, subjects, clock, totalTimeout = 300 * SECOND } = options;
  checkOrder(checks);
  using total = new Deadline({
    clock,
    milliseconds: totalTimeout,
    parent: options.signal,
    error: () => new GivenUp(`The time for all checks, ${totalTimeout / SECOND} s, is up`),
  });
  const slots = new Slots(options.concurrency ?? 16);
  const tally = new Tally(checks.length * subjects.length, options.onProgress);
  const bySubject = subjects.map(async (subject) => {
    const results = new Map<string, Promise<readonly Finding[]>>();
    for (const check of checks) {
      const single = new SingleRun({ check, subject, options, signal: total.signal, results });
      results.set(check.id, single.run(slots, tally));
    }
    return (await Promise.all(results.values())).flat();
  });
  return (await Promise.all(bySubject)).flat();
}

/** One check on one subject. */
class SingleRun<Subject> {
  readonly #check: Check<Subject>;
  readonly #named: Named<Subject>;
  readonly #options: RunOptions<Subject>;
  readonly #signal: AbortSignal;
  readonly #results: ReadonlyMap<string, Promise<readonly Finding[]>>;

  constructor(options: {
    check: Check<Subject>;
    subject: Named<Subject>;
    options: RunOptions<Subject>;
    /** Of the whole run. */
    signal: AbortSignal;
    /** Of the checks before this one. */
    results: ReadonlyMap<string, Promise<readonly Finding[]>>;
  }) {
    this.#check = options.check;
    this.#named = options.subject;
    this.#options = options.options;
    this.#signal = options.signal;
    this.#results = options.results;
  }

  async run(slots: Slots, tally: Tally): Promise<readonly Finding[]> {
    const { id, needs = [] } = this.#check;
    const needed = new Map<string, readonly Finding[]>();
    for (const need of needs) needed.set(need, await this.#results.get(need)!);
    const name = `${id} of ${this.#named.name}`;
    using _slot = await slots.take();
    const begun = this.#options.clock.now();
    tally.begin(name);
    const obstacle = this.#obstacle(needed);
    const outcomes = obstacle ? [obstacle] : await this.#look(needed);
    tally.end(name);
    const durationMs = this.#options.clock.now() - begun;
    return outcomes.map((outcome) => ({
      ...outcome,
      check: id,
      target: outcome.target ?? this.#named.name,
      durationMs,
    }));
  }

  /** Why the check cannot be run. */
  #obstacle(needed: ReadonlyMap<string, readonly Finding[]>): Outcome | undefined {
    if (this.#signal.aborted) return notRun(this.#signal.reason);
    const { mode } = this.#check;
    if (!this.#options.modes.includes(mode)) {
      return {
        status: "skip",
        summary: `Not tried: it needs --${mode}`,
        remedy: { text: `Give --${mode} to have it tried` },
      };
    }
    for (const [id, findings] of needed) {
      if (findings.some(({ status }) => status === "fail")) return notPossible(id);
      const skipped = findings.find(({ status }) => status === "skip");
      if (!skipped) continue;
      const { failed } = skipped.data ?? {};
      return notPossible(typeof failed === "string" ? failed : id);
    }
  }

  async #look(needed: ReadonlyMap<string, readonly Finding[]>): Promise<readonly Outcome[]> {
    const { clock, checkTimeout = 30 * SECOND } = this.#options;
    const { timeout = checkTimeout } = this.#check;
    using deadline = new Deadline({
      clock,
      milliseconds: timeout,
      parent: this.#signal,
      error: () => new GivenUp(`It took longer than ${timeout / SECOND} s`),
    });
    const { signal } = deadline;
    const run: CheckRun = {
      signal,
      found(id) {
        const findings = needed.get(id);
        if (!findings) throw new RangeError(`Cannot use what ${id} found: it is not needed`);
        return findings;
      },
    };
    try {
      using patience = new Patience(signal, clock);
      // What it returns counts, even late: it has cleaned up and knows how far it came.
      return await Promise.race([this.#check.run(this.#named.subject, run), patience.lost]);
    } catch (error) {
      if (this.#options.signal.aborted) return [notRun(this.#signal.reason)];
      if (signal.aborted) return [timedOut(signal.reason)];
      return [brokenCheck(error)];
    }
  }
}

/** Rejects when a check goes on long after its signal aborted. */
class Patience implements Disposable {
  readonly lost: Promise<never>;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #timer: Disposable | undefined;

  constructor(signal: AbortSignal, clock: Clock) {
    this.#signal = signal;
    const { promise, reject } = Promise.withResolvers<never>();
    this.lost = promise;
    this.#onAbort = () => {
      this.#timer = clock.schedule(CLEANUP_MAX, () => reject(signal.reason));
    };
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#timer?.[Symbol.dispose]();
  }
}

/** Counts, and tells. */
class Tally {
  readonly #total: number;
  readonly #tell: (progress: Progress) => void;
  readonly #running = new Set<string>();
  #done = 0;

  constructor(total: number, tell: (progress: Progress) => void = () => {}) {
    this.#total = total;
    this.#tell = tell;
  }

  begin(name: string): void {
    this.#running.add(name);
    this.#report();
  }

  end(name: string): void {
    this.#running.delete(name);
    this.#done++;
    this.#report();
  }

  #report(): void {
    this.#tell({ done: this.#done, total: this.#total, running: [...this.#running] });
  }
}

/** @param failed the check at the root of it. */
function notPossible(failed: string): Outcome {
  return { status: "skip", summary: `Not tried: it needs ${failed}`, data: { failed } };
}

function notRun(reason: unknown): Outcome {
  const why = reason instanceof GivenUp ? reason.message : "Interrupted";
  return {
    status: "skip",
    summary: `Not ended: ${why[0]!.toLowerCase()}${why.slice(1)}`,
    remedy: { text: "Run it again, alone if need be" },
  };
}

function timedOut(reason: unknown): Outcome {
  return {
    status: "fail",
    summary: `No result: ${(reason as Error).message}`,
    remedy: { text: "See whether what it asks is reachable at all, then run it again" },
  };
}

function brokenCheck(error: unknown): Outcome {
  return {
    status: "fail",
    summary: `The check itself failed: ${error instanceof Error ? error.message : error}`,
    detail: error instanceof Error ? error.stack : undefined,
    remedy: { text: "This is a fault of cosftp, please report it with the lines above" },
    data: { broken: true },
  };
}

function checkOrder(checks: readonly Pick<Check<never>, "id" | "needs">[]): void {
  const before = new Set<string>();
  for (const { id, needs = [] } of checks) {
    const missing = needs.find((need) => !before.has(need));
    if (missing) throw new TypeError(`Cannot run ${id}: ${missing} does not come before it`);
    if (before.has(id)) throw new TypeError(`Cannot run ${id}: two checks have this id`);
    before.add(id);
  }
}

/** How something was found to be. A `skip` says nothing about it: what was wanted could not be looked at. */
export type Status = "pass" | "warn" | "fail" | "skip";

/** What a check touches: this machine alone, others too but without changing anything, or it writes and cleans up. */
export type Mode = "offline" | "online" | "write";

/** What to do about a finding. */
export interface Remedy {
  /** One or more sentences. */
  readonly text: string;
  /** Lines to paste as they stand, one step each. */
  readonly commands?: readonly string[];
}

/** What can be written down as JSON and is the same when it is read back. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

/** What a check says about one thing. */
export interface Outcome {
  readonly status: Status;
  /** What was found, in one sentence without a full stop. */
  readonly summary: string;
  /** What it was found about. @default the subject's name */
  readonly target?: string;
  /** More than fits into one sentence; several lines are kept apart. */
  readonly detail?: string;
  /** Wanted for every warning and failure. */
  readonly remedy?: Remedy;
  /** For programs and for checks that need this one. Never a secret. */
  readonly data?: Readonly<Record<string, Json>>;
}

/** An outcome, whose it is and how long it took. */
export interface Finding extends Outcome {
  /** The check's id. */
  readonly check: string;
  readonly target: string;
  /** Of all of the check for this subject. */
  readonly durationMs: number;
}

/** How long a check that was stopped may still clean up before nobody waits for it any more. Milliseconds. */
export const CLEANUP_MAX = 10_000;

/** What a running check may ask the runner for. */
export interface CheckRun {
  /** Aborts when the check's time is up or somebody stops it: end soon, and clean up first ({@linkcode CLEANUP_MAX}). */
  readonly signal: AbortSignal;
  /** What a check of `needs` has found about the same subject. @throws RangeError for any other check. */
  found(id: string): readonly Finding[];
}

/**
 * One question about a thing of type `Subject`: an account, a configuration, a server. It prints nothing, ends nothing and leaves
 * nothing changed.
 */
export interface Check<Subject> {
  /** Dotted lower-case words, the area first: `cos.tls`. */
  readonly id: string;
  /** What is looked at, for `--list`, without a full stop. */
  readonly title: string;
  /** Ids of checks that come before this one in its list, and without whose success it makes no sense. @default none */
  readonly needs?: readonly string[];
  readonly mode: Mode;
  /** How long it may take, in milliseconds. @default the run's */
  readonly timeout?: number;
  /**
   * Looks. What it throws becomes a failure of the check itself.
   *
   * @returns one outcome for each thing that it looked at: none where there is nothing of the kind.
   */
  run(subject: Subject, run: CheckRun): Promise<readonly Outcome[]> | readonly Outcome[];
}

/** Whether `name` asks for the check of this id: it is the id, or begins it up to a dot. */
export function isMeant(id: string, name: string): boolean {
  return id === name || id.startsWith(`${name}.`);
}

/**
 * The checks whose id is one of `wanted` or begins with one of them and a dot, with all that they need, in their order. All of them
 * where nothing is wanted.
 *
 * @throws RangeError that names what no check is called.
 */
export function selectChecks<C extends Pick<Check<never>, "id" | "needs">>(
  checks: readonly C[],
  wanted: readonly string[],
): C[] {
  const unknown = wanted.find((name) => !checks.some(({ id }) => isMeant(id, name)));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot select ${JSON.stringify(unknown)}: no check has this id or prefix, see --list`,
    );
  }
  const chosen = new Set(
    checks.filter(({ id }) => wanted.length === 0 || wanted.some((name) => isMeant(id, name))),
  );
  // A check only needs earlier ones, so one pass from the end finds them all.
  for (const check of checks.toReversed()) {
    if (!chosen.has(check)) continue;
    for (const other of checks) if (check.needs?.includes(other.id)) chosen.add(other);
  }
  return checks.filter((check) => chosen.has(check));
}

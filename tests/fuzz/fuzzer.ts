import { Coverage } from "./coverage.ts";
import { generateSession, interruptedUpload } from "./generate_session.ts";
import { Lane } from "./lane.ts";
import { describePlan, type InterruptedUpload, type SessionPlan } from "./session_plan.ts";
import { shrinkPlan } from "./shrink_plan.ts";
import { Violation } from "./violation.ts";

export interface FuzzOptions {
  readonly seed: number;
  readonly sessions: number;
  /** The first session's index. @default 0 */
  readonly first?: number;
  /** How many gateways of either kind play at the same time. @default 6 */
  readonly lanes?: number;
  /** Called after each session. */
  readonly onSession?: (played: number) => void;
  /** Called when a fault shows, before the session is shrunk. */
  readonly onViolation?: (index: number, violation: Violation) => void;
}

/** A session that has shown a fault, and what is left of it when nothing more can be left out. */
export interface Finding {
  readonly seed: number;
  readonly index: number;
  readonly violation: Violation;
  readonly smallest: SessionPlan;
}

export interface FuzzResult {
  readonly played: number;
  readonly coverage: Coverage;
  /** The first one; after it no more sessions are begun. */
  readonly finding: Finding | undefined;
}

/** Plays sessions until one shows a fault. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { seed, sessions, first = 0, lanes = 6, onSession } = options;
  const coverage = new Coverage();
  using rejections = new Rejections();
  let found: { index: number; violation: Violation } | undefined;
  let played = 0;
  const run = async (interrupted: InterruptedUpload, indexes: Iterator<number>) => {
    let { value: index, done } = indexes.next();
    if (done) return;
    await using lane = await Lane.open({ coverage, interrupted });
    for (; !done && !found; { value: index, done } = indexes.next()) {
      try {
        await lane.play(generateSession(seed, index));
        rejections.throwIfAny();
      } catch (error) {
        found ??= { index, violation: asViolation(error) };
        return;
      }
      played++;
      onSession?.(played);
    }
  };
  await Promise.all((["discard", "resume"] as const).flatMap((interrupted) => {
    const indexes = indexesOf(interrupted, first, first + sessions);
    return Array.from({ length: lanes }, () => run(interrupted, indexes));
  }));
  if (!found) return { played, coverage, finding: undefined };
  const { violation, index } = found;
  options.onViolation?.(index, violation);
  const shows = async (plan: SessionPlan) => (await playAlone(plan))?.rule === violation.rule;
  const smallest = await shrinkPlan(generateSession(seed, index), shows);
  return { played, coverage, finding: { seed, index, violation, smallest } };
}

/** Of the sessions from `first` to before `end`, those that are played on a gateway of this kind. */
function* indexesOf(interrupted: InterruptedUpload, first: number, end: number): Generator<number> {
  for (let index = first; index < end; index++) {
    if (interruptedUpload(index) === interrupted) yield index;
  }
}

/** Plays one session on a gateway of its own. @returns what was wrong. */
export async function playAlone(plan: SessionPlan): Promise<Violation | undefined> {
  using rejections = new Rejections();
  await using lane = await Lane.open({
    coverage: new Coverage(),
    interrupted: plan.interrupted,
  });
  try {
    await lane.play(plan);
    rejections.throwIfAny();
    return undefined;
  } catch (error) {
    return asViolation(error);
  }
}

/** For people: what was wrong, how to see it again, and the shortest session that shows it. */
export function describeFinding({ seed, index, violation, smallest }: Finding): string {
  return [
    `Session ${index} of seed ${seed}: ${violation.message}`,
    `Again: deno task fuzz --seed ${seed} --first ${index} --sessions 1`,
    "The shortest session that shows it:",
    describePlan(smallest),
    "",
  ].join("\n");
}

function asViolation(error: unknown): Violation {
  if (error instanceof Violation) return error;
  return new Violation("failure", error instanceof Error ? `${error.stack}` : String(error));
}

/** Promises that were rejected and that nobody looked after. */
class Rejections implements Disposable {
  readonly #reasons: unknown[] = [];
  readonly #listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.#reasons.push(event.reason);
  };

  constructor() {
    addEventListener("unhandledrejection", this.#listener);
  }

  throwIfAny(): void {
    if (this.#reasons.length === 0) return;
    throw new Violation("unhandled rejection", Deno.inspect(this.#reasons[0]));
  }

  [Symbol.dispose](): void {
    removeEventListener("unhandledrejection", this.#listener);
  }
}

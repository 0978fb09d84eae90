import { type Clock, sleep } from "../../clock.ts";
import { StoreError } from "../object_store.ts";

/** How often a call is tried in all. */
const TRIES = 5;

/** How often a body that COS received damaged (Content-MD5) is sent. */
const DAMAGED_TRIES = 3;

/** The longest pause before the second try; it doubles from try to try, up to the cap. Milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;

/**
 * Calls until it succeeds, with exponential backoff and full jitter in between. Throttling, failures of COS and of the
 * network and damaged bodies are tried again; a call whose effect is not known only if doing it twice does no harm.
 *
 * @throws the last error, with `mayHaveHappened` when any of the tries may have taken effect.
 */
export async function retrying<T>(
  call: () => Promise<T>,
  options: {
    /** Whether the call may be carried out twice. */
    repeatable: boolean;
    clock: Clock;
    /** Between 0 and 1. */
    random: () => number;
    signal: AbortSignal;
    onRetry: (error: StoreError, tries: number) => void;
  },
): Promise<T> {
  let inDoubt = false;
  for (let tries = 1;; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      inDoubt ||= error.mayHaveHappened;
      if (tries >= mostTries(error, options)) {
        throw inDoubt ? error.inDoubt() : error;
      }
      options.onRetry(error, tries);
      const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1));
      await sleep(options.clock, options.random() * longest, options.signal);
    }
  }
}

function mostTries(error: StoreError, { repeatable }: { repeatable: boolean }): number {
  if (error.mayHaveHappened && !repeatable) return 1;
  switch (error.kind) {
    case "throttled":
    case "unavailable":
      return TRIES;
    case "corrupt":
      return DAMAGED_TRIES;
    default:
      return 1;
  }
}

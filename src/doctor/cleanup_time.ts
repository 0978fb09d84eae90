import type { Clock } from "../clock.ts";
import { CLEANUP_MAX } from "./check.ts";

/** What is left to say what could not be cleaned up. Milliseconds. */
const TELLING = 2_000;

/** Time to clean up: as much as it takes, but once the check is stopped it ends before nobody waits for the check any more. */
export class CleanupTime implements Disposable {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #stopped: AbortSignal;
  #timer: Disposable | undefined;
  readonly #onStop = () => {
    this.#timer = this.#clock.schedule(CLEANUP_MAX - TELLING, () => {
      this.#controller.abort(new Error("no answer while there was time"));
    });
  };

  /** @param options.stopped the check's signal. */
  constructor({ clock, stopped }: { clock: Clock; stopped: AbortSignal }) {
    this.#clock = clock;
    this.#stopped = stopped;
    if (stopped.aborted) this.#onStop();
    else stopped.addEventListener("abort", this.#onStop, { once: true });
  }

  /** Aborts when time is up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#stopped.removeEventListener("abort", this.#onStop);
    this.#timer?.[Symbol.dispose]();
  }
}

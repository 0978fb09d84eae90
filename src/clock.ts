/** The seam to time: every wait and every date in cosftp goes through a {@linkcode Clock}, so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `callback` once, `milliseconds` from now, unless the returned timer is disposed of before. */
  schedule(milliseconds: number, callback: () => void): Disposable;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/**
 * Resolves after `milliseconds`.
 *
 * @throws the signal's reason when it aborts first.
 */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = clock.schedule(milliseconds, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * A signal that aborts with `error()` when nothing called `touch` for `milliseconds`, or with `parent`'s reason when
 * that aborts. Touching and pausing move no timer: it is looked at
 * only when it fires.
 */
export class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #error: () => Error;
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal | undefined;
  readonly #onParentAbort = () => this.#controller.abort(this.#parent?.reason);
  #timer: Disposable;
  #touched: number;
  #paused = false;

  constructor(options: {
    clock: Clock;
    milliseconds: number;
    error: () => Error;
    parent?: AbortSignal;
  }) {
    this.#clock = options.clock;
    this.#milliseconds = options.milliseconds;
    this.#error = options.error;
    this.#parent = options.parent;
    this.#touched = this.#clock.now();
    if (this.#parent?.aborted) this.#controller.abort(this.#parent.reason);
    else this.#parent?.addEventListener("abort", this.#onParentAbort, { once: true });
    this.#timer = this.#arm(this.#milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the time anew: something happened. */
  touch(): void {
    this.#touched = this.#clock.now();
  }

  /** Stops the time until {@linkcode Deadline.resume}: the wait that follows is not the peer's fault. */
  pause(): void {
    this.#paused = true;
  }

  /** Starts the time anew after {@linkcode Deadline.pause}. */
  resume(): void {
    this.#paused = false;
    this.touch();
  }

  /** Stops the time until what it gives is disposed of, which must be first; then it goes on where it stopped. */
  hold(): Disposable {
    this.#timer[Symbol.dispose]();
    const idle = this.#clock.now() - this.#touched;
    return {
      [Symbol.dispose]: () => {
        this.#touched = this.#clock.now() - idle;
        this.#timer = this.#arm(Math.max(0, this.#milliseconds - idle));
      },
    };
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#parent?.removeEventListener("abort", this.#onParentAbort);
  }

  #arm(milliseconds: number): Disposable {
    return this.#clock.schedule(milliseconds, () => {
      const idle = this.#paused ? 0 : this.#clock.now() - this.#touched;
      if (idle >= this.#milliseconds) this.#controller.abort(this.#error());
      else this.#timer = this.#arm(this.#milliseconds - idle);
    });
  }
}

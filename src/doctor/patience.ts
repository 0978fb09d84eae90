/**
 * A signal that aborts after `milliseconds`, unless it is disposed of before. A busy machine calls a timer late, and Deno's
 * event loop calls timers before it looks at sockets: so what has arrived until the timer is called is handled before the
 * signal aborts.
 */
export class Patience implements Disposable {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout>;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => this.#lookAround(TURNS), milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #lookAround(turns: number): void {
    if (turns > 0) this.#timer = setTimeout(() => this.#lookAround(turns - 1), 0);
    else this.#controller.abort(new DOMException("It took too long", "TimeoutError"));
  }
}

/** Of the event loop: one looks at the sockets, and what it tells is handled in the next. */
const TURNS = 2;

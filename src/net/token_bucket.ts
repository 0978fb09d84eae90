import { type Clock, sleep } from "../clock.ts";

/** How much of the time in which nothing moved may be made up for. Milliseconds. */
const BURST = 100;

/** In so many pieces a second's worth is moved, so that it flows evenly and those who share it take turns. */
const PIECES = 8;

/**
 * Holds what several connections move together to a rate: before each piece a connection waits for its turn, and afterwards
 * says how much it was. Whoever has waited goes, whatever the others do meanwhile: so nobody starves, and what all move at
 * once delays the next turn of each.
 */
export class TokenBucket {
  /** The most that is to be moved in one turn. Bytes. */
  readonly piece: number;
  readonly #rate: number;
  readonly #clock: Clock;
  /** Up to when all that was moved is paid for, by the clock. */
  #paidUpTo = 0;

  /** @param options.rate bytes a second. */
  constructor({ rate, clock }: { rate: number; clock: Clock }) {
    this.#rate = rate;
    this.#clock = clock;
    this.piece = Math.ceil(rate / PIECES);
  }

  /** Waits until a piece may be moved. @throws the signal's reason. */
  async turn(signal: AbortSignal): Promise<void> {
    const wait = this.#paidUpTo - this.#clock.now();
    if (wait > 0) await sleep(this.#clock, wait, signal);
  }

  /** Takes what was moved into account. */
  moved(bytes: number): void {
    const earliest = this.#clock.now() - BURST;
    this.#paidUpTo = Math.max(this.#paidUpTo, earliest) + bytes / this.#rate * 1000;
  }
}

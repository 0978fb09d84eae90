/** Counts the sessions that are logged in (`max_login_num`). */
export class LoginSlots {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** A slot, freed by disposing of it (once or more often); undefined when all are taken. */
  tryTake(): Disposable | undefined {
    if (this.#taken >= this.#max) return undefined;
    this.#taken++;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#taken--;
        held = false;
      },
    };
  }
}

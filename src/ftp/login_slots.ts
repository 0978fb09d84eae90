/** Counts the sessions that are logged in: of all accounts (`max_login_num`) and of each (`max_sessions`). */
export class LoginSlots {
  readonly #max: number;
  readonly #takenBy = new Map<string, number>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  /** A slot, freed by disposing of it (once or more often), or the limit that is reached. */
  tryTake(
    { name, maxSessions = Infinity }: { readonly name: string; readonly maxSessions?: number },
  ): Disposable | "max_login_num" | "max_sessions" {
    if (this.#taken >= this.#max) return "max_login_num";
    if (this.#count(name) >= maxSessions) return "max_sessions";
    this.#add(name, 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#add(name, -1);
        held = false;
      },
    };
  }

  #count(name: string): number {
    return this.#takenBy.get(name) ?? 0;
  }

  #add(name: string, slots: 1 | -1): void {
    this.#taken += slots;
    const left = this.#count(name) + slots;
    if (left > 0) this.#takenBy.set(name, left);
    else this.#takenBy.delete(name);
  }
}

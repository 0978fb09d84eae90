import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that keeps what is written to it. */
export class FakeTerminal implements Terminal {
  stdout = "";
  stderr = "";
  /** The streams that a person is to see. */
  readonly seen = new Set<"out" | "err">();
  width = Infinity;
  readonly env: Terminal["env"];
  readonly #interruption = new AbortController();
  readonly #kill = new AbortController();

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.env = { get: (name) => env[name], toObject: () => ({ ...env }) };
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  isTerminal(stream: "out" | "err"): boolean {
    return this.seen.has(stream);
  }

  /** Presses Ctrl-C. */
  interrupt(): void {
    if (this.interrupted.aborted) this.#kill.abort();
    else this.#interruption.abort();
  }

  get interrupted(): AbortSignal {
    return this.#interruption.signal;
  }

  get killed(): AbortSignal {
    return this.#kill.signal;
  }
}

import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that keeps what is written to it. */
export class FakeTerminal implements Terminal {
  stdout = "";
  stderr = "";
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

  /** The process that runs the tests goes on with what it has. */
  giveUp(): [] {
    return [];
  }

  get interrupted(): AbortSignal {
    return this.#interruption.signal;
  }

  get killed(): AbortSignal {
    return this.#kill.signal;
  }
}

import type { Permission } from "../../src/cli/privileges.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** What is typed, or piped in where `isTerminal` is false; it ends there. */
export interface FakeInput {
  readonly text: string | Uint8Array;
  readonly isTerminal: boolean;
}

/** A terminal that keeps what is written to it. */
export class FakeTerminal implements Terminal {
  readonly givenUp = new Set<Permission>();
  stdout = "";
  stderr = "";
  /** The streams that a person is to see. */
  readonly seen = new Set<"out" | "err">();
  width = Infinity;
  readonly env: Terminal["env"];
  readonly input: Terminal["input"];
  /** Whether what is typed is not shown. */
  isRaw = false;
  readonly #interruption = new AbortController();
  readonly #kill = new AbortController();

  constructor(
    env: Readonly<Record<string, string>> = {},
    { text, isTerminal }: FakeInput = { text: "", isTerminal: false },
  ) {
    let rest = typeof text === "string" ? new TextEncoder().encode(text) : text;
    this.input = {
      isTerminal: () => isTerminal,
      setRaw: (mode) => void (this.isRaw = mode),
      read: (into) => {
        if (rest.length === 0) return Promise.resolve(null);
        if (isTerminal && !this.isRaw) throw new Error("What is typed would be seen");
        const count = Math.min(rest.length, into.length);
        into.set(rest.subarray(0, count));
        rest = rest.subarray(count);
        return Promise.resolve(count);
      },
    };
    this.env = { get: (name) => env[name], toObject: () => ({ ...env }) };
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  /** The process that runs the tests goes on with what it has. */
  giveUp(permissions: readonly Permission[]): [] {
    for (const permission of permissions) this.givenUp.add(permission);
    return [];
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

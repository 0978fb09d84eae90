import { ExitCode } from "./exit_code.ts";
import { giveUpPermissions, type Permission } from "./privileges.ts";

/** Everything a subcommand knows of the terminal it runs in; tests give it one of their own. */
export interface Terminal {
  /** Writes data, the result that was asked for, to stdout. Once nobody reads it any more it is dropped. */
  out(text: string): void;
  /** Writes messages for people to stderr. Never throws. */
  err(text: string): void;
  /** Whether a person sees the stream, not a file or a program. */
  isTerminal(stream: "out" | "err"): boolean;
  /** Columns of stdout; Infinity where nobody sees them. */
  readonly width: number;
  /** Stdin: the keyboard or a pipe. */
  readonly input: Pick<typeof Deno.stdin, "isTerminal" | "setRaw" | "read">;
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Aborts on SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal;
  /** Aborts on a second SIGINT or SIGTERM. */
  readonly killed: AbortSignal;
  /** Gives up permissions of the process, for good. @returns those that it still has. */
  giveUp(permissions: readonly Permission[]): readonly Permission[];
}

/** The terminal of this process. Signals end the process as usual until `interrupted` or `killed` is asked for. */
export function systemTerminal(): Terminal {
  return new SystemTerminal();
}

/** Whether stdout may be coloured: a terminal that can, and nobody asked for none (no-color.org). */
export function hasColour(terminal: Pick<Terminal, "isTerminal" | "env">): boolean {
  return terminal.isTerminal("out") && !terminal.env.get("NO_COLOR") &&
    terminal.env.get("TERM") !== "dumb";
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

class SystemTerminal implements Terminal {
  readonly input = Deno.stdin;
  readonly env = Deno.env;
  #isReaderGone = false;
  #signals: { readonly interrupted: AbortController; readonly killed: AbortController } | undefined;

  out(text: string): void {
    if (this.#isReaderGone) return;
    try {
      writeAll(Deno.stdout, text);
    } catch (error) {
      // `cosftp ... | head` has seen enough.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      this.#isReaderGone = true;
    }
  }

  err(text: string): void {
    try {
      writeAll(Deno.stderr, text);
    } catch {
      // There is nowhere left to say so.
    }
  }

  isTerminal(stream: "out" | "err"): boolean {
    return (stream === "out" ? Deno.stdout : Deno.stderr).isTerminal();
  }

  get width(): number {
    if (!this.isTerminal("out")) return Infinity;
    try {
      return Deno.consoleSize().columns;
    } catch {
      // Its size is that of stdin, stdout or stderr, whichever is a terminal that tells.
      return 80;
    }
  }

  get interrupted(): AbortSignal {
    return this.#takeSignals().interrupted.signal;
  }

  get killed(): AbortSignal {
    return this.#takeSignals().killed.signal;
  }

  giveUp(permissions: readonly Permission[]): readonly Permission[] {
    return giveUpPermissions(permissions);
  }

  #takeSignals() {
    if (this.#signals) return this.#signals;
    const interrupted = new AbortController();
    const killed = new AbortController();
    const onSignal = () => {
      if (!interrupted.signal.aborted) return interrupted.abort();
      if (!killed.signal.aborted) return killed.abort();
      // Whoever sends a third one has waited long enough.
      Deno.exit(ExitCode.failed);
    };
    for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
    return this.#signals = { interrupted, killed };
  }
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += stream.writeSync(bytes.subarray(sent));
}

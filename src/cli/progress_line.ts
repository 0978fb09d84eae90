import type { Progress } from "../doctor/runner.ts";
import type { Terminal } from "./terminal.ts";

/** Carriage return, and erase to the end of the line (ECMA-48). */
const BACK = "\r\x1b[K";

/** A line on stderr that says how far checks are, gone when it is disposed of. Only a person at a terminal gets one. */
export class ProgressLine implements Disposable {
  readonly #terminal: Terminal;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ done, total, running }: Progress): void {
    if (!this.#terminal.isTerminal("err")) return;
    const others = running.length > 1 ? ` and ${running.length - 1} more` : "";
    const text = `${done} of ${total}${running[0] ? `: ${running[0]}${others}` : ""}`;
    // A line that is wrapped could not be erased.
    const width = Math.min(80, this.#terminal.width) - 1;
    this.#terminal.err(BACK + text.replace(/\p{C}/gu, "?").slice(0, width));
    this.#isShown = true;
  }

  [Symbol.dispose](): void {
    if (this.#isShown) this.#terminal.err(BACK);
  }
}

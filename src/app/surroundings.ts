/** What a long-lived job needs of the process it runs in; a terminal has it. */
export interface Surroundings {
  /** Writes messages for people. Never throws. */
  err(text: string): void;
  /** Aborts when the job is to end in good order. */
  readonly interrupted: AbortSignal;
  /** Aborts when it is to end at once. */
  readonly killed: AbortSignal;
  readonly env: { get(name: string): string | undefined };
  /** Gives up permissions of the process, for good. @returns those that it still has. */
  giveUp(permissions: readonly Privilege[]): readonly string[];
}

/** What a job that serves can do without once everything is open. Deno's names. */
export type Privilege = "run" | "ffi" | "sys" | "env" | "write";

/** What no job needs once it serves. */
export const DISPENSABLE: readonly Privilege[] = ["run", "ffi", "sys", "env"];

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

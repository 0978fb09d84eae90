/** Everything a subcommand knows of the terminal it runs in; tests give it one of their own. */
export interface Terminal {
  /** Writes data, the result that was asked for, to stdout. */
  out(text: string): void;
  /** Writes messages for people to stderr. */
  err(text: string): void;
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Aborts on SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal;
  /** Aborts on a second SIGINT or SIGTERM. */
  readonly killed: AbortSignal;
}

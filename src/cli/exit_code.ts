/** What a subcommand ends with. Nobody else knows numbers. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  configuration: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

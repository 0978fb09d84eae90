import { type Command, Option } from "commander";
import { systemClock } from "../clock.ts";
import { type Check, type Finding, type Mode, selectChecks } from "../doctor/check.ts";
import { renderList, renderReport } from "../doctor/render.ts";
import { isWell, type Report, toDocument } from "../doctor/report.ts";
import { type Named, runChecks } from "../doctor/runner.ts";
import { ExitCode } from "./exit_code.ts";
import { ProgressLine } from "./progress_line.ts";
import { hasColour, type Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** What every subcommand that runs checks can be told. */
export interface CheckOptions {
  /** `--json` */
  readonly json?: boolean;
  /** `--strict` */
  readonly strict?: boolean;
  /** `--list` */
  readonly list?: boolean;
  /** False with `--no-color`. */
  readonly color?: boolean;
}

const EXIT_CODES = `
Exit codes: 0 nothing failed, 1 something failed (with --strict: or was warned of), 2 wrong usage,
3 the configuration is missing or wrong.`;

/** Adds what all of them take: which checks, and how the report is to look. */
export function addCheckOptions(command: Command): Command {
  return command
    .argument("[checks...]", "ids of checks, or what they begin with (default: all)")
    .addOption(new Option("--list", "name the checks and end").conflicts(["json", "strict"]))
    .option("--json", "one JSON document on stdout, for programs")
    .option("--strict", "a warning is a failure too")
    .option("--no-color", "no colours; NO_COLOR does the same")
    .addHelpText("after", EXIT_CODES);
}

/**
 * The checks that the command line asks for.
 *
 * @returns an exit code where there is nothing more to do: they were listed, or a name is wrong.
 */
export function chooseChecks<Subject>(
  checks: readonly Check<Subject>[],
  { command, names, options, terminal }: {
    command: string;
    names: readonly string[];
    options: CheckOptions;
    terminal: Terminal;
  },
): Check<Subject>[] | ExitCode {
  try {
    const chosen = selectChecks(checks, names);
    if (!options.list) return chosen;
    terminal.out(renderList(chosen));
    return ExitCode.ok;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    terminal.err(`cosftp ${command}: ${error.message}\n`);
    return ExitCode.usage;
  }
}

/**
 * Runs checks and writes their report to stdout. Ctrl-C ends them early, with a report of what is known by then; a second one waits
 * for nothing.
 */
export async function reportChecks<Subject>(run: {
  readonly command: string;
  readonly checks: readonly Check<Subject>[];
  readonly subjects: readonly Named<Subject>[];
  readonly modes: readonly Mode[];
  readonly options: CheckOptions;
  readonly terminal: Terminal;
  /** As `RenderOptions.groupOf`. */
  readonly groupOf?: (finding: Finding) => string;
  /** What stands above the table, once all checks have run. */
  readonly preface?: () => string;
}): Promise<ExitCode> {
  const { command, options, terminal } = run;
  const { interrupted, killed } = terminal;
  const begun = systemClock.now();
  const findings = await orKilled(runWithProgress(run, interrupted), killed);
  if (!findings) {
    const hint = run.modes.includes("write") ? ": what it wrote may still be there" : "";
    terminal.err(`cosftp ${command}: Ended at once${hint}\n`);
    return ExitCode.failed;
  }
  const durationMs = systemClock.now() - begun;
  const report: Report = { command, program: VERSION, begun, durationMs, findings };
  const colour = options.color !== false && hasColour(terminal);
  terminal.out(
    options.json ? `${JSON.stringify(toDocument(report), null, 2)}\n` : (run.preface?.() ?? "") +
      renderReport(report, { groupOf: run.groupOf, colour, width: terminal.width }),
  );
  const well = isWell(findings, { strict: options.strict ?? false }) && !interrupted.aborted;
  return well ? ExitCode.ok : ExitCode.failed;
}

async function runWithProgress<Subject>(
  run: Parameters<typeof reportChecks<Subject>>[0],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  using line = new ProgressLine(run.terminal);
  return await runChecks({
    ...run,
    clock: systemClock,
    signal,
    onProgress: (progress) => line.show(progress),
  });
}

function orKilled<T>(work: Promise<T>, killed: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  if (killed.aborted) stop();
  killed.addEventListener("abort", stop, { once: true });
  return Promise.race([work, promise])
    .finally(() => killed.removeEventListener("abort", stop));
}

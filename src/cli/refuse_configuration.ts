import type { Loaded } from "../config/load.ts";
import { renderProblem } from "../config/problem.ts";
import { type CheckOptions, reportChecks } from "./check_command.ts";
import { describeLoaded } from "./configuration.ts";
import { ExitCode } from "./exit_code.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Says why checks cannot go by a configuration: to people on stderr, to programs (`--json`) in a document of `config.problems` on stdout,
 * as `cosftp validate` does.
 */
export async function refuseConfiguration(
  loaded: Loaded,
  { command, options, terminal }: { command: string; options: CheckOptions; terminal: Terminal },
): Promise<ExitCode> {
  if (!options.json) {
    terminal.err(loaded.problems.map(renderProblem).join("") + describeLoaded(loaded));
    return ExitCode.configuration;
  }
  const { problemCheck } = await import("../doctor/configuration/problem_check.ts");
  await reportChecks({
    command,
    checks: [problemCheck],
    subjects: [{ name: loaded.file ?? "configuration", subject: { loaded } }],
    modes: ["offline"],
    options,
    terminal,
  });
  return ExitCode.configuration;
}

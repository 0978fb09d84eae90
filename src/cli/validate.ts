import { type Command, Option } from "commander";
import type { Loaded } from "../config/load.ts";
import type { Problem } from "../config/problem.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import { ExitCode } from "./exit_code.ts";
import type { Terminal } from "./terminal.ts";

/** What `cosftp validate` was told. */
export interface ValidateOptions extends ConfigurationOptions {
  /** `--json` */
  readonly json?: boolean;
}

/** Adds `cosftp validate` to the tree; `act` is called with what the command line says. */
export function addValidate(
  program: Command,
  act: (options: ValidateOptions) => Promise<void>,
): void {
  program.command("validate")
    .summary("check the configuration")
    .description(
      "Checks the configuration that serve would use and names every problem, with its place and what to do.\n" +
        "Exit code 0: serve would start. 3: it would not.",
    )
    .option("--config <file>", "the configuration file")
    .option("--lenient", "unknown sections and keys are warnings, not errors")
    .addOption(new Option("--strict", "warnings are errors").conflicts("lenient"))
    .option("--json", "one JSON document on stdout, for programs")
    .action(act);
}

/** Writes what is wrong with the configuration to stdout. @returns `configuration` when there is an error. */
export async function validate(options: ValidateOptions, terminal: Terminal): Promise<ExitCode> {
  const { describeLoaded, loadConfiguration } = await import("./configuration.ts");
  const { renderProblem } = await import("../config/problem.ts");
  const loaded = loadConfiguration(options, terminal);
  terminal.out(
    options.json
      ? `${JSON.stringify(toDocument(loaded), null, 2)}\n`
      : loaded.problems.map(renderProblem).join("") + describeLoaded(loaded),
  );
  return loaded.config ? ExitCode.ok : ExitCode.configuration;
}

/** The document of `--json`. Fields are only ever added within a version; what does not apply is null. */
function toDocument({ config, file, searched, problems }: Loaded) {
  return {
    version: 1,
    valid: config !== undefined,
    file: file ?? null,
    searched,
    problems: problems.map((problem: Problem) => ({
      severity: problem.severity,
      kind: problem.kind,
      file: problem.file ?? null,
      line: problem.line ?? null,
      column: problem.column ?? null,
      variable: problem.variable ?? null,
      flag: problem.flag ?? null,
      section: problem.section ?? null,
      key: problem.key ?? null,
      found: problem.found ?? null,
      wanted: problem.wanted ?? null,
      message: problem.message,
      remedy: problem.remedy,
    })),
  };
}

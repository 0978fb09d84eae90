import { type Command, Option } from "commander";
import { addCheckOptions, type CheckOptions, chooseChecks, reportChecks } from "./check_command.ts";
import { type ConfigurationOptions, loadConfiguration } from "./configuration.ts";
import { ExitCode } from "./exit_code.ts";
import type { Terminal } from "./terminal.ts";

/** What `cosftp validate` was told. */
export interface ValidateOptions extends ConfigurationOptions, CheckOptions {
  /** `--migrate` */
  readonly migrate?: boolean;
  /** `--output` */
  readonly output?: string;
}

/** The subcommand's name. */
const COMMAND = "validate";

/** Adds `cosftp validate` to the tree; `act` is called with what the command line says. */
export function addValidate(
  program: Command,
  act: (names: readonly string[], options: ValidateOptions) => Promise<void>,
): void {
  const command = program.command(COMMAND)
    .summary("check the configuration")
    .description(
      "Makes everything that serve would, without listening, and names what is wrong with the configuration, its files and\n" +
        "passwords, with its place and what to do. With exit code 3 serve would not start.",
    )
    .option("--config <file>", "the configuration file")
    .option("--lenient", "unknown sections and keys are warnings, not errors")
    .addOption(
      new Option(
        "--migrate",
        "write a cleaned configuration to stdout, and what was changed to stderr",
      ).conflicts(["json", "list", "strict"]),
    )
    .option("--output <file>", "with --migrate: write it to this new file");
  addCheckOptions(command)
    .action((names: string[], options: ValidateOptions) => act(names, options));
}

/** The part of `app/diagnose.ts` that looks at configurations. */
type Diagnose = Pick<
  typeof import("../app/diagnose.ts"),
  "CONFIGURATION_CHECKS" | "diagnoseConfiguration"
>;

/** Writes a report on the configuration to stdout. @returns `configuration` when there is an error in it. */
export async function validate(
  names: readonly string[],
  { options, terminal, loadDiagnose = () => import("../app/diagnose.ts") }: {
    options: ValidateOptions;
    terminal: Terminal;
    loadDiagnose?: () => Promise<Diagnose>;
  },
): Promise<ExitCode> {
  if (options.migrate && names.length > 0) {
    terminal.err(
      `cosftp ${COMMAND}: Cannot run ${names.join(", ")} with --migrate: it runs no checks\n`,
    );
    return ExitCode.usage;
  }
  if (options.migrate) {
    const { migrateConfiguration } = await import("./migrate_configuration.ts");
    return migrateConfiguration(options, terminal);
  }
  if (options.output !== undefined) {
    terminal.err(`cosftp ${COMMAND}: Cannot use --output: wanted --migrate with it\n`);
    return ExitCode.usage;
  }
  const { CONFIGURATION_CHECKS, diagnoseConfiguration } = await loadDiagnose();
  const checks = chooseChecks(CONFIGURATION_CHECKS, { command: COMMAND, names, options, terminal });
  if (!Array.isArray(checks)) return checks as ExitCode;
  const loaded = loadConfiguration({ config: options.config, lenient: options.lenient }, terminal);
  const { proxySettings } = await import("../net/http_proxy.ts");
  const subject = diagnoseConfiguration(loaded, {
    proxy: proxySettings(terminal.env),
    machineMemory: Deno.systemMemoryInfo().total,
  });
  const name = loaded.file ?? "configuration";
  const exitCode = await reportChecks({
    command: COMMAND,
    checks,
    subjects: [{ name, subject }],
    modes: ["offline"],
    options,
    terminal,
    groupOf: () => name,
  });
  return loaded.config ? exitCode : ExitCode.configuration;
}

import { type Command, Option } from "commander";
import type { Config } from "../config/config.ts";
import { integer, text } from "../config/values.ts";
import { type ConfigurationOptions, loadConfiguration } from "./configuration.ts";
import { addCheckOptions, type CheckOptions, chooseChecks, reportChecks } from "./check_command.ts";
import { ExitCode } from "./exit_code.ts";
import { flagValue, flagValues } from "./flag.ts";
import { refuseConfiguration } from "./refuse_configuration.ts";
import type { Terminal } from "./terminal.ts";

/** What `cosftp check-keys` was told. */
export interface CheckKeysOptions extends ConfigurationOptions, CheckOptions {
  /** `--account`, as often as it was given */
  readonly account?: readonly string[];
  /** `--sample` */
  readonly sample: number;
  /** `--write` */
  readonly write?: boolean;
}

/** The subcommand's name. */
const COMMAND = "check-keys";

const EXAMPLES = `
Examples:
  cosftp check-keys                        every account: way to COS, keys, bucket, reading
  cosftp check-keys --write                writing too, with a canary below the key prefix that is removed again
  cosftp check-keys --account user0 key    what needs no more than the keys of one account`;

/** Adds `cosftp check-keys` to the tree; `act` is called with what the command line says. */
export function addCheckKeys(
  program: Command,
  act: (names: readonly string[], options: CheckKeysOptions) => Promise<void>,
): void {
  const command = program.command(COMMAND)
    .summary("check each account's keys, bucket and permissions")
    .description(
      "Looks from this machine at the bucket of each account as serve would use it, and names what is wrong, with COS's\n" +
        "own error code and what mends it. Without --write nothing is written.",
    )
    .option("--config <file>", "the configuration file")
    .option("--lenient", "go on in spite of unknown sections and keys")
    .option("--account <name>", "this account only, may be repeated", flagValues(text("a name")))
    .addOption(
      new Option("--sample <n>", "objects of each bucket that are looked at")
        .argParser(flagValue(integer({ min: 0, max: 100 }))).default(3),
    )
    .option("--write", "also write, copy and remove a canary below the key prefix");
  addCheckOptions(command).addHelpText("after", EXAMPLES)
    .action((names: string[], options: CheckKeysOptions) => act(names, options));
}

/** The part of `app/diagnose.ts` that looks at keys. */
type Diagnose = Pick<typeof import("../app/diagnose.ts"), "KEY_CHECKS" | "diagnoseKeys">;

/** Checks the keys and writes the report to stdout. @returns `configuration` when there is an error in it. */
export async function checkKeys(
  names: readonly string[],
  { options, terminal, loadDiagnose = () => import("../app/diagnose.ts") }: {
    options: CheckKeysOptions;
    terminal: Terminal;
    loadDiagnose?: () => Promise<Diagnose>;
  },
): Promise<ExitCode> {
  const { KEY_CHECKS, diagnoseKeys } = await loadDiagnose();
  const checks = chooseChecks(KEY_CHECKS, { command: COMMAND, names, options, terminal });
  if (!Array.isArray(checks)) return checks as ExitCode;
  const loaded = loadConfiguration({ config: options.config, lenient: options.lenient }, terminal);
  if (!loaded.config) {
    return await refuseConfiguration(loaded, { command: COMMAND, options, terminal });
  }
  const config = withAccounts(loaded.config, options.account);
  if (typeof config === "string") {
    terminal.err(`cosftp ${COMMAND}: ${config}\n`);
    return ExitCode.usage;
  }
  const { proxySettings } = await import("../net/http_proxy.ts");
  const proxy = proxySettings(terminal.env);
  using diagnosis = diagnoseKeys(config, { proxy, sample: options.sample });
  return await reportChecks({
    command: COMMAND,
    checks,
    subjects: diagnosis.subjects,
    modes: options.write ? ["offline", "online", "write"] : ["offline", "online"],
    options,
    terminal,
  });
}

/** The configuration with the accounts that were named; a message where there is no such account. */
function withAccounts(config: Config, names: readonly string[] | undefined): Config | string {
  if (!names) return config;
  const known = config.accounts.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return `Cannot check account ${JSON.stringify(unknown)}: wanted one of ${known.join(", ")}`;
  }
  return { ...config, accounts: config.accounts.filter(({ name }) => names.includes(name)) };
}

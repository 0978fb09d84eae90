import { load, type Loaded } from "../config/load.ts";
import { countProblems } from "../config/problem.ts";
import type { Override } from "../config/settings.ts";
import type { Terminal } from "./terminal.ts";

/** Which configuration a subcommand works with. */
export interface ConfigurationOptions {
  /** `--config` */
  readonly config?: string;
  /** `--lenient` */
  readonly lenient?: boolean;
  /** `--strict` */
  readonly strict?: boolean;
}

/** Loads the configuration for this machine and `terminal`'s environment. */
export function loadConfiguration(
  options: ConfigurationOptions & { readonly overrides?: readonly Override[] },
  terminal: Terminal,
): Loaded {
  return load({
    path: options.config,
    lenient: options.lenient,
    strict: options.strict,
    overrides: options.overrides,
    env: terminal.env.toObject(),
    machineMemory: Deno.systemMemoryInfo().total,
  });
}

/** One line that says what was read and how it was found. */
export function describeLoaded({ file, searched, problems }: Loaded): string {
  const source = file ?? `no file (looked for ${searched.join(" and ")})`;
  return `Read ${source}: ${countProblems(problems)}\n`;
}

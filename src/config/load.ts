import { checkSettings } from "./check.ts";
import type { Config } from "./config.ts";
import { environmentSettings } from "./environment.ts";
import { exposureProblems, type FileMode, systemFileMode } from "./exposure.ts";
import { readIni } from "./ini.ts";
import { inFileOrder, type Problem } from "./problem.ts";
import { proxyProblems } from "./proxy_problems.ts";
import { fileSettings, flagSettings, type Gathered, overlay, type Override } from "./settings.ts";
import { type ReadFile, readTextFile } from "./text_file.ts";

/** Where a configuration is looked for when nothing names one, in this order. */
export const DEFAULT_FILES = ["./conf/vsftpd.conf", "/etc/cosftp/vsftpd.conf"] as const;

/** What a configuration is made of. */
export interface LoadOptions {
  /** `--config`. */
  readonly path?: string;
  /** Settings of the command line: they win over the environment, which wins over the file. */
  readonly overrides?: readonly Override[];
  readonly env: Readonly<Record<string, string>>;
  /** Unknown sections, keys and variables are warnings, not errors. @default false */
  readonly lenient?: boolean;
  /** Warnings are errors. @default false */
  readonly strict?: boolean;
  /** Bytes. */
  readonly machineMemory: number;
  /** @default Deno.readFileSync */
  readonly readFile?: ReadFile;
  /** @default the system's */
  readonly fileMode?: FileMode;
}

/** A configuration, or why there is none. */
export interface Loaded {
  /** Undefined when there is an error among the problems. */
  readonly config: Config | undefined;
  /** All of them, in the order of the file. */
  readonly problems: readonly Problem[];
  /** The file that was read. */
  readonly file: string | undefined;
  /** Where a file was looked for, in order. */
  readonly searched: readonly string[];
}

/**
 * Finds, reads and checks the configuration. The file is the one of `--config`, else of `$COSFTP_CONFIG`, else the first
 * of {@linkcode DEFAULT_FILES} that exists. None is needed where the environment defines an account. Never throws for
 * what is wrong with a configuration.
 */
export function load(options: LoadOptions): Loaded {
  const { env, lenient = false, strict = false, machineMemory } = options;
  const { readFile = Deno.readFileSync, fileMode = systemFileMode } = options;
  const { file, text, searched, problem } = findFile(options.path ?? env.COSFTP_CONFIG, readFile);
  if (problem) return { config: undefined, problems: [problem], file, searched };

  const fromFile: Gathered = file === undefined
    ? { sections: [], problems: [] }
    : fileSettings(readIni(text), { file, lenient });
  const fromEnvironment = environmentSettings(env, { sections: fromFile.sections, lenient });
  if (file === undefined && fromEnvironment.sections.every(({ kind }) => kind !== "COS_ACCOUNT")) {
    const problems = [nothingFound(searched), ...fromEnvironment.problems];
    return { config: undefined, problems, file, searched };
  }
  const sections = overlay(
    overlay(fromFile.sections, fromEnvironment.sections),
    flagSettings(options.overrides ?? []),
  );
  const checked = checkSettings(sections, { env, readFile, file, machineMemory });
  const problems = [
    ...fromFile.problems,
    ...fromEnvironment.problems,
    ...checked.problems,
    ...proxyProblems(env),
    ...file === undefined ? [] : exposureProblems(fromFile.sections, { file, fileMode }),
  ].map((problem): Problem =>
    strict && problem.severity === "warning" ? { ...problem, severity: "error" } : problem
  );
  return {
    config: problems.some(({ severity }) => severity === "error") ? undefined : checked.config,
    problems: inFileOrder(problems),
    file,
    searched,
  };
}

interface FoundFile {
  readonly file: string | undefined;
  readonly text: string;
  readonly searched: readonly string[];
  readonly problem?: Problem;
}

/** Reads the file that is named, or the first default that exists; it is an error if that one cannot be read. */
function findFile(named: string | undefined, readFile: ReadFile): FoundFile {
  const searched: string[] = [];
  for (const file of named ? [named] : DEFAULT_FILES) {
    searched.push(file);
    const content = readTextFile(file, readFile);
    if ("text" in content) return { file, text: content.text, searched };
    if (!named && content.isAbsent) continue;
    const problem: Problem = {
      file,
      line: content.line,
      severity: "error",
      kind: "unreadable",
      message: `Cannot read the configuration: ${content.reason}, wanted a file of UTF-8 text`,
      remedy: content.remedy,
    };
    return { file: undefined, text: "", searched, problem };
  }
  return { file: undefined, text: "", searched };
}

function nothingFound(searched: readonly string[]): Problem {
  return {
    severity: "error",
    kind: "missing",
    message: `Cannot find a configuration: looked for ${searched.join(" and ")}`,
    remedy: "Copy conf/vsftpd.conf.example to conf/vsftpd.conf and fill it in, or name a file " +
      "with --config, or look around first with cosftp serve --demo",
  };
}

import { load } from "../config/load.ts";
import { migrate } from "../config/migrate.ts";
import { renderProblem } from "../config/problem.ts";
import { describeLoaded, loadConfiguration } from "./configuration.ts";
import { ExitCode } from "./exit_code.ts";
import type { Terminal } from "./terminal.ts";
import type { ValidateOptions } from "./validate.ts";

/**
 * Writes a cleaned configuration to stdout or to a new file that only its owner may read, and to stderr what was changed and what is
 * still wrong.
 *
 * @returns `configuration` when there is no file, or what is left is still no configuration.
 */
export function migrateConfiguration(options: ValidateOptions, terminal: Terminal): ExitCode {
  const original = loadConfiguration(
    { config: options.config, lenient: options.lenient },
    terminal,
  );
  // One that is not UTF-8 was found, but not read.
  const file = original.file ?? original.problems.find(({ kind }) => kind === "unreadable")?.file;
  const text = file === undefined ? undefined : readText(file);
  if (file === undefined || text === undefined) {
    terminal.err(original.problems.map(renderProblem).join("") + describeLoaded(original));
    return ExitCode.configuration;
  }
  const reload = (text: string) =>
    load({
      path: file,
      lenient: options.lenient,
      env: terminal.env.toObject(),
      machineMemory: Deno.systemMemoryInfo().total,
      readFile: (path) => path === file ? new TextEncoder().encode(text) : Deno.readFileSync(path),
    });
  const migration = migrate(text, { problemsOf: (text) => reload(text).problems });
  const fault = write(migration.text, options.output, terminal);
  if (fault !== undefined) {
    terminal.err(`cosftp validate: ${fault}\n`);
    return ExitCode.failed;
  }
  for (const { line, what } of migration.changes) terminal.err(`${file}:${line}: ${what}\n`);
  const { problems, config } = reload(migration.text);
  // Whoever may read the old file may not read the new one.
  const left = problems.filter(({ kind, key }) => kind !== "exposed" || key !== undefined);
  const count = migration.changes.length;
  terminal.err(
    `Changed ${count} line${count === 1 ? "" : "s"} of ${file}\n` +
      left.map((problem) =>
        renderProblem({ ...problem, file: problem.file && (options.output ?? "the result") })
      ).join(""),
  );
  return config ? ExitCode.ok : ExitCode.configuration;
}

/** The text of a file in UTF-8, or else in GB18030, which the predecessor's users in China wrote; undefined when unreadable. */
function readText(path: string): string | undefined {
  try {
    const bytes = Deno.readFileSync(path);
    return decode(bytes, "utf-8") ?? decode(bytes, "gb18030");
  } catch {
    return undefined;
  }
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @returns why it cannot be written. */
function write(text: string, output: string | undefined, terminal: Terminal): string | undefined {
  if (output === undefined) {
    terminal.out(text);
    return undefined;
  }
  try {
    Deno.writeTextFileSync(output, text, { createNew: true, mode: 0o600 });
    return undefined;
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists
      ? "it exists, wanted a new file"
      : (error as Error).message;
    return `Cannot write ${output}: ${reason}`;
  }
}

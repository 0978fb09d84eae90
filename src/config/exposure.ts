import type { Keys } from "./key.ts";
import { SECTIONS } from "./keys.ts";
import type { Problem } from "./problem.ts";
import type { Section } from "./settings.ts";

/** The permission bits of a file; undefined where they cannot be found out. */
export type FileMode = (path: string) => number | undefined;

/** Of those who are neither the owner nor in the group. */
const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;

/** Asks the system. */
export function systemFileMode(path: string): number | undefined {
  try {
    return Deno.statSync(path).mode ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keys that name a file which is a secret, besides the `_file` variants of secret keys. */
const SECRET_FILES: readonly string[] = ["tls_key_file", "cos_credentials_file"];

/** Warnings when everybody on this machine may read the secrets in `file`, or in the files that it names, or may change them. */
export function exposureProblems(
  sections: readonly Section[],
  { file, fileMode }: { file: string; fileMode: FileMode },
): Problem[] {
  const own = exposure(file, { mode: fileMode(file), hasSecrets: holdsSecrets(sections, file) });
  const named = sections.flatMap(({ name: section, kind, settings }) => {
    const keys: Keys = SECTIONS[kind].keys;
    return [...settings].flatMap(([key, { text: path, place }]) => {
      const isSecret = SECRET_FILES.includes(key) || keys[key.replace(/_file$/, "")]?.fromFile;
      if (!isSecret || keys[key]?.fromFile || path === undefined) return [];
      const problem = exposure(path, { mode: fileMode(path), hasSecrets: true });
      return problem ? [{ ...problem, ...place, section, key }] : [];
    });
  });
  return [...own ? [{ file, ...own }] : [], ...named];
}

/** What is wrong with who may read and write the file of this path. */
function exposure(
  path: string,
  { mode = 0, hasSecrets }: { mode: number | undefined; hasSecrets: boolean },
): Problem | undefined {
  const isOpen = (mode & OTHERS_READ) !== 0 && hasSecrets;
  if (!isOpen && (mode & OTHERS_WRITE) === 0) return undefined;
  return {
    severity: "warning",
    kind: "exposed",
    found: `mode ${(mode & 0o777).toString(8).padStart(4, "0")}`,
    wanted: "mode 0600 or 0640",
    message: isOpen
      ? `Should not keep secrets in ${path}: everybody on this machine may read the file`
      : `Should not trust ${path}: everybody on this machine may change it`,
    remedy: `chmod 0600 ${path}, or 0640 with a group of its own for cosftp`,
  };
}

/** Whether a secret stands in `file` itself: not where it is taken from the environment or from another file. */
function holdsSecrets(sections: readonly Section[], file: string): boolean {
  return sections.some(({ kind, settings }) => {
    const keys: Keys = SECTIONS[kind].keys;
    return [...settings].some(([name, { text, expands, place }]) =>
      place.file === file && keys[name]?.secret && text !== undefined &&
      !(expands && /^\$\{[^}]*\}$/.test(text))
    );
  });
}

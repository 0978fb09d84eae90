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

/** A warning when everybody on this machine may read the secrets in `file`, or may change it. */
export function exposureProblems(
  sections: readonly Section[],
  { file, fileMode }: { file: string; fileMode: FileMode },
): Problem[] {
  const mode = fileMode(file) ?? 0;
  const isOpen = (mode & OTHERS_READ) !== 0 && holdsSecrets(sections, file);
  if (!isOpen && (mode & OTHERS_WRITE) === 0) return [];
  return [{
    file,
    severity: "warning",
    kind: "exposed",
    found: `mode ${(mode & 0o777).toString(8).padStart(4, "0")}`,
    wanted: "mode 0600 or 0640",
    message: isOpen
      ? "Should not keep secrets here: everybody on this machine may read the file"
      : "Should not trust the file: everybody on this machine may change it",
    remedy: `chmod 0600 ${file}, or 0640 with a group of its own for cosftp`,
  }];
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

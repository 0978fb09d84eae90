/** Where a setting was made. Nothing is set for what is missing altogether. */
export interface Place {
  readonly file?: string;
  /** Counts from 1. */
  readonly line?: number;
  /** Counts from 1. */
  readonly column?: number;
  /** The environment variable. */
  readonly variable?: string;
  /** The command line's flag. */
  readonly flag?: string;
}

/** What kind of thing is wrong, for programs. */
export type ProblemKind =
  | "unreadable"
  | "syntax"
  | "unknown"
  | "duplicate"
  | "conflict"
  | "missing"
  | "invalid"
  | "placeholder"
  | "exposed"
  | "retired";

/** Something wrong in a configuration. An `error` keeps `serve` from starting; the others do not. */
export interface Problem extends Place {
  readonly severity: "error" | "warning" | "note";
  readonly kind: ProblemKind;
  /** As it was written. */
  readonly section?: string;
  readonly key?: string;
  /** What stands there. Never a secret: a secret's is left out. */
  readonly found?: string;
  /** What should stand there. */
  readonly wanted?: string;
  /** What went wrong, in one sentence without a full stop: the action, a colon, what was found and wanted. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** `"text"` with control characters escaped, cut where it is long: safe to print. */
export function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(short).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** `conf/vsftpd.conf:12:8`, `$COSFTP_NETWORK_LISTEN_PORT`, `--listen`, or `configuration`. */
export function formatPlace({ file, line, column, variable, flag }: Place): string {
  if (flag) return flag;
  if (variable) return `$${variable}`;
  return [file ?? "configuration", line, column].filter((part) => part !== undefined).join(":");
}

/** Two lines for people: what is wrong and where, and under it what to do. */
export function renderProblem(problem: Problem): string {
  return `${
    formatPlace(problem)
  }: ${problem.severity}: ${problem.message}\n    ${problem.remedy}\n`;
}

/** In the order of the file's lines, then what has no place in the file, as it was found. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  const position = ({ line = Infinity, column = Infinity }: Place) => [line, column] as const;
  return problems.toSorted((a, b) => {
    const [lineA, columnA] = position(a);
    const [lineB, columnB] = position(b);
    return lineA === lineB ? order(columnA, columnB) : order(lineA, lineB);
  });
}

/** `2 errors, 1 warning`, or `no problems`. */
export function countProblems(problems: readonly Problem[]): string {
  const counts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : `${count} ${severity}${count === 1 ? "" : "s"}`;
  });
  return counts.join(", ") || "no problems";
}

// Infinity - Infinity is NaN, so no subtraction.
function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

import { readIni } from "./ini.ts";
import { keyNames, type SectionKind, sectionKind, SECTIONS } from "./keys.ts";
import type { Problem } from "./problem.ts";

/** A line that was changed, and why. */
export interface Change {
  /** Of the old text, from 1. */
  readonly line: number;
  readonly what: string;
}

/** A cleaned text of a configuration, and what that took. */
export interface Migration {
  readonly text: string;
  readonly changes: readonly Change[];
}

/** A line on its way, and where it stood. */
interface Line {
  text: string;
  readonly number: number;
}

/**
 * Cleans a configuration, such as one of cos-ftp-server-V5, so that no line of it is an error any more that it can do without: what is
 * unknown, given twice, no longer does anything or cannot be used becomes a comment that says why. Comments, order and blank lines
 * stay. What is missing, or wrong and needed, is left for a person.
 *
 * @param options.problemsOf what is wrong with a text; lines count from 1.
 */
export function migrate(
  text: string,
  { problemsOf }: { problemsOf: (text: string) => readonly Problem[] },
): Migration {
  const changes: Change[] = [];
  const lines: Line[] = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)
    .map((text, index) => ({ text, number: index + 1 }));
  const change = (line: Line, text: string, what: string) => {
    line.text = text;
    changes.push({ line: line.number, what });
  };
  const retire = (line: Line | undefined, what: string) => {
    if (!line || line.text.startsWith("#")) return;
    change(line, `# cosftp: ${what}\n#${line.text}`, what);
  };
  const current = () => lines.map(({ text }) => text).join("\n");
  /** The old line that a line of the text as it is now belongs to. */
  const at = (number: number | undefined): Line | undefined => {
    let seen = 0;
    return lines.find(({ text }) => (seen += text.split("\n").length) >= (number ?? Infinity));
  };

  for (const line of lines) useEqualsSign(line, change);
  for (const line of lines) giveBothPorts(line, change);
  nameAccounts(lines, change);
  for (const { number, what } of replacedLines(current())) retire(at(number), what);
  // What is wrong below a section that goes is only seen when it has gone, and so on.
  for (let before = -1; before !== changes.length;) {
    before = changes.length;
    const now = current();
    const { sections } = readIni(now);
    const doomed = problemsOf(now).filter(isRemovable).map((problem) => ({
      reason: reasonOf(problem),
      line: at(problem.line),
      below: sections.find(({ line }) => line === problem.line)?.entries.map(({ line }) =>
        at(line)
      ),
    }));
    for (const { line, reason, below = [] } of doomed) {
      retire(line, reason);
      for (const entry of below) retire(entry, "its section is not used");
    }
  }
  return { text: current(), changes: changes.toSorted((a, b) => a.line - b.line) };
}

type ChangeLine = (line: Line, text: string, what: string) => void;

/** One port was the first, and the last was 65535. */
function giveBothPorts(line: Line, change: ChangeLine): void {
  const match = /^(\s*passive_port\s*=\s*\d+)(\s*(?:[#;].*)?)$/i.exec(line.text);
  if (match) {
    change(line, `${match[1]},65535${match[2]}`, "passive_port has a first and a last port");
  }
}

/** Every section whose name began with COS_ACCOUNT was an account. */
function nameAccounts(lines: readonly Line[], change: ChangeLine): void {
  const nameOf = ({ text }: Line) => /^\s*\[([^\]]*)\]/.exec(text)?.[1]?.trim();
  const taken = new Set(lines.map((line) => nameOf(line)?.toUpperCase()));
  for (const line of lines) {
    const name = nameOf(line);
    if (!name?.startsWith("COS_ACCOUNT") || sectionKind(name)) continue;
    const rest = name.slice("COS_ACCOUNT".length).replace(/[^\p{L}\p{N}.-]/gu, "");
    let suffix = rest || "0";
    for (let count = 1; taken.has(`COS_ACCOUNT_${suffix}`.toUpperCase()); count++) {
      suffix = `${rest || "0"}-${count}`;
    }
    taken.add(`COS_ACCOUNT_${suffix}`.toUpperCase());
    change(line, `[COS_ACCOUNT_${suffix}]`, `the section of an account is called COS_ACCOUNT_*`);
  }
}

/** Python's reader also took `key: value`, and lines that begin with `rem`. */
function useEqualsSign(line: Line, change: ChangeLine): void {
  if (/^rem\s/i.test(line.text)) {
    return change(line, `# ${line.text}`, "rem begins no comment here");
  }
  const match = /^(\s*)([A-Za-z0-9_.-]+)\s*:\s*(.*)$/.exec(line.text);
  if (!match) return;
  const [, indent, key, value] = match;
  const kinds = Object.keys(SECTIONS) as SectionKind[];
  if (!kinds.some((kind) => keyNames(kind).includes(key!.toLowerCase()))) return;
  change(line, `${indent}${key} = ${value}`, "= in place of :");
}

/** Of a key that is given twice the predecessor took the last. */
function replacedLines(text: string): { number: number; what: string }[] {
  const seen = new Map<string, number>();
  const replaced: { number: number; what: string }[] = [];
  for (const { name, entries } of readIni(text).sections) {
    for (const { key, line } of entries) {
      const id = `${name.toUpperCase()} ${key.toLowerCase()}`;
      const earlier = seen.get(id);
      if (earlier !== undefined && sectionKind(name)) {
        replaced.push({ number: earlier, what: "given again below, which counts" });
      }
      seen.set(id, line);
    }
  }
  // From the end, so that the numbers of those before stay right.
  return replaced.sort((a, b) => b.number - a.number);
}

/** Whether the line that is wrong can be done without. */
function isRemovable({ kind, severity, section, key, line }: Problem): boolean {
  if (line === undefined) return false;
  if (kind === "unknown" || kind === "retired" || kind === "syntax") return true;
  const sectionKeys = section && SECTIONS[sectionKind(section) ?? "OPTIONAL"].keys;
  const row = sectionKeys && Object.entries(sectionKeys).find(([name]) => name === key)?.[1];
  return severity === "error" && (kind === "invalid" || kind === "placeholder") &&
    row !== undefined && !row.required && !NEEDED.has(key!);
}

/** Keys without which a bucket is another one, or more is allowed and less protected than was meant. */
const NEEDED: ReadonlySet<string> = new Set([
  "cos_region",
  "key_prefix",
  "authority",
  "delete_enable",
  "overwrite_enable",
  "rename_enable",
  "allow_from",
  "sse",
  "require_tls",
  "tls_required",
  "tls_cert_file",
  "tls_key_file",
]);

function reasonOf({ message }: Problem): string {
  return message.replace(/^Cannot use /, "not used, ").replace(/\s+/g, " ");
}

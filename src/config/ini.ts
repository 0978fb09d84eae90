/**
 * The reader of the INI dialect that `vsftpd.conf` is written in.
 *
 * - Lines end with LF, CRLF or CR; a byte order mark at the start is skipped.
 * - Blanks are every Unicode blank, so tabs, full-width and no-break blanks pasted from a web page do no harm.
 * - A comment is a line that begins with `#` or `;`, and what follows a blank and `#` or `;` behind a value.
 * - A value that begins with `"` or `'` ends at the same quote; inside, comment signs and blanks are kept and the quote
 *   itself is written twice (`"say ""hi"""`). A backslash stands for itself. Elsewhere a quote is an ordinary character.
 * - There are no continuation lines, and values are text: nothing turns `021` into a number.
 */

/** A `key = value` line. Lines and columns count from 1. */
export interface IniEntry {
  readonly key: string;
  readonly value: string;
  /** The quote that the value was written in. */
  readonly quote: "" | '"' | "'";
  readonly line: number;
  /** Where the key begins. */
  readonly column: number;
  /** Where the value begins, its quote included. */
  readonly valueColumn: number;
}

/** A `[NAME]` line and the entries below it. */
export interface IniSection {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly entries: readonly IniEntry[];
}

/** A line that could not be read. Its text is not repeated: there may be a secret in it. */
export interface IniFault {
  readonly line: number;
  readonly column: number;
  readonly found: string;
  readonly wanted: string;
  readonly remedy: string;
}

/** Sections and faults, both in the order of the text. Sections of the same name are not merged. */
export interface IniText {
  readonly sections: readonly IniSection[];
  readonly faults: readonly IniFault[];
}

// U+200B is no blank to Unicode, but web pages put it where one could be.
const BLANK = "[\\s\\u200b]";
const CONTENT = new RegExp(`(?!${BLANK}).`, "u");
const OUTER_BLANKS = new RegExp(`^${BLANK}+|${BLANK}+$`, "gu");
const NOTHING_MORE = new RegExp(`^${BLANK}*$|^${BLANK}+[#;]`, "u");
const COMMENT_BEHIND = new RegExp(`${BLANK}[#;].*$`, "u");
const KEY = /^[A-Za-z0-9_.-]+$/;

/** Reads sections and entries; a line that cannot be read becomes a fault and the rest is read all the same. */
export function readIni(text: string): IniText {
  const sections: IniSection[] = [];
  const faults: IniFault[] = [];
  // Entries below a broken header, or above the first one, have nowhere to go and are dropped.
  let entries: IniEntry[] | undefined;

  text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/).forEach((content, index) => {
    const line = index + 1;
    const start = content.search(CONTENT);
    if (start < 0 || content[start] === "#" || content[start] === ";") return;
    if (content[start] === "[") {
      entries = [];
      const name = readHeader(content.slice(start));
      if (typeof name !== "string") faults.push({ line, column: start + 1, ...name });
      else sections.push({ name, line, column: start + 1, entries });
      return;
    }
    const entry = readEntry(content, start);
    if ("found" in entry) {
      faults.push({ line, ...entry });
      return;
    }
    if (!entries) {
      entries = [];
      faults.push({
        line,
        column: start + 1,
        found: "a key above the first section",
        wanted: "a section such as [COS_ACCOUNT_0] first",
        remedy: "Write the section's name in brackets on a line above it",
      });
    }
    entries.push({ line, ...entry });
  });
  return { sections, faults };
}

function readHeader(header: string): string | Omit<IniFault, "line" | "column"> {
  const end = header.indexOf("]");
  if (end < 0 || !NOTHING_MORE.test(header.slice(end + 1))) {
    return {
      found: end < 0 ? "a section name without a closing bracket" : "text behind a section name",
      wanted: "[NAME] alone on its line",
      remedy: "End the name with ] and put anything else on a line of its own",
    };
  }
  return trimBlanks(header.slice(1, end));
}

function readEntry(
  content: string,
  start: number,
): Omit<IniEntry, "line"> | Omit<IniFault, "line"> {
  const equals = content.indexOf("=", start);
  const key = equals < 0 ? "" : trimBlanks(content.slice(start, equals));
  if (!KEY.test(key)) {
    return {
      column: start + 1,
      found: "a line that is no section, key or comment",
      wanted: "key = value",
      remedy: "Write a key, an ASCII = and the value, or # before a comment",
    };
  }
  const offset = content.slice(equals + 1).search(CONTENT);
  const valueStart = offset < 0 ? content.length : equals + 1 + offset;
  const opening = content[valueStart];
  const at = { key, column: start + 1, valueColumn: valueStart + 1 };
  if (opening !== '"' && opening !== "'") {
    // The blanks before the value count: `key = # comment` has none.
    const value = trimBlanks(content.slice(equals + 1).replace(COMMENT_BEHIND, ""));
    return { ...at, value, quote: "" };
  }
  const quoted = (opening === '"' ? /^"((?:[^"]|"")*)"/ : /^'((?:[^']|'')*)'/)
    .exec(content.slice(valueStart));
  if (!quoted || !NOTHING_MORE.test(content.slice(valueStart + quoted[0].length))) {
    return {
      column: valueStart + 1,
      found: quoted ? "text behind the closing quote" : "a quote that is not closed",
      wanted: `one value between ${opening} and ${opening}`,
      remedy: `Close the quote, and write a ${opening} that belongs to the value twice`,
    };
  }
  return { ...at, value: quoted[1]!.replaceAll(opening + opening, opening), quote: opening };
}

function trimBlanks(text: string): string {
  return text.replace(OUTER_BLANKS, "");
}

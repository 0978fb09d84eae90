import { formatPlace } from "../../config/problem.ts";
import { ipVersion } from "../../net/cidr.ts";
import type { Check, Outcome } from "../check.ts";
import { type ConfigurationSubject, type FileLine, fileLines } from "./configuration_subject.ts";

/** What cos-ftp-server-V5 did with a value that it did not take as it is meant (`ftp_v5/conf/ftp_config.py`). */
const MISREAD: Readonly<Record<string, (value: string) => string | undefined>> = {
  masquerade_address: (value) =>
    ipVersion(value) === 4 ? undefined : "ignored what is no IPv4 address; here it holds",
  max_connection_num: (value) =>
    value === "0" ? "ignored 0 and took 512; here it is unlimited" : undefined,
  log_level: (value) =>
    /^(?:warning|critical)$/i.test(value) ? "took it for INFO; here it holds" : undefined,
  log_dir: (value) =>
    value === value.toLowerCase()
      ? undefined
      : `wrote to ${value.toLowerCase()}, in lower case; here it holds as it stands`,
};

/** A file that comes from the predecessor can mean more here than it did there: each such value by name. */
export const predecessorCheck: Check<ConfigurationSubject> = {
  id: "config.predecessor",
  title: "Values that cos-ftp-server-V5 ignored or misread",
  mode: "offline",
  run: (subject) => fileLines(subject).flatMap(outcomesOf),
};

function outcomesOf(line: FileLine): Outcome[] {
  const { file, section, entry } = line;
  const key = entry.key.toLowerCase();
  const meanings = [syntaxOf(line), isDefault(line) ? undefined : MISREAD[key]?.(entry.value)];
  return meanings.flatMap((did) =>
    did === undefined ? [] : {
      status: "pass",
      target: formatPlace({ file, line: entry.line, column: entry.column }),
      summary: `[${section}] ${key}: cos-ftp-server-V5 ${did}`,
      data: { section, key },
    }
  );
}

/** It knew no quotes, no comments with # behind a value, and no variables. */
function syntaxOf({ entry, text }: FileLine): string | undefined {
  const { quote, value, valueColumn } = entry;
  const written = text.slice(valueColumn - 1).trim();
  const length = quote === "" ? value.length : closing(written, quote) + 1;
  if (/^\s*#/.test(written.slice(length))) {
    return "took the comment behind the value as part of it; here it is a comment";
  }
  if (quote !== "") return "took the quotes as part of the value; here they only enclose it";
  if (/\$\{\w+\}/.test(value)) return "took ${...} as it stands; here it names a variable";
  return undefined;
}

/** Where a quoted value ends. A quote inside is written twice. */
function closing(text: string, quote: string): number {
  let at = text.indexOf(quote, 1);
  while (text[at + 1] === quote) at = text.indexOf(quote, at + 2);
  return at;
}

function isDefault({ entry }: FileLine): boolean {
  return entry.value === "" || entry.value.toLowerCase() === "default";
}

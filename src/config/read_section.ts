import { expand } from "./environment.ts";
import type { Key, Keys, Values } from "./key.ts";
import { type Place, type Problem, quote } from "./problem.ts";
import type { Section, Setting } from "./settings.ts";
import { type ReadFile, readTextFile } from "./text_file.ts";

/** Where values come from that a setting only names. */
export interface ValueSources {
  readonly env: Readonly<Record<string, string>>;
  readonly readFile: ReadFile;
}

/** A section whose values have been read. */
export interface ReadSection<K extends Keys> {
  readonly section: Section;
  /** Complete when there is no error among the problems. */
  readonly values: Partial<Values<K>>;
  readonly problems: readonly Problem[];
  /** Where the key's value was given; undefined where it was not. */
  placeOf(key: keyof K & string): Place | undefined;
}

/** Reads the values of a section's settings, with the defaults of those that are not given. */
export function readSection<K extends Keys>(
  section: Section,
  keys: K,
  sources: ValueSources,
): ReadSection<K> {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const [name, key] of Object.entries(keys)) {
    const outcome = readKey({ section, name, key, sources });
    if (outcome.problem) problems.push(outcome.problem);
    values[name] = outcome.value;
  }
  return {
    section,
    // Each value was read by the type of its own key.
    values: values as Partial<Values<K>>,
    problems,
    placeOf: (key) => (section.settings.get(key) ?? section.settings.get(`${key}_file`))?.place,
  };
}

interface KeyOutcome {
  readonly value?: unknown;
  readonly problem?: Problem;
}

/** Which key a problem is about, and where it stands. */
export interface About extends Place {
  readonly section: string;
  readonly key: string;
}

function readKey({ section, name, key, sources }: {
  section: Section;
  name: string;
  key: Key<unknown>;
  sources: ValueSources;
}): KeyOutcome {
  const direct = section.settings.get(name);
  const inFile = key.fromFile ? section.settings.get(`${name}_file`) : undefined;
  const setting = inFile ?? direct;
  const about: About = {
    section: section.name,
    key: inFile ? `${name}_file` : name,
    ...(setting?.place ?? section.place),
  };
  if (key.retired) return setting ? { problem: retiredNote(about, key.retired) } : {};
  if (inFile && direct) {
    const fault = `${name} is given too, wanted one of the two`;
    return failed(about, { kind: "conflict", fault, remedy: `Remove ${name} or ${name}_file` });
  }
  const instead = key.unless?.find((other) => section.settings.get(other)?.text !== undefined);
  if (instead) {
    if (setting?.text === undefined) return {};
    const fault = `${instead} is given too, wanted one of the two`;
    return failed(about, { kind: "conflict", fault, remedy: `Remove ${name} or ${instead}` });
  }
  const text = setting && textOf(setting, sources, { fromFile: inFile !== undefined });
  if (text && "fault" in text) return failed(about, { kind: "unreadable", ...text });
  return text?.text ? readText(text, key, about) : absent(key, about);
}

function readText(text: SettingText, key: Key<unknown>, about: About): KeyOutcome {
  const { wanted } = key.type;
  const value = key.type.read(text.text);
  const severity = key.placeholders?.[text.text];
  if (severity) {
    // A placeholder that works is somebody's password until it is replaced.
    const found = key.secret && severity === "warning" ? undefined : text.text;
    const fault = `found the sample's placeholder${found ? ` ${found}` : ""}, wanted ${wanted}`;
    const remedy = `Put a value of your own in its place${key.required ? "" : ", or remove it"}`;
    return {
      value,
      ...failed(about, { severity, kind: "placeholder", fault, remedy, found, wanted }),
    };
  }
  if (value !== undefined) return { value };
  const found = key.secret ? undefined : text.shown;
  return failed(about, {
    kind: "invalid",
    fault: `found ${found ? quote(found) : describeSecret(text.text)}, wanted ${wanted}`,
    remedy: key.default !== undefined
      ? `Give it a value like the default, ${key.default}, or remove it`
      : `Give it a value like ${key.example}${key.required ? "" : ", or remove it"}`,
    found,
    wanted,
  });
}

function describeSecret(text: string): string {
  return /\p{Cc}/u.test(text) ? "line ends or other control characters" : "a value not shown here";
}

/** What a key that is not given comes to. */
function absent(key: Key<unknown>, about: About): KeyOutcome {
  if (!key.required) return { value: key.default && key.type.read(key.default) };
  return { problem: missingValue(about, key.type.wanted) };
}

/** What is wrong where a key has no value and needs one. */
export function missingValue(about: About, wanted: string): Problem {
  return problem(about, {
    kind: "missing",
    fault: `missing, wanted ${wanted}`,
    remedy: "Give it a value; one that begins with # or ; stands in quotes",
    wanted,
  });
}

/** What a setting comes to. */
interface SettingText {
  readonly text: string;
  /** What may be shown of it: nothing that came from elsewhere. */
  readonly shown: string;
}

function textOf(
  setting: Setting,
  { env, readFile }: ValueSources,
  { fromFile }: { fromFile: boolean },
): SettingText | { fault: string; remedy: string } | undefined {
  if (setting.text === undefined) return undefined;
  const expanded = setting.expands ? expand(setting.text, env) : { text: setting.text };
  if ("found" in expanded) {
    return {
      fault: `found ${expanded.found}, wanted ${expanded.wanted}`,
      remedy: "Set the variable where cosftp is started, or write the value itself",
    };
  }
  if (!fromFile) return { text: expanded.text, shown: setting.text };
  const file = readTextFile(expanded.text, readFile);
  if ("text" in file) return { text: file.text.replace(/\r?\n$/, ""), shown: setting.text };
  // What does not look like a path may be the secret itself.
  const name = /^\.{0,2}\//.test(setting.text) ? quote(setting.text) : "the file it names";
  return { fault: `cannot read ${name}, ${file.reason}`, remedy: file.remedy };
}

interface Failure {
  readonly severity?: Problem["severity"];
  readonly kind: Problem["kind"];
  readonly fault: string;
  readonly remedy: string;
  readonly found?: string;
  readonly wanted?: string;
}

function failed(about: About, failure: Failure): KeyOutcome {
  return { problem: problem(about, failure) };
}

function problem(
  about: About,
  { severity = "error", kind, fault, remedy, found, wanted }: Failure,
): Problem {
  const action = severity === "error" ? "Cannot use" : "Should not use";
  const message = `${action} [${about.section}] ${about.key}: ${fault}`;
  return { ...about, severity, kind, found, wanted, message, remedy };
}

function retiredNote(about: About, reason: string): Problem {
  return {
    ...about,
    severity: "note",
    kind: "retired",
    message: `[${about.section}] ${about.key} no longer does anything: ${reason}`,
    remedy: "Remove it",
  };
}

import type { IniFault, IniText } from "./ini.ts";
import { keyNames, type SectionKind, sectionKind, SECTIONS } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { type Place, type Problem, quote } from "./problem.ts";

/** What was written for one key, not yet read as a value. */
export interface Setting {
  /** Undefined where nothing, or `default` without quotes, was written: the key's default holds. */
  readonly text: string | undefined;
  /** Whether `${NAME}` in it stands for an environment variable. */
  readonly expands: boolean;
  readonly place: Place;
}

/** A section of which the kind is known. Its keys are all known too, and lower case. */
export interface Section {
  readonly name: string;
  readonly kind: SectionKind;
  readonly place: Place;
  readonly settings: ReadonlyMap<string, Setting>;
}

/** A setting of the command line. */
export interface Override {
  readonly flag: string;
  readonly section: SectionKind;
  readonly key: string;
  readonly text: string;
}

/** Sections, and what was wrong on the way to them. */
export interface Gathered {
  readonly sections: readonly Section[];
  readonly problems: readonly Problem[];
}

/**
 * The settings of a file. Sections and keys that are unknown are left out, and errors unless `lenient`. An account that
 * appears twice stays twice, so that what is wrong inside is seen too; another section's keys go to the first one.
 */
export function fileSettings(
  ini: IniText,
  { file, lenient }: { file: string; lenient: boolean },
): Gathered {
  const severity = lenient ? "warning" : "error";
  const problems: Problem[] = ini.faults.map((fault) => syntaxProblem(fault, file));
  const sections: (Section & { settings: Map<string, Setting> })[] = [];

  for (const { name, line, column, entries } of ini.sections) {
    const kind = sectionKind(name);
    const place = { file, line, column };
    if (!kind) {
      problems.push(unknownSection(name, { ...place, severity }));
      continue;
    }
    const first = sections.find((section) => isSameName(section.name, name));
    if (first) problems.push(duplicateSection(first, place));
    let section = first;
    if (!section || kind === "COS_ACCOUNT") {
      section = { name, kind, place, settings: new Map() };
      sections.push(section);
    }
    for (const entry of entries) {
      const key = entry.key.toLowerCase();
      const keyPlace = { file, line: entry.line, column: entry.column };
      const given = section.settings.get(key);
      if (!keyNames(kind).includes(key)) {
        problems.push(unknownKey({ name, kind, key: entry.key }, { ...keyPlace, severity }));
      } else if (given) {
        problems.push(duplicateKey({ name, key, first: given.place }, keyPlace));
      } else {
        section.settings.set(key, {
          text: entry.quote === "" && isDefault(entry.value) ? undefined : entry.value,
          expands: entry.quote !== "'",
          place: { file, line: entry.line, column: entry.valueColumn },
        });
      }
    }
  }
  return { sections, problems };
}

/** The settings of the command line. */
export function flagSettings(overrides: readonly Override[]): readonly Section[] {
  return overrides.map(({ flag, section, key, text }) => ({
    name: section,
    kind: section,
    place: { flag },
    settings: new Map([[key, { text, expands: false, place: { flag } }]]),
  }));
}

/**
 * Lays `upper` over `lower`: its settings win. A key and the same key with `_file` are two ways of giving one value, so
 * each takes the place of the other.
 */
export function overlay(lower: readonly Section[], upper: readonly Section[]): readonly Section[] {
  const sections = [...lower];
  for (const section of upper) {
    const index = sections.findIndex(({ name }) => isSameName(name, section.name));
    const below = sections[index];
    if (!below) {
      sections.push(section);
      continue;
    }
    const settings = new Map(below.settings);
    for (const key of section.settings.keys()) {
      settings.delete(key.endsWith("_file") ? key.slice(0, -"_file".length) : `${key}_file`);
    }
    for (const [key, setting] of section.settings) settings.set(key, setting);
    sections[index] = { ...below, settings };
  }
  return sections;
}

/** Whether a value without quotes stands for the key's default. */
export function isDefault(text: string): boolean {
  return text === "" || text.toLowerCase() === "default";
}

/** Section names are compared without regard to case. */
export function isSameName(a: string, b: string): boolean {
  return a.toUpperCase() === b.toUpperCase();
}

function syntaxProblem(fault: IniFault, file: string): Problem {
  return {
    ...fault,
    file,
    severity: "error",
    kind: "syntax",
    message: `Cannot read the line: found ${fault.found}, wanted ${fault.wanted}`,
  };
}

function duplicateSection(first: Section, place: Place): Problem {
  const isAccount = first.kind === "COS_ACCOUNT";
  return {
    ...place,
    severity: "error",
    kind: "duplicate",
    section: first.name,
    message: `Cannot use [${first.name}] again: it has begun on line ${first.place.line}`,
    remedy: isAccount
      ? "Give the second account a section name of its own"
      : "Move its keys to the first one",
  };
}

function duplicateKey(
  { name, key, first }: { name: string; key: string; first: Place },
  place: Place,
): Problem {
  return {
    ...place,
    severity: "error",
    kind: "duplicate",
    section: name,
    key,
    message: `Cannot use [${name}] ${key} again: it is given on line ${first.line}`,
    remedy: "Keep one of the two lines",
  };
}

type Found = Place & Pick<Problem, "severity">;

/** How the message about something unknown begins. */
export function unused({ severity }: Pick<Problem, "severity">): string {
  return severity === "error" ? "Cannot use" : "Ignored";
}

function unknownSection(name: string, found: Found): Problem {
  const known = Object.keys(SECTIONS).map((kind) =>
    kind === "COS_ACCOUNT" ? "COS_ACCOUNT_0" : kind
  );
  const meant = nearest(name, known);
  return {
    ...found,
    kind: "unknown",
    section: name,
    message: `${unused(found)} section ${quote(name)}: unknown` +
      (meant ? `, did you mean [${meant}]?` : `, wanted one of ${known.join(", ")}`),
    remedy: `${meant ? `Write [${meant}]` : "Remove the section"}, or have it ignored by --lenient`,
  };
}

function unknownKey(
  { name, kind, key }: { name: string; kind: SectionKind; key: string },
  found: Found,
): Problem {
  const home = (Object.keys(SECTIONS) as SectionKind[])
    .find((other) => keyNames(other).includes(key.toLowerCase()));
  const meant = nearest(key, keyNames(kind));
  const [hint, remedy] = home
    ? [
      `, it belongs to [${home === "COS_ACCOUNT" ? "COS_ACCOUNT_*" : home}]`,
      "Move the line there",
    ]
    : meant
    ? [`, did you mean ${meant}?`, `Write ${meant}`]
    : ["", "Remove the line"];
  return {
    ...found,
    kind: "unknown",
    section: name,
    key,
    message: `${unused(found)} [${name}] ${key}: unknown${hint}`,
    remedy: `${remedy}, or have it ignored by --lenient`,
  };
}

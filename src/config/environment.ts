import { keyNames, type SectionKind, sectionKind, SECTIONS } from "./keys.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import {
  type Gathered,
  isDefault,
  isSameName,
  type Section,
  type Setting,
  unused,
} from "./settings.ts";

const PREFIX = "COSFTP_";

/** Variables that begin like settings and are none. */
const NO_SETTINGS = /^COSFTP_(?:CONFIG|PASSWORD|BIN|REQUIRE_CLIENTS|TEST_.*)$/;

/**
 * The settings of the environment: `COSFTP_<SECTION>_<KEY>`, such as COSFTP_NETWORK_LISTEN_PORT or
 * COSFTP_COS_ACCOUNT_0_COS_SECRETKEY. A section that no file has is defined that way too. Values are taken as they are,
 * without quotes, comments or `${NAME}`; an empty variable counts as not set.
 *
 * @param options.sections those of the file, to tell what a misspelt variable was meant to be.
 */
export function environmentSettings(
  env: Readonly<Record<string, string>>,
  options: { sections: readonly Section[]; lenient: boolean },
): Gathered {
  const problems: Problem[] = [];
  const sections: (Section & { settings: Map<string, Setting> })[] = [];
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable]!;
    if (!variable.startsWith(PREFIX) || NO_SETTINGS.test(variable) || text === "") continue;
    const name = settingName(variable.slice(PREFIX.length));
    if (!name) {
      problems.push(unknownVariable(variable, options));
      continue;
    }
    const place = { variable };
    let section = sections.find((other) => isSameName(other.name, name.section));
    if (!section) {
      section = { name: name.section, kind: name.kind, place, settings: new Map() };
      sections.push(section);
    }
    section.settings.set(name.key, {
      text: isDefault(text) ? undefined : text,
      expands: false,
      place,
    });
  }
  return { sections, problems };
}

/** What {@linkcode expand} could not put in. */
export interface ExpansionFault {
  readonly found: string;
  readonly wanted: string;
}

/** Puts the environment's values in for each `${NAME}`; what was put in is not looked at again. */
export function expand(
  text: string,
  env: Readonly<Record<string, string>>,
): { readonly text: string } | ExpansionFault {
  let fault: ExpansionFault | undefined;
  const expanded = text.replace(/\$\{([^}]*)(\}?)/g, (_, name: string, end: string) => {
    if (!end || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      fault ??= {
        found: "a ${ that does not begin a variable's name and end with }",
        wanted: "${NAME}, or single quotes around a value that is meant as it stands",
      };
    } else if (!Object.hasOwn(env, name)) {
      fault ??= {
        found: `\${${name}}, which is not set`,
        wanted: `the environment variable ${name}`,
      };
    }
    return env[name] ?? "";
  });
  return fault ?? { text: expanded };
}

/** Splits `NETWORK_LISTEN_PORT` where its section ends and its key begins. */
function settingName(
  name: string,
): { section: string; kind: SectionKind; key: string } | undefined {
  const kinds = Object.keys(SECTIONS) as SectionKind[];
  for (const kind of kinds.filter((kind) => name.startsWith(`${kind}_`))) {
    for (const key of keyNames(kind)) {
      const section = name.slice(0, -key.length - 1);
      if (`${section}_${key.toUpperCase()}` === name && sectionKind(section) === kind) {
        return { section, kind, key };
      }
    }
  }
  return undefined;
}

function unknownVariable(
  variable: string,
  { sections, lenient }: { sections: readonly Section[]; lenient: boolean },
): Problem {
  const accounts = sections.filter(({ kind }) => kind === "COS_ACCOUNT").map(({ name }) => name);
  const known = (Object.keys(SECTIONS) as SectionKind[]).flatMap((kind) => {
    const names = kind !== "COS_ACCOUNT" ? [kind] : accounts.length ? accounts : ["COS_ACCOUNT_0"];
    return names.flatMap((name) =>
      keyNames(kind).map((key) => `${PREFIX}${name}_${key}`.toUpperCase())
    );
  });
  const meant = nearest(variable, known);
  const severity = lenient ? "warning" : "error";
  return {
    variable,
    severity,
    kind: "unknown",
    message: `${unused({ severity })} the environment variable ${variable}: unknown` +
      (meant ? `, did you mean ${meant}?` : ", wanted COSFTP_<SECTION>_<KEY>"),
    remedy: `${meant ? `Set ${meant}` : "Unset it"}, or have it ignored by --lenient`,
  };
}

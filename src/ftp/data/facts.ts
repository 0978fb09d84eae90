import { type Permissions, permits } from "../../accounts/permissions.ts";
import type { Entry } from "../../vfs/tree.ts";

/** The facts that MLST and MLSD can give (RFC 3659 section 7.5), in the order they are given. */
export const FACTS = ["type", "size", "modify", "perm"] as const;
export type Fact = typeof FACTS[number];

/** A line of MLSD, and of MLST without its leading blank (RFC 3659 section 7.2). An unknown fact is left out. */
export function formatFacts(entry: Entry, options: {
  facts: ReadonlySet<Fact>;
  permissions: Permissions;
}): string {
  const directory = entry.kind === "directory";
  const values: Record<Fact, string | undefined> = {
    type: directory ? "dir" : "file",
    size: directory ? undefined : String(entry.size),
    modify: entry.modified && formatTimeVal(entry.modified),
    perm: directory
      ? directoryPermissions(options.permissions)
      : filePermissions(options.permissions),
  };
  const facts = FACTS.filter((fact) => options.facts.has(fact) && values[fact] !== undefined)
    .map((fact) => `${fact}=${values[fact]};`);
  return `${facts.join("")} ${entry.name}`;
}

/** The line that FEAT gives for MLST: a star behind the facts that are switched on (RFC 3659 section 7.8). */
export function featureLine(chosen: ReadonlySet<Fact>): string {
  return `MLST ${FACTS.map((fact) => `${fact}${chosen.has(fact) ? "*" : ""};`).join("")}`;
}

/** `YYYYMMDDHHMMSS`, UTC (RFC 3659 section 2.3). */
export function formatTimeVal(date: Date): string {
  return date.toISOString().slice(0, 19).replace(/\D/g, "");
}

/** The inverse of {@linkcode formatTimeVal}, with or without a fraction; undefined for what is no time. */
export function parseTimeVal(text: string): Date | undefined {
  const fields = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?$/.exec(text);
  if (!fields) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ""] = fields;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** RFC 3659 section 7.5.5. */
function filePermissions(permissions: Permissions): string {
  return (permits(permissions, "write") && permissions.overwriteEnable ? "aw" : "") +
    (permits(permissions, "read") ? "r" : "") +
    (permits(permissions, "delete") ? "d" : "") +
    (permits(permissions, "rename") ? "f" : "");
}

function directoryPermissions(permissions: Permissions): string {
  return "e" +
    (permits(permissions, "read") ? "l" : "") +
    (permits(permissions, "write") ? "cm" : "") +
    (permits(permissions, "delete") ? "dp" : "");
}

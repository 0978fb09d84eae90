import type { Permissions } from "../../accounts/permissions.ts";
import type { Entry } from "../../vfs/tree.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Half a Gregorian year, as ls counts it. Milliseconds. */
const SIX_MONTHS = 365.2425 / 2 * 24 * 3600 * 1000;

/** COS refuses requests whose time is further from its own, so its clock is never more ahead of ours. Milliseconds. */
const CLOCK_SKEW_MAX = 15 * 60 * 1000;

/**
 * A line of LIST in the form of `ls -l`, the one that every client parses, without its line end. Times are UTC. COS keeps
 * no times for directories; they show the epoch.
 */
export function formatListLine(entry: Entry, options: {
  permissions: Permissions;
  /** Milliseconds since the epoch: recent files show the time of day, others the year. */
  now: number;
}): string {
  const { read, write } = options.permissions.authority;
  const r = read ? "r" : "-";
  const w = write ? "w" : "-";
  const mode = entry.kind === "directory" ? `d${r}${w}x${r}-x${r}-x` : `-${r}${w}-${r}--${r}--`;
  const size = String(entry.size).padStart(12);
  const date = formatDate(entry.modified ?? new Date(0), options.now);
  return `${mode}   1 ftp      ftp      ${size} ${date} ${entry.name}`;
}

function formatDate(date: Date, now: number): string {
  const age = now - date.getTime();
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  if (age > SIX_MONTHS || age < -CLOCK_SKEW_MAX) {
    return `${day}  ${String(date.getUTCFullYear()).padStart(4, "0")}`;
  }
  const two = (value: number) => String(value).padStart(2, "0");
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

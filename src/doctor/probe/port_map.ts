import { formatRange, type PortRange, rangesOf } from "../steps.ts";

/** What a port turned out to be. */
export type PortState =
  | "open"
  | "dropped"
  | "prohibited"
  | "refused"
  | "astray"
  | "failed"
  | "not held";

/** One letter each; cells with several states have a letter of their own. */
const LETTERS: Readonly<Record<PortState, string>> = {
  open: "#",
  dropped: ".",
  prohibited: "x",
  refused: "r",
  astray: "?",
  failed: "!",
  "not held": "-",
};
const MIXED = "*";

/** What fits on a screen. */
const ROWS = 4;
const COLUMNS = 64;

/** The ports of each state, as ranges. A range goes on over ports that are not held: nobody knows better. */
export function rangesByState(states: ReadonlyMap<number, PortState>): Map<PortState, PortRange[]> {
  const ports = [...states.keys()].sort((a, b) => a - b);
  const held = ports.filter((port) => states.get(port) !== "not held");
  const ranges = new Map<PortState, { first: number; last: number }[]>();
  let previous: PortState | undefined;
  for (const port of held) {
    const state = states.get(port)!;
    const ofState = ranges.get(state) ?? [];
    ranges.set(state, ofState);
    if (state === previous) ofState.at(-1)!.last = port;
    else ofState.push({ first: port, last: port });
    previous = state;
  }
  const others = rangesOf(ports.filter((port) => states.get(port) === "not held"));
  return others.length === 0 ? ranges : new Map([...ranges, ["not held", others]]);
}

/** Rows of letters, each for as many ports as the last line says; ports that nobody held take the letter of their neighbours. */
export function drawPortMap(states: ReadonlyMap<number, PortState>): string {
  const ports = [...states.keys()].sort((a, b) => a - b);
  const perCell = Math.max(1, Math.ceil(ports.length / (ROWS * COLUMNS)));
  const cells: string[] = [];
  for (let at = 0; at < ports.length; at += perCell) {
    const all = new Set(ports.slice(at, at + perCell).map((port) => states.get(port)!));
    if (all.size > 1) all.delete("not held");
    const [only] = all;
    cells.push(all.size === 1 ? LETTERS[only!] : MIXED);
  }
  const lines: string[] = [];
  for (let at = 0; at < cells.length; at += COLUMNS) {
    lines.push(`${ports[at * perCell]}`.padStart(5) + ` ${cells.slice(at, at + COLUMNS).join("")}`);
  }
  const seen = [...rangesByState(states)].map(([state, ranges]) =>
    `${LETTERS[state]} ${state}: ${shortened(ranges)}`
  );
  if (cells.includes(MIXED)) seen.push(`${MIXED} several of these`);
  return [...lines, `(a letter is ${perCell} ${perCell === 1 ? "port" : "ports"})`, ...seen]
    .map((line) => `${line}\n`).join("");
}

/** The ranges, the first ones of many. */
export function shortened(ranges: readonly PortRange[], most = 8): string {
  const named = ranges.slice(0, most).map(formatRange).join(", ");
  return ranges.length > most ? `${named} and ${ranges.length - most} more` : named;
}

import type { Json, Remedy } from "./check.ts";

/** Where lines are to be pasted. */
export type Place = "the server" | "the router" | "this machine" | "the console";

/** One way of mending something: lines to paste at one place. */
export interface Step {
  readonly on: Place;
  /** What the lines are for or of: `with iptables`. */
  readonly how: string;
  readonly commands: readonly string[];
}

/** A port or a row of them, inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A remedy that offers several ways. Each way begins with a comment that says where it belongs, so all of it can be pasted. */
export function remedyOf(text: string, steps: readonly Step[]): Remedy {
  return {
    text,
    commands: steps.flatMap(({ on, how, commands }) => [
      `# On ${on}${how === "" ? "" : `, ${how}`}:`,
      ...commands,
    ]),
  };
}

/** The same for programs, in `data`. */
export function stepsData(steps: readonly Step[]): Json {
  return steps.map(({ on, how, commands }) => ({ on, how, commands }));
}

/** `60000-65535` or `2121`. */
export function formatRange({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/** Sorted ports as ranges, neighbours joined. */
export function rangesOf(ports: readonly number[]): PortRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const port of ports) {
    const current = ranges.at(-1);
    if (current && port === current.last + 1) current.last = port;
    else ranges.push({ first: port, last: port });
  }
  return ranges;
}

import { inParallel } from "../../vfs/in_parallel.ts";
import type { PortState } from "./port_map.ts";

/** How many rows of silent ports are looked at closely. */
const ROWS_MAX = 20;
/** Silent ports of the other rows that are asked again at the same time. */
const AT_ONCE = 128;

/** Silent ports next to each other. A neighbour's state is given where some of them may really have the same. */
interface Row {
  readonly ports: readonly number[];
  readonly before: PortState | undefined;
  readonly after: PortState | undefined;
}

type Ask = (port: number) => Promise<PortState>;

/**
 * Looks once more at ports of which nothing came back when many were asked at once. Linux answers by ICMP about once a second, so
 * most ports of many that are rejected are silent too; and answers get lost. A long row is asked alone at its ends and in its
 * middle, and then between two ports that differ, until it is known where one state ends and the next begins. Of many short
 * ones each port is asked again, or it is taken for the rejected port beside it.
 *
 * @param states of all ports; they are corrected.
 * @param ask asks one port again.
 */
export async function settleSilence(states: Map<number, PortState>, ask: Ask): Promise<void> {
  const rows = silentRows(states).sort((a, b) => b.ports.length - a.ports.length);
  for (const row of rows.slice(0, ROWS_MAX)) {
    for (const [port, state] of await settleRow(row, ask)) states.set(port, state);
  }
  const again: number[] = [];
  for (const { ports, before, after } of rows.slice(ROWS_MAX)) {
    const rejected = before ?? after;
    if (rejected === undefined) again.push(...ports);
    else for (const port of ports) states.set(port, rejected);
  }
  await inParallel(again, AT_ONCE, async (port) => {
    states.set(port, await ask(port));
  });
}

/** Ports that nobody holds are passed over. */
function silentRows(states: ReadonlyMap<number, PortState>): Row[] {
  const known = [...states].filter(([, state]) => state !== "not held").sort(([a], [b]) => a - b);
  const rows: Row[] = [];
  for (let at = 0; at < known.length;) {
    let end = at;
    while (known[end]?.[1] === "dropped") end++;
    if (end > at) {
      const ports = known.slice(at, end).map(([port]) => port);
      rows.push({ ports, before: asRejected(known[at - 1]), after: asRejected(known[end]) });
    }
    at = end + 1;
  }
  return rows;
}

function asRejected([, state]: readonly [number, PortState?] = [0]): PortState | undefined {
  return state === "prohibited" ? state : undefined;
}

async function settleRow({ ports, before, after }: Row, ask: Ask): Promise<[number, PortState][]> {
  const last = ports.length - 1;
  const middle = last >> 1;
  // The ports that tell most: those furthest from neighbours that they may be like.
  const first = before && after ? [middle] : before ? [last] : after ? [0] : [0, middle, last];
  const states: (PortState | undefined)[] = new Array(ports.length);
  await Promise.all([...new Set(first)].map(async (at) => {
    states[at] = await ask(ports[at]!);
  }));
  const known = [
    ...before ? [{ at: -1, state: before }] : [],
    ...states.flatMap((state, at) => state ? [{ at, state }] : []),
    ...after ? [{ at: ports.length, state: after }] : [],
  ];
  for (const [index, end] of known.entries()) {
    if (index > 0) await settleBetween(known[index - 1]!, end);
  }
  return ports.map((port, at) => [port, states[at]!]);

  async function settleBetween(from: Known, to: Known): Promise<void> {
    if (to.at - from.at < 2) return;
    if (from.state === to.state) return void states.fill(from.state, from.at + 1, to.at);
    const at = (from.at + to.at) >> 1;
    const state = states[at] = await ask(ports[at]!);
    await settleBetween(from, { at, state });
    await settleBetween({ at, state }, to);
  }
}

/** The state of the port at this index of a row, or beside it. */
interface Known {
  readonly at: number;
  readonly state: PortState;
}

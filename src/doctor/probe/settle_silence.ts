import type { PortState } from "./port_map.ts";

/** How many rows of silent ports are looked at once more. */
const ROWS_MAX = 20;

/** Silent ports next to each other. A neighbour's state is given where some of them may really have the same. */
interface Row {
  readonly ports: readonly number[];
  readonly before: PortState | undefined;
  readonly after: PortState | undefined;
}

/**
 * Looks once more at ports of which nothing came back when many were asked at once. Linux answers by ICMP about once a second, so
 * most ports of many that are rejected are silent too; and answers get lost. A row is taken to be dropped, rejected, or one of them up to
 * some port and the other from there; many short ones are taken for what is beside them.
 *
 * @param states of all ports; they are corrected.
 * @param ask asks one port again.
 */
export async function settleSilence(
  states: Map<number, PortState>,
  ask: (port: number) => Promise<PortState>,
): Promise<void> {
  const rows = silentRows(states).sort((a, b) => b.ports.length - a.ports.length);
  for (const [index, row] of rows.entries()) {
    const settled = index < ROWS_MAX
      ? await settleRow(row, ask)
      : all(row.ports, row.before ?? row.after ?? "dropped");
    for (const [port, state] of settled) states.set(port, state);
  }
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

async function settleRow(
  { ports, before, after }: Row,
  ask: (port: number) => Promise<PortState>,
): Promise<[number, PortState][]> {
  if (ports.length === 0) return [];
  // The port that tells most: the one furthest from neighbours that it may be like.
  const at = (before === undefined) === (after === undefined)
    ? ports.length >> 1
    : before === undefined
    ? 0
    : ports.length - 1;
  const state = await ask(ports[at]!);
  if (state !== "dropped") {
    if (state === before || state === after) return all(ports, state);
    // Its answer was lost; who knows about the others.
    return [
      ...await settleRow({ ports: ports.slice(0, at), before, after: state }, ask),
      [ports[at]!, state],
      ...await settleRow({ ports: ports.slice(at + 1), before: state, after }, ask),
    ];
  }
  const isSilent = async (index: number) => await ask(ports[index]!) === "dropped";
  // As far as the neighbours' state goes.
  const first = before === undefined ? 0 : await firstOf(isSilent, { no: -1, yes: at });
  const last = after === undefined ? ports.length : ports.length - await firstOf(
    (index) => isSilent(ports.length - 1 - index),
    { no: -1, yes: ports.length - 1 - at },
  );
  return [
    ...before === undefined ? [] : all(ports.slice(0, first), before),
    ...after === undefined ? [] : all(ports.slice(last), after),
  ];
}

/** The first index at which it is so, between one where it is not and one where it is. */
async function firstOf(
  is: (index: number) => Promise<boolean>,
  { no, yes }: { no: number; yes: number },
): Promise<number> {
  while (yes - no > 1) {
    const middle = (no + yes) >> 1;
    if (await is(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

function all(ports: readonly number[], state: PortState): [number, PortState][] {
  return ports.map((port) => [port, state]);
}

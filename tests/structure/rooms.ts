import type { Import } from "./import_graph.ts";

/** Rooms that anyone may import, and that import only each other. */
const LEAVES = [
  "src/config",
  "src/net",
  "src/checksum",
  "src/clock.ts",
  "src/telemetry",
  "src/accounts/passwords.ts",
  "src/accounts/fair_places.ts",
];

/** Which rooms a room may import besides itself and the leaves. A room is a file or a folder; the longest name counts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["src/cli"],
  "src/cli": ["src/app", "src/doctor"],
  "src/app": [
    "src/ftp",
    "src/emulator",
    "src/doctor",
    "src/telemetry/admin",
    "src/vfs",
    "src/accounts",
    "src/store",
    "src/store/cos",
  ],
  "src/ftp": ["src/vfs", "src/accounts", "src/store"],
  "src/emulator": ["src/vfs", "src/accounts", "src/store"],
  "src/doctor": ["src/vfs", "src/accounts", "src/store"],
  "src/telemetry/admin": ["src/vfs", "src/accounts", "src/store"],
  "src/accounts": ["src/vfs", "src/store"],
  "src/vfs": ["src/store"],
  "src/store/cos": ["src/store"],
  "src/store": [],
  ...Object.fromEntries(LEAVES.map((leaf) => [leaf, []])),
};

/** Forbidden although the rooms may. */
const EXCEPTIONS = [{ from: "src/ftp", to: "src/config/ini.ts" }];

/** Modules that behave differently from one Deno version to the next, or reach past the seams. */
const FORBIDDEN_MODULES = [
  "node:net",
  "node:tls",
  "node:http",
  "node:http2",
  "node:https",
  "node:process",
];

/** The room that `file` is in, or undefined. */
export function roomOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((room) => isIn(file, room))
    .sort((a, b) => b.length - a.length)[0];
}

/** What is wrong with the imports, one line each. */
export function findForbiddenImports(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to }) => {
    const reason = whyForbidden(from, to);
    return reason ? [`${from} imports ${to}: ${reason}`] : [];
  });
}

function whyForbidden(from: string, to: string): string | undefined {
  if (/^(npm|node):/.test(to)) {
    return FORBIDDEN_MODULES.includes(to) ? "no such module in the product" : undefined;
  }
  const [own, other] = [roomOf(from), roomOf(to)];
  if (!own) return `${from} is in no room`;
  if (!other) return `${to} is in no room`;
  if (EXCEPTIONS.some((edge) => isIn(from, edge.from) && isIn(to, edge.to))) {
    return "forbidden by name";
  }
  if (own === other || LEAVES.includes(other) || MAY_IMPORT[own]!.includes(other)) return;
  return `${own} may not import ${other}`;
}

/** Rooms that import each other, directly or not: one closed path for each way in, `a -> b -> a`. */
export function findRoomCycles(imports: readonly Import[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [own, other] = [roomOf(from), roomOf(to)];
    if (!own || !other || own === other) continue;
    next.set(own, (next.get(own) ?? new Set()).add(other));
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (room: string, path: readonly string[]) => {
    if (path.includes(room)) {
      cycles.push([...path.slice(path.indexOf(room)), room].join(" -> "));
      return;
    }
    if (done.has(room)) return;
    for (const other of next.get(room) ?? []) visit(other, [...path, room]);
    done.add(room);
  };
  for (const room of next.keys()) visit(room, []);
  return cycles;
}

function isIn(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`);
}

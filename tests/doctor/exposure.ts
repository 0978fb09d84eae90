import assert from "node:assert/strict";
import { formatRange, rangesOf } from "../../src/doctor/steps.ts";
import type { Host } from "./namespaces.ts";

/** Those of ICMP that are tried. */
const CODES = Array.from({ length: 16 }, (_, code) => code);
const KNOCK = new URL("knock.ts", import.meta.url).pathname;
/** Each knocks from another port: what a router or a firewall remembers of the one before is no answer. */
let nextPort = 20_000;

/** What of a machine can be reached: `tcp 2121`, `udp 53`, `icmp 8/0` (type and code). */
export type Exposure = ReadonlySet<string>;

/** Behind every other rule: a packet that comes by here is let in, however the machine then answers. */
const WATCH = `table inet watch {
  set seen-tcp { type inet_service; size 65536; flags dynamic; }
  set seen-udp { type inet_service; size 65536; flags dynamic; }
  set seen-icmp { type icmp_type . icmp_code; size 65536; flags dynamic; }
  set seen-icmpv6 { type icmpv6_type . icmpv6_code; size 65536; flags dynamic; }
  chain input {
    type filter hook input priority 2147483646;
    tcp flags & (syn | ack) == syn add @seen-tcp { tcp dport }
    add @seen-udp { udp dport }
    add @seen-icmp { icmp type . icmp code }
    add @seen-icmpv6 { icmpv6 type . icmpv6 code }
  }
}`;

/** What a packet from `from` to `address` can be, to reach `host`: every port and ICMP message is tried. */
export async function exposureOf(
  host: Host,
  { from, address }: { from: Host; address: string },
): Promise<Exposure> {
  await host.paste([`nft -f - <<'END'\n${WATCH}\nEND`]);
  try {
    const [route] = JSON.parse(await from.run(`ip -j route get ${address}`.split(" ")));
    const knock = `run --quiet --no-prompt --allow-ffi ${KNOCK} ${address} ${route.prefsrc}`;
    await from.run([Deno.execPath(), ...knock.split(" "), `${nextPort++}`]);
    return new Set(
      readSets(await host.run("nft --json --numeric list table inet watch".split(" "))),
    );
  } finally {
    await host.run("nft delete table inet watch".split(" "));
  }
}

function readSets(json: string): string[] {
  const { nftables } = JSON.parse(json) as {
    nftables: { set?: { name: string; elem?: (number | { concat: number[] })[] } }[];
  };
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).map((it) =>
      `${set!.name.slice("seen-".length)} ${typeof it === "number" ? it : it.concat.join("/")}`
    )
  );
}

/** Asserts that what can be reached has grown by `opened` and by nothing else, and that none of it could be reached before. */
export function assertOpened(
  { before, after, opened }: { before: Exposure; after: Exposure; opened: Exposure },
): void {
  assert.deepEqual(inShort(before.intersection(opened)), [], "what was open before");
  assert.deepEqual(inShort(after), inShort(before.union(opened)), "what is open now");
}

/** What `tcp 60000-65535`, `icmp 8` (with any code) and `icmp 3/4` stand for. */
export function allOf(...words: readonly string[]): Exposure {
  return new Set(words.flatMap((word) => {
    const [, protocol = "", first, last] = /^(\w+) (\d+)(?:-(\d+))?$/.exec(word) ?? [];
    if (first === undefined) return [word];
    if (protocol.startsWith("icmp")) return CODES.map((code) => `${word}/${code}`);
    const size = Number(last ?? first) - Number(first) + 1;
    return Array.from({ length: size }, (_, index) => `${protocol} ${Number(first) + index}`);
  }));
}

/** The opposite of `allOf`. */
export function inShort(exposure: Exposure): string[] {
  const groups = Map.groupBy(exposure, (it) => it.replace(it.includes("/") ? /\/.*/ : / .*/, ""));
  return [...groups].flatMap(([name, members]) => {
    if (name.includes(" ")) return members.length === CODES.length ? [name] : members;
    const ports = members.map((it) => Number(it.split(" ")[1])).sort((a, b) => a - b);
    return rangesOf(ports).map((range) => `${name} ${formatRange(range)}`);
  }).sort();
}

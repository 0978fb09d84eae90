import {
  type Action,
  allOf,
  anyOf,
  type BaseChain,
  type Chain,
  destinationOf,
  type Dialect,
  ICMP_NUMBERS,
  isNeighbourDiscovery,
  type Match,
  matchClientPorts,
  matchLimit,
  mayBeClients,
  not,
  type Packet,
  protocolOf,
  type Rule,
  type Version,
} from "./ruleset.ts";

/** Chains that packets go through, in their order (Netfilter's packet flow). Replies are not seen by those of nat. */
const BASES = [
  ["raw", "PREROUTING"],
  ["mangle", "PREROUTING"],
  ["nat", "PREROUTING"],
  ["mangle", "INPUT"],
  ["filter", "INPUT"],
  ["security", "INPUT"],
  ["raw", "OUTPUT"],
  ["mangle", "OUTPUT"],
  ["filter", "OUTPUT"],
  ["security", "OUTPUT"],
  ["mangle", "POSTROUTING"],
] as const;

/**
 * What `iptables-save` or `ip6tables-save` writes.
 *
 * @param options.interfaces those that packets come from, without loopback.
 */
export function readIptablesSave(
  text: string,
  { version, interfaces }: { version: Version; interfaces: readonly string[] },
): BaseChain[] {
  const tables = new Map<string, Table>();
  let table: Table | undefined;
  for (const line of text.split("\n")) {
    const words = splitWords(line);
    if (line.startsWith("*")) {
      table = { policies: new Map(), rules: new Map() };
      tables.set(line.slice(1).trim(), table);
    } else if (line.startsWith(":")) {
      table?.policies.set(words[0]!.slice(1), words[1] === "DROP" ? "drop" : "accept");
    } else if (words[0] === "-A") {
      const rules = table?.rules.get(words[1]!) ?? [];
      rules.push(readRule(words.slice(2), { text: line.trim(), interfaces }));
      table?.rules.set(words[1]!, rules);
    }
  }
  return BASES.flatMap(([name, chain]) => baseChain(tables.get(name), { name, chain, version }));
}

interface Table {
  readonly policies: Map<string, "accept" | "drop">;
  readonly rules: Map<string, Rule[]>;
}

function baseChain(
  table: Table | undefined,
  { name, chain, version }: { name: string; chain: string; version: Version },
): BaseChain[] {
  if (!table) return [];
  const rules = table.rules.get(chain) ?? [];
  const policy = table.policies.get(chain) ?? "accept";
  if (rules.length === 0 && policy === "accept") return [];
  const others = new Map<string, Chain>();
  for (const [other, itsRules] of table.rules) others.set(other, { name: other, rules: itsRules });
  for (const other of table.policies.keys()) {
    if (!others.has(other)) others.set(other, { name: other, rules: [] });
  }
  return [{
    name: chain,
    title: `${version === 4 ? "iptables" : "ip6tables"} ${name} ${chain}`,
    way: chain === "OUTPUT" || chain === "POSTROUTING" ? "out" : "in",
    versions: [version],
    kind: name === "nat" ? "nat" : "filter",
    policy,
    rules,
    others,
    dialect: dialectOf(table, name),
  }];
}

function dialectOf({ policies }: Table, name: string): Dialect {
  // Before nftables firewalld kept its rules by iptables (CentOS 7).
  if (policies.has("INPUT_ZONES") || policies.has("PREROUTING_ZONES")) {
    return { program: "firewalld" };
  }
  return [...policies.keys()].some((other) => other.startsWith("ufw"))
    ? { program: "ufw" }
    : { program: "iptables", table: name };
}

/** Reads the words behind `-A CHAIN`. */
function readRule(
  words: readonly string[],
  { text, interfaces }: { text: string; interfaces: readonly string[] },
): Rule {
  const conditions: ((packet: Packet) => Match)[] = [];
  let action: Action = { kind: "next" };
  let isNegated = false;
  for (let at = 0; at < words.length;) {
    const word = words[at]!;
    if (word === "!") {
      isNegated = true;
      at++;
      continue;
    }
    const count = OPTIONS[word] ?? (word.startsWith("--hashlimit-") ? 1 : 0);
    const values = words.slice(at + 1, at + 1 + count);
    at += 1 + count;
    if (word === "-j" || word === "-g") {
      action = readAction(word, values[0]!);
      // What follows is the target's own business: --reject-with, --log-prefix.
      break;
    }
    const condition = readCondition(word, { values, interfaces });
    const negated = isNegated;
    conditions.push((packet) => negated ? not(condition(packet)) : condition(packet));
    isNegated = false;
  }
  return { text, action, matches: (packet) => allOf(conditions.map((it) => it(packet))) };
}

/** How many values the options have that are understood. */
const OPTIONS: Readonly<Record<string, number>> = {
  "-p": 1,
  "-i": 1,
  "-o": 1,
  "-s": 1,
  "-d": 1,
  "-m": 1,
  "-j": 1,
  "-g": 1,
  "--dport": 1,
  "--dports": 1,
  "--ports": 1,
  "--sport": 1,
  "--sports": 1,
  "--icmp-type": 1,
  "--icmpv6-type": 1,
  "--hl-eq": 1,
  "--rt-type": 1,
  "--dst-type": 1,
  "--state": 1,
  "--ctstate": 1,
  "--tcp-flags": 2,
  "--comment": 1,
  "--limit": 1,
  "--limit-burst": 1,
};

/** Extensions that only bring the options above. */
const EXTENSIONS = [
  "tcp",
  "udp",
  "icmp",
  "icmp6",
  "state",
  "conntrack",
  "multiport",
  "comment",
  "limit",
  "hashlimit",
  "addrtype",
  "hl",
  "rt",
  "rpfilter",
];

function readCondition(
  option: string,
  { values, interfaces }: { values: readonly string[]; interfaces: readonly string[] },
): (packet: Packet) => Match {
  const [value = "", second = ""] = values;
  switch (option) {
    case "-p":
      return (packet) => value === "all" || value === protocolOf(packet) ? "yes" : "no";
    case "-i":
    case "-o":
      return ({ way }) =>
        way === (option === "-i" ? "in" : "out") ? matchInterface(value, interfaces) : "no";
    case "-s":
      return () => "some";
    case "-d":
      return ({ way }) => way === "in" || mayBeClients(value) ? "some" : "no";
    case "-m":
      return () => EXTENSIONS.includes(value) ? "yes" : "unknown";
    case "--sport":
    case "--sports":
      return (packet) => matchPorts(packet, { value, isOwn: packet.way === "out" });
    case "--dport":
    case "--dports":
      return (packet) => matchPorts(packet, { value, isOwn: packet.way === "in" });
    case "--ports":
      return (packet) => anyOf([true, false].map((isOwn) => matchPorts(packet, { value, isOwn })));
    case "--dst-type":
      return (packet) =>
        value.split(",").includes(destinationOf(packet).toUpperCase()) ? "yes" : "no";
    case "--hl-eq":
      return (packet) => value === "255" && isNeighbourDiscovery(packet) ? "yes" : "unknown";
    // What has a routing header, or comes from where no answer would go to, is nobody's first packet.
    case "--rt-type":
    case "--invert":
      return () => "no";
    case "--icmp-type":
    case "--icmpv6-type":
      return (packet) => packet.protocol === "icmp" ? matchIcmp(packet, value) : "no";
    case "--state":
    case "--ctstate":
      return ({ state }) => value.split(",").includes(state.toUpperCase()) ? "yes" : "no";
    case "--tcp-flags":
      return (packet) => packet.protocol === "tcp" ? matchFlags(packet, value, second) : "no";
    case "--limit":
    case "--hashlimit-upto":
      return (packet) => matchLimit(packet, { isOver: false });
    case "--hashlimit-above":
      return (packet) => matchLimit(packet, { isOver: true });
    case "--comment":
    case "--limit-burst":
    // Of rpfilter, as --invert is.
    case "--validmark":
    case "--loose":
      return () => "yes";
    default:
      // How it counts, and what it remembers.
      return () => option.startsWith("--hashlimit-") ? "yes" : "unknown";
  }
}

function readAction(option: string, target: string): Action {
  switch (target) {
    case "ACCEPT":
      return { kind: "accept" };
    case "DROP":
      return { kind: "drop" };
    case "REJECT":
      return { kind: "reject" };
    case "RETURN":
      return { kind: "return" };
    case "LOG":
    case "NFLOG":
    case "MARK":
    case "CONNMARK":
    case "CT":
    case "TCPMSS":
    case "TOS":
    case "DSCP":
      return { kind: "next" };
    // Where the packet goes instead is not followed.
    case "DNAT":
    case "REDIRECT":
    case "TPROXY":
      return { kind: "unknown" };
    default:
      return { kind: option === "-g" ? "goto" : "jump", chain: target };
  }
}

/** `eth+` is every interface that begins so. */
export function matchInterface(pattern: string, interfaces: readonly string[]): Match {
  const prefix = /[+*]$/.test(pattern) ? pattern.slice(0, -1) : undefined;
  const meant = interfaces.filter((name) =>
    prefix === undefined ? name === pattern : name.startsWith(prefix)
  );
  return meant.length === 0 ? "no" : meant.length === interfaces.length ? "yes" : "some";
}

/** @param options.isOwn whether it is this machine's port, not the other side's. */
function matchPorts(
  packet: Packet,
  { value, isOwn }: { value: string; isOwn: boolean },
): Match {
  if (packet.protocol !== "tcp") return "no";
  return anyOf(
    value.split(",").map((text) => {
      const [first = 0, last = first] = text.split(":").map(Number);
      if (!isOwn) return matchClientPorts([first, last]);
      return packet.port >= first && packet.port <= last ? "yes" : "no";
    }),
  );
}

function matchIcmp({ version, type, code }: Packet & { protocol: "icmp" }, text: string): Match {
  if (text === "any") return "yes";
  const [wantedType = "", wantedCode] = text.split("/");
  const number = ICMP_NUMBERS[version].type[wantedType] ?? Number(wantedType);
  if (Number.isNaN(number)) return "unknown";
  return number === type && (wantedCode === undefined || Number(wantedCode) === code)
    ? "yes"
    : "no";
}

/** The first packet of a connection has SYN alone; those that follow have ACK, no SYN, and some of the others. */
function matchFlags({ state, way }: Packet, mask: string, wanted: string): Match {
  if (state === "established") {
    const looksAt = (flag: string) => mask === "ALL" || mask.split(",").includes(flag);
    const wants = (flag: string) => wanted === "ALL" || wanted.split(",").includes(flag);
    const isOther = looksAt("SYN") && wants("SYN") || looksAt("ACK") && !wants("ACK");
    const later = isOther ? "no" : mask === "ACK" || mask === "SYN" ? "yes" : "unknown";
    if (way === "in") return later;
    const isFirst = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"].every((flag) =>
      !looksAt(flag) || wants(flag) === (flag === "SYN" || flag === "ACK")
    );
    return later === (isFirst ? "yes" : "no") ? later : "unknown";
  }
  const looked = mask === "ALL" || mask.split(",").includes("SYN");
  const has = looked ? "SYN" : "NONE";
  return wanted === has ? "yes" : "no";
}

/** Words of a line; those in quotes stay one. */
function splitWords(line: string): string[] {
  const words = line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g);
  return [...words].map(([, quoted, plain]) => plain ?? quoted!.replace(/\\(.)/g, "$1"));
}

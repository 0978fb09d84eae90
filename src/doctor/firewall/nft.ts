import { matchInterface } from "./iptables.ts";
import {
  type Action,
  allOf,
  anyOf,
  type BaseChain,
  type Chain,
  destinationOf,
  type Dialect,
  ICMP_NUMBERS,
  type Match,
  matchClientPorts,
  matchLimit,
  mayBeClients,
  not,
  type Packet,
  protocolOf,
  type Rule,
  type Version,
  type Way,
} from "./ruleset.ts";

/** A part of libnftables-json(5), as far as it is looked into. */
type Part = Readonly<Record<string, unknown>>;

interface Context {
  readonly interfaces: readonly string[];
  /** Elements of named sets, by family, table and name. */
  readonly sets: ReadonlyMap<string, readonly unknown[]>;
  readonly scope: string;
}

/**
 * What `nft --json list ruleset` writes.
 *
 * @param options.lines what `nft --handle list ruleset` writes: the rules as people know them.
 * @param options.isOthers whether a table is somebody else's to read: iptables keeps its own.
 * @throws SyntaxError when it is not that.
 */
export function readNftRuleset(json: string, options: {
  lines: string;
  interfaces: readonly string[];
  isOthers: (family: string, table: string) => boolean;
}): { chains: BaseChain[]; notUnderstood: string[] } {
  const objects = (JSON.parse(json) as { nftables: Part[] }).nftables;
  const of = (kind: string) => objects.flatMap((it) => kind in it ? [it[kind] as Part] : []);
  const texts = ruleTexts(options.lines);
  const sets = new Map(
    of("set").map((set) => [
      `${set.family} ${set.table} ${set.name}`,
      (set.elem ?? []) as readonly unknown[],
    ]),
  );
  const rulesOf = (chain: Part): Rule[] =>
    of("rule").filter((rule) =>
      rule.family === chain.family && rule.table === chain.table && rule.chain === chain.name
    ).flatMap((rule) => {
      const scope = `${rule.family} ${rule.table}`;
      const text = texts.get(`${scope} ${rule.chain} ${rule.handle}`) ?? JSON.stringify(rule.expr);
      const context = { interfaces: options.interfaces, sets, scope };
      return readRule(rule.expr as Part[], { text, context });
    });
  const all = of("chain").filter((chain) =>
    !options.isOthers(String(chain.family), String(chain.table))
  );
  const notUnderstood = all
    .filter(({ family, hook }) => family === "netdev" || family === "bridge" || hook === "ingress")
    .filter((chain) => rulesOf(chain).length > 0)
    .map((chain) => `nft ${chain.family} ${chain.table} ${chain.name}: rules below IP`);
  const chains = all
    .filter(({ family }) => String(family) in VERSIONS)
    .filter(({ type, hook }) =>
      String(hook) in HOOKS && type === "filter" ||
      hook === "prerouting" && type === "nat" || hook === "output" && type === "route"
    )
    .sort((a, b) => order(a) - order(b))
    .map((chain): BaseChain => ({
      name: String(chain.name),
      title: `nft ${chain.family} ${chain.table} ${chain.name}`,
      way: HOOKS[String(chain.hook)]!.way,
      versions: VERSIONS[String(chain.family)]!,
      kind: chain.type === "nat" ? "nat" : "filter",
      policy: chain.policy === "drop" ? "drop" : "accept",
      rules: rulesOf(chain),
      others: new Map<string, Chain>(
        all.filter(({ family, table }) => family === chain.family && table === chain.table)
          .map((
            other,
          ) => [String(other.name), { name: String(other.name), rules: rulesOf(other) }]),
      ),
      dialect: dialectOf(chain),
    }));
  return { chains, notUnderstood };
}

/** Of the families that IP packets go through. */
const VERSIONS: Readonly<Record<string, readonly Version[]>> = { ip: [4], ip6: [6], inet: [4, 6] };

/** Where packets go through chains, and in which order. */
const HOOKS: Readonly<Record<string, { readonly way: Way; readonly place: number }>> = {
  prerouting: { way: "in", place: 0 },
  input: { way: "in", place: 1 },
  output: { way: "out", place: 2 },
  postrouting: { way: "out", place: 3 },
};

function order({ hook, prio }: Part): number {
  return HOOKS[String(hook)]!.place * 1_000_000 + Number(prio);
}

function dialectOf({ family, table }: Part): Dialect {
  if (table === "firewalld") return { program: "firewalld" };
  return { program: "nft", family: String(family), table: String(table) };
}

/** The text of each rule by family, table, chain and handle. */
function ruleTexts(lines: string): Map<string, string> {
  const texts = new Map<string, string>();
  let [table, chain] = ["", ""];
  for (const line of lines.split("\n")) {
    const opening = /^\s*(table|chain) (.+?) \{/.exec(line);
    if (opening?.[1] === "table") table = opening[2]!;
    else if (opening) chain = opening[2]!;
    const rule = /^\s*(.*) # handle (\d+)$/.exec(line);
    if (rule && !opening) texts.set(`${table} ${chain} ${rule[2]}`, rule[1]!);
  }
  return texts;
}

/** A rule; one with a verdict map becomes a rule for each of its elements. */
function readRule(
  expression: readonly Part[],
  { text, context }: { text: string; context: Context },
): Rule[] {
  const conditions: ((packet: Packet) => Match)[] = [];
  let hasNewStatement = false;
  for (const statement of expression) {
    const [kind = "", value] = Object.entries(statement)[0] ?? [];
    const matches = (packet: Packet) => allOf(conditions.map((it) => it(packet)));
    if (kind === "match") {
      const condition = value as { op: string; left: unknown; right: unknown };
      conditions.push((packet) => matchCondition(condition, { packet, context }));
    } else if (kind === "limit") {
      const isOver = (value as Part).inv === true;
      conditions.push((packet) => matchLimit(packet, { isOver }));
    } else if (kind === "vmap") {
      return readVerdictMap(value as Part, { text, context, matches });
    } else {
      const action = readAction(kind, value);
      if (action) {
        conditions.push(answersIn(value));
        return [{ text, matches, action }];
      }
      if (!HARMLESS.includes(kind)) conditions.push(() => "unknown");
      hasNewStatement ||= !HARMLESS.includes(kind) && !CONDITIONS.includes(kind);
    }
  }
  const matches = (packet: Packet) => allOf(conditions.map((it) => it(packet)));
  // Counts, logs, marks, sets: packets go on.
  return hasNewStatement ? [{ text, matches, action: { kind: "unknown" } }] : [];
}

/** A table for both versions of IP has rules that answer by the ICMP of one: they are for that one, and nft says no more of it. */
function answersIn(value: unknown): (packet: Packet) => Match {
  const { type } = (value ?? {}) as Part;
  const version = type === "icmp" ? 4 : type === "icmpv6" ? 6 : undefined;
  return (packet) => version === undefined || version === packet.version ? "yes" : "no";
}

/** Statements after which a packet goes on as it was. */
const HARMLESS = [
  "counter",
  "log",
  "comment",
  "notrack",
  "mangle",
  "last",
  "ct helper",
  "ct timeout",
  "ct expectation",
  "secmark",
];

/** Statements that end the rule for some packets: which ones depends on what came before, and is not judged. */
const CONDITIONS = ["set", "map", "meter", "quota", "ct count"];

function readAction(kind: string, value: unknown): Action | undefined {
  switch (kind) {
    case "accept":
    case "drop":
    case "reject":
    case "return":
      return { kind };
    case "continue":
      return { kind: "next" };
    case "jump":
    case "goto":
      return { kind, chain: String((value as Part).target) };
    case "queue":
    case "xt":
    // Where the packet goes instead is not followed.
    case "dnat":
    case "redirect":
    case "tproxy":
      return { kind: "unknown" };
  }
}

function readVerdictMap({ key, data }: Part, { text, context, matches }: {
  text: string;
  context: Context;
  matches: (packet: Packet) => Match;
}): Rule[] {
  const elements = (data as { set?: [unknown, Part][] }).set;
  if (!elements) return [{ text, matches, action: { kind: "unknown" } }];
  return elements.map(([element, verdict]) => {
    const [kind = "", value] = Object.entries(verdict)[0] ?? [];
    const condition = { op: "==", left: key, right: element };
    return {
      text,
      action: readAction(kind, value) ?? { kind: "unknown" },
      matches: (packet) => allOf([matches(packet), matchCondition(condition, { packet, context })]),
    };
  });
}

/** What a packet has where a condition looks: a value, nothing of the kind, one that depends on the other side, or nobody knows. */
type Seen = number | string | boolean | "absent" | "varies" | "client" | "client port" | "unknown";

function matchCondition(
  { op, left, right }: { op: string; left: unknown; right: unknown },
  { packet, context }: { packet: Packet; context: Context },
): Match {
  const side = interfaceOf(left);
  // Without an interface to compare kernels differ in what is not equal.
  if (side && side !== packet.way) return op === "!=" ? "unknown" : "no";
  if (side) {
    const names = valuesOf(right, context);
    const match = anyOf(names.map((name) => matchInterface(String(name), context.interfaces)));
    return op === "!=" ? not(match) : match;
  }
  const seen = look(left, packet);
  if (seen === "absent") return "no";
  if (seen === "varies") return "some";
  if (seen === "unknown") return "unknown";
  if (seen === "client" || seen === "client port") {
    const matches = valuesOf(right, context).map((value) =>
      seen === "client" ? matchClient(value) : matchClientPort(value)
    );
    if (op === "==" || op === "in") return anyOf(matches);
    return op === "!=" ? not(anyOf(matches)) : "some";
  }
  const values = valuesOf(right, context).map(numberOf(left));
  switch (op) {
    case "==":
    case "in":
      return values.some((value) => isEqual(seen, value)) ? "yes" : "no";
    case "!=":
      return values.some((value) => isEqual(seen, value)) ? "no" : "yes";
    case "<":
      return Number(seen) < Number(values[0]) ? "yes" : "no";
    case "<=":
      return Number(seen) <= Number(values[0]) ? "yes" : "no";
    case ">":
      return Number(seen) > Number(values[0]) ? "yes" : "no";
    case ">=":
      return Number(seen) >= Number(values[0]) ? "yes" : "no";
    default:
      return "unknown";
  }
}

function look(left: unknown, packet: Packet): Seen {
  const [kind, value] = Object.entries(left as Part)[0] ?? [];
  const { protocol, field, key } = (value ?? {}) as Record<string, string>;
  const { version } = packet;
  switch (kind) {
    case "ct":
      // The first packet of a connection was not answered, and not sent elsewhere.
      return key === "state" ? packet.state : key === "status" ? "none" : "unknown";
    case "meta":
      if (key === "l4proto") return protocolOf(packet);
      if (key === "protocol") return version === 4 ? "ip" : "ip6";
      return key === "nfproto" ? `ipv${version}` : "unknown";
    case "fib":
      return lookUpRoute(value as Part, packet);
    case "payload":
      if (protocol === "ip" || protocol === "ip6") {
        if (protocol !== (version === 4 ? "ip" : "ip6")) return "absent";
        return field === "protocol" || field === "nexthdr"
          ? protocolOf(packet)
          : field === "daddr" && packet.way === "out"
          ? "client"
          : field === "saddr" || field === "daddr"
          ? "varies"
          : "unknown";
      }
      if (protocol === "tcp" || protocol === "th") {
        if (packet.protocol !== "tcp") return "absent";
        if (field !== "sport" && field !== "dport") return "unknown";
        return (field === "dport") === (packet.way === "in") ? packet.port : "client port";
      }
      if (protocol === "icmp" || protocol === "icmpv6") {
        if (packet.protocol !== "icmp" || protocol !== (version === 4 ? "icmp" : "icmpv6")) {
          return "absent";
        }
        return field === "type" ? packet.type : field === "code" ? packet.code : "unknown";
      }
      // Other protocols than those that are asked about.
      return ["udp", "udplite", "sctp", "dccp"].includes(protocol ?? "") ? "absent" : "unknown";
    case "&": {
      // `tcp flags & (syn | ack) == syn`: the first packet of a connection has SYN alone, later ones have none.
      const [operand, mask] = value as unknown as [Part, string | string[]];
      const isFlags = (operand.payload as Part | undefined)?.field === "flags";
      if (!isFlags) return "unknown";
      if (packet.protocol !== "tcp") return "absent";
      // The first one that goes out has both, later ones have not.
      if (packet.way === "out" || ![mask].flat().includes("syn")) return "unknown";
      return packet.state === "new" ? "syn" : "ack";
    }
    default:
      return "unknown";
  }
}

/** What the routing table says: whom a packet is for, and whether answers go out where it came in. */
function lookUpRoute({ result, flags }: Part, packet: Packet): Seen {
  const by = [flags].flat();
  if (result === "type" && by.includes("daddr")) return destinationOf(packet);
  return result === "oif" && by.includes("saddr") && packet.way === "in" ? true : "unknown";
}

/** Whether a condition is about the interface that a packet comes in by, or the one that it goes out by. */
function interfaceOf(left: unknown): Way | undefined {
  const key = ((left as Part).meta as Part | undefined)?.key;
  return key === "iif" || key === "iifname"
    ? "in"
    : key === "oif" || key === "oifname"
    ? "out"
    : undefined;
}

function matchClient(value: unknown): Match {
  const prefix = (value as Part | null)?.prefix as Part | undefined;
  const network = prefix ? `${prefix.addr}/${prefix.len}` : value;
  return typeof network !== "string" || mayBeClients(network) ? "some" : "no";
}

function matchClientPort(value: unknown): Match {
  const [first, last] = ((value as Part | null)?.range ?? [value, value]) as unknown[];
  return matchClientPorts([Number(first), Number(last)]);
}

/** The single values, ranges and prefixes on the right. */
function valuesOf(right: unknown, { sets, scope }: Context): readonly unknown[] {
  if (typeof right === "string" && right.startsWith("@")) {
    return (sets.get(`${scope} ${right.slice(1)}`) ?? []).map(plainElement);
  }
  if (Array.isArray(right)) return right;
  const set = (right as Part | null)?.set;
  return (Array.isArray(set) ? set : [right]).map(plainElement);
}

/** An element with a counter, a comment or a timeout is wrapped. */
function plainElement(element: unknown): unknown {
  const wrapped = (element as Part | null)?.elem as Part | undefined;
  return wrapped ? wrapped.val : element;
}

/** Names of ICMP types and codes as their numbers. */
function numberOf(left: unknown): (value: unknown) => unknown {
  const { protocol, field } = ((left as Part).payload ?? {}) as Record<string, string>;
  if (protocol !== "icmp" && protocol !== "icmpv6") return (value) => value;
  const names = ICMP_NUMBERS[protocol === "icmp" ? 4 : 6][field === "type" ? "type" : "code"];
  return (value) => typeof value === "string" ? names[value] ?? value : value;
}

function isEqual(seen: Seen, value: unknown): boolean {
  const range = (value as Part | null)?.range;
  if (Array.isArray(range)) {
    return Number(seen) >= Number(range[0]) && Number(seen) <= Number(range[1]);
  }
  return seen === value;
}

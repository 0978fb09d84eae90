import { formatRange, type PortRange, type Step } from "../steps.ts";
import type { Reason } from "./judge.ts";
import type { BaseChain, Version } from "./ruleset.ts";

/** ICMP messages by the names that iptables (firewalld has the same) and nft have for them. */
const ICMP_NAMES = {
  4: {
    "echo-request": "echo-request",
    "echo-reply": "echo-reply",
    "fragmentation-needed": "destination-unreachable icmp code frag-needed",
    "destination-unreachable": "destination-unreachable",
    "time-exceeded": "time-exceeded",
  },
  6: {
    "echo-request": "echo-request",
    "echo-reply": "echo-reply",
    "packet-too-big": "packet-too-big",
    "destination-unreachable": "destination-unreachable",
    "time-exceeded": "time-exceeded",
    "neighbour-solicitation": "nd-neighbor-solicit",
    "neighbour-advertisement": "nd-neighbor-advert",
  },
} as const;

/** The name of an ICMP message that is to be let in. */
export type IcmpName = keyof typeof ICMP_NAMES[4] | keyof typeof ICMP_NAMES[6];

/** How the firewall that refuses them is told to let TCP connections to `ranges` in, or their replies out. */
export function letPortsIn(
  ranges: readonly PortRange[],
  { by, version }: { by: Reason; version: Version },
): Step[] {
  const { chain } = by;
  if (chain.way === "out") return [letRepliesOut(ranges, { chain, version })];
  switch (chain.dialect.program) {
    case "iptables":
      return [
        iptables(chain, {
          version,
          conditions: ranges.map((range) => `-p tcp --dport ${withColon(range)}`),
        }),
      ];
    case "nft": {
      const ports = ranges.map(formatRange).join(", ");
      // In quotes, or the shell would read the braces.
      return [nft(chain, `tcp dport ${ranges.length === 1 ? ports : `'{ ${ports} }'`}`)];
    }
    case "firewalld":
      // What it sends elsewhere does not come in by opening it here.
      return chain.kind === "nat"
        ? [firewalld([`firewall-cmd${zoneOf(by)} --list-forward-ports`])]
        : [
          changeFirewalld(
            ranges.map((range) => `${zoneOf(by)} --add-port=${formatRange(range)}/tcp`),
          ),
        ];
    case "ufw":
      return [{
        on: "the server",
        how: "with ufw",
        commands: ranges.map((range) => `ufw allow ${withColon(range)}/tcp`),
      }];
  }
}

/** Where rules are met before connections are known, ports are let out. */
function letRepliesOut(
  ranges: readonly PortRange[],
  { chain, version }: { chain: BaseChain; version: Version },
): Step {
  switch (chain.dialect.program) {
    case "nft":
      return nft(chain, "ct state established,related");
    case "firewalld":
      return lookAtFirewalld(chain);
    case "iptables":
    case "ufw": {
      const isRaw = chain.dialect.program === "iptables" && chain.dialect.table === "raw";
      const conditions = isRaw
        ? ranges.map((range) => `-p tcp --sport ${withColon(range)}`)
        : ["-m conntrack --ctstate RELATED,ESTABLISHED"];
      return ufwToo(chain, iptables(chain, { version, conditions }), version);
    }
  }
}

/** What it lets out by itself are replies: what refuses them are rules that somebody wrote. */
function lookAtFirewalld({ title }: BaseChain): Step {
  return firewalld([
    title.startsWith("nft")
      ? "firewall-cmd --list-all-policies"
      : "firewall-cmd --direct --get-all-rules",
  ]);
}

function ufwToo({ dialect }: BaseChain, step: Step, version: Version): Step {
  if (dialect.program !== "ufw") return step;
  const file = version === 4 ? "before.rules" : "before6.rules";
  return { ...step, how: `${step.how} (ufw keeps such rules in /etc/ufw/${file})` };
}

/** How it is told to let an ICMP message in, or out. */
export function letIcmpIn(
  name: IcmpName,
  { by, version }: { by: Reason; version: Version },
): Step[] {
  const { chain } = by;
  const protocol = version === 4 ? "icmp" : "icmpv6";
  switch (chain.dialect.program) {
    case "nft": {
      const names: Readonly<Partial<Record<IcmpName, string>>> = ICMP_NAMES[version];
      return [nft(chain, `${protocol} type ${names[name]}`)];
    }
    case "firewalld": {
      if (chain.way === "out") return [lookAtFirewalld(chain)];
      const blocked = by.inside.endsWith("_deny") ? blockOf(by.rule, name) : undefined;
      const change = blocked === undefined
        ? `--add-rich-rule='rule icmp-type name="${name}" accept'`
        : `--remove-icmp-block=${blocked}`;
      return [changeFirewalld([`${zoneOf(by)} ${change}`])];
    }
    case "iptables":
    case "ufw": {
      const conditions = version === 4
        ? [`-p icmp --icmp-type ${name}`]
        : [`-p ipv6-icmp --icmpv6-type ${name}`];
      return [ufwToo(chain, iptables(chain, { version, conditions }), version)];
    }
  }
}

/** firewalld blocks "fragmentation needed" together with every destination-unreachable, or alone. */
function blockOf(rule: string, name: IcmpName): string {
  const isWhole = name === "fragmentation-needed" && !/frag|3\/4/.test(rule);
  return isWhole ? "destination-unreachable" : name;
}

/** The zone whose chain a rule is in: `filter_IN_public_deny`, with iptables `IN_public`. */
function zoneOf({ inside }: Reason): string {
  const [, zone] = /^(?:filter_|nat_)?(?:IN|PRE)_(.+?)(?:_(?:pre|log|deny|allow|post))?$/
    .exec(inside) ?? [];
  return zone === undefined ? "" : ` --zone=${zone}`;
}

function changeFirewalld(changes: readonly string[]): Step {
  return firewalld([
    ...changes.map((change) => `firewall-cmd --permanent${change}`),
    "firewall-cmd --reload",
  ]);
}

function firewalld(commands: readonly string[]): Step {
  return { on: "the server", how: "with firewalld", commands };
}

function iptables(
  { name, dialect }: BaseChain,
  { version, conditions }: { version: Version; conditions: readonly string[] },
): Step {
  const program = version === 4 ? "iptables" : "ip6tables";
  const table = dialect.program === "iptables" && dialect.table !== "filter"
    ? ` -t ${dialect.table}`
    : "";
  return {
    on: "the server",
    how: `with ${program}`,
    commands: conditions.map((it) => `${program}${table} -I ${name} ${it} -j ACCEPT`),
  };
}

function nft({ name, dialect }: BaseChain, condition: string): Step {
  const table = dialect.program === "nft" ? `${dialect.family} ${dialect.table}` : "";
  return {
    on: "the server",
    how: "with nftables",
    commands: [`nft insert rule ${table} ${name} ${condition} accept`],
  };
}

/** As iptables and ufw write ranges. */
function withColon({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}:${last}`;
}

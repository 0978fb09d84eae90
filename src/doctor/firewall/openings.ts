import { formatRange, type PortRange, type Step } from "../steps.ts";
import type { BaseChain } from "./ruleset.ts";

/** ICMP messages by the names that iptables, nft and firewalld have for them. */
const ICMP_NAMES = {
  "echo-request": ["echo-request", "icmp type echo-request"],
  "fragmentation-needed": [
    "fragmentation-needed",
    "icmp type destination-unreachable icmp code frag-needed",
  ],
  "destination-unreachable": ["destination-unreachable", "icmp type destination-unreachable"],
  "time-exceeded": ["time-exceeded", "icmp type time-exceeded"],
} as const;

/** How the chain that refuses them is told to let TCP connections to `ranges` in. */
export function letPortsIn(ranges: readonly PortRange[], chain: BaseChain): Step[] {
  const { dialect } = chain;
  switch (dialect.program) {
    case "iptables":
      return [iptables(
        chain,
        ranges.map(({ first, last }) =>
          `-p tcp --dport ${first === last ? first : `${first}:${last}`}`
        ),
      )];
    case "nft": {
      const ports = ranges.map(formatRange).join(", ");
      return [nft(chain, `tcp dport ${ranges.length === 1 ? ports : `{ ${ports} }`}`)];
    }
    case "firewalld":
      return [{
        on: "the server",
        how: "with firewalld",
        commands: [
          ...ranges.map((range) => `firewall-cmd --permanent --add-port=${formatRange(range)}/tcp`),
          "firewall-cmd --reload",
        ],
      }];
    case "ufw":
      return [{
        on: "the server",
        how: "with ufw",
        commands: ranges.map(({ first, last }) =>
          `ufw allow ${first === last ? first : `${first}:${last}`}/tcp`
        ),
      }];
  }
}

/** How it is told to let an ICMP message in. */
export function letIcmpIn(name: keyof typeof ICMP_NAMES, chain: BaseChain): Step[] {
  const { dialect } = chain;
  const [ofIptables, ofNft] = ICMP_NAMES[name];
  switch (dialect.program) {
    case "nft":
      return [nft(chain, ofNft)];
    case "firewalld":
      return [{
        on: "the server",
        how: "with firewalld",
        commands: [
          `firewall-cmd --permanent --remove-icmp-block=${
            name === "fragmentation-needed" ? "destination-unreachable" : name
          }`,
          "firewall-cmd --reload",
        ],
      }];
    case "iptables":
    case "ufw":
      return [iptables(chain, [`-p icmp --icmp-type ${ofIptables}`])];
  }
}

function iptables({ name, dialect }: BaseChain, conditions: readonly string[]): Step {
  const table = dialect.program === "iptables" && dialect.table !== "filter"
    ? ` -t ${dialect.table}`
    : "";
  return {
    on: "the server",
    how: "with iptables",
    commands: conditions.map((it) => `iptables${table} -I ${name} ${it} -j ACCEPT`),
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

/** A version of IP. */
export type Version = 4 | 6;

/** Where packets of the network go: to this machine, or from it. */
export type Way = "in" | "out";

/** A packet that comes in from the network, or goes out in return: of a connection to a port of this machine, or ICMP. */
export type Packet =
  & {
    readonly version: Version;
    readonly way: Way;
  }
  & (
    | {
      readonly protocol: "tcp";
      /** This machine's. */
      readonly port: number;
      /** The first one, SYN alone, or those that follow: ACK and no SYN. Those that go out begin with SYN and ACK. */
      readonly state: "new" | "established";
    }
    | {
      /** ICMPv6 in IPv6. */
      readonly protocol: "icmp";
      readonly type: number;
      readonly code: number;
      /** Neighbour discovery is never tracked. */
      readonly state: "new" | "related" | "established" | "untracked";
    }
  );

/** The protocol by the name that iptables and nft have for it. */
export function protocolOf({ version, protocol }: Packet): string {
  return protocol === "icmp" && version === 6 ? "ipv6-icmp" : protocol;
}

/** Whether a packet is of neighbour discovery, which no router passes on (RFC 4861). */
export function isNeighbourDiscovery(packet: Packet): boolean {
  return packet.protocol === "icmp" && packet.version === 6 && packet.type >= 133 &&
    packet.type <= 137;
}

/** Whom a packet is for: neighbours are asked for by multicast. */
export function destinationOf(packet: Packet): "local" | "unicast" | "multicast" {
  if (isNeighbourDiscovery(packet) && "type" in packet && packet.type === 135) return "multicast";
  return packet.way === "in" ? "local" : "unicast";
}

/** Whether some client may have an address of this network (`192.0.2.0/24`): none has loopback, link-local ones, or IPv4 in IPv6. */
export function mayBeClients(network: string): boolean {
  const [address = "", length = "128"] = network.split("/");
  return !/^(127\.|169\.254\.|::|2002:)/.test(address) || Number(length) < 8;
}

/** Whether a range of ports is that of the other side: of all clients, of some, or of none, as they have no well-known ones. */
export function matchClientPorts([first, last]: readonly [number, number]): Match {
  return last < 1024 ? "no" : first <= 1024 && last >= 65535 ? "yes" : "some";
}

/** The match of any one condition. */
export function anyOf(matches: readonly Match[]): Match {
  return (["yes", "unknown", "some"] as const).find((match) => matches.includes(match)) ?? "no";
}

/**
 * Whether a rule is about a packet: about every such packet, about none, about those below or above a limit, about those of
 * some senders only, or nobody knows, because what the rule says is not understood.
 */
export type Match = "yes" | "no" | "limited" | "some" | "unknown";

/** What a rule does with the packets that it is about. */
export type Action =
  | { readonly kind: "accept" | "drop" | "reject" | "return" | "next" | "unknown" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

export interface Rule {
  /** As its program writes it. */
  readonly text: string;
  readonly matches: (packet: Packet) => Match;
  readonly action: Action;
}

export interface Chain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** A chain that every packet goes through that comes in, or goes out, the chains that it may jump to, and how ports are opened in it. */
export interface BaseChain extends Chain {
  /** `ip filter INPUT`, for people. */
  readonly title: string;
  readonly way: Way;
  /** Whose packets go through it. */
  readonly versions: readonly Version[];
  /** Chains of nat only see the first packet of a connection, and may send it elsewhere. */
  readonly kind: "filter" | "nat";
  readonly policy: "accept" | "drop";
  readonly others: ReadonlyMap<string, Chain>;
  readonly dialect: Dialect;
}

/** How rules are written where a chain comes from. */
export type Dialect =
  | { readonly program: "iptables"; readonly table: string }
  | { readonly program: "nft"; readonly family: string; readonly table: string }
  | { readonly program: "firewalld" | "ufw" };

/** The rules of this machine, in the order in which packets meet them. */
export interface Firewall {
  readonly chains: readonly BaseChain[];
  /** What was seen and not understood as a whole, one line each. */
  readonly notUnderstood: readonly string[];
}

/** The match of all conditions together. */
export function allOf(matches: readonly Match[]): Match {
  return (["no", "unknown", "some", "limited"] as const).find((match) => matches.includes(match)) ??
    "yes";
}

/** The match of a limit. ICMP in good measure is below it; connections must not wait for their turn. */
export function matchLimit({ protocol }: Packet, { isOver }: { isOver: boolean }): Match {
  return protocol !== "icmp" ? "limited" : isOver ? "no" : "yes";
}

/** The match of the opposite. */
export function not(match: Match): Match {
  return match === "yes" ? "no" : match === "no" ? "yes" : match;
}

/** Of IANA's registry, by the names that nft and iptables know. */
const ICMP_TYPES: Readonly<Record<string, number>> = {
  "echo-reply": 0,
  "destination-unreachable": 3,
  "source-quench": 4,
  redirect: 5,
  "echo-request": 8,
  "router-advertisement": 9,
  "router-solicitation": 10,
  "time-exceeded": 11,
  "parameter-problem": 12,
  "timestamp-request": 13,
  "timestamp-reply": 14,
  "info-request": 15,
  "info-reply": 16,
  "address-mask-request": 17,
  "address-mask-reply": 18,
};

const ICMPV6_TYPES: Readonly<Record<string, number>> = {
  "destination-unreachable": 1,
  "packet-too-big": 2,
  "time-exceeded": 3,
  "parameter-problem": 4,
  "echo-request": 128,
  "echo-reply": 129,
  "mld-listener-query": 130,
  "mld-listener-report": 131,
  "mld-listener-done": 132,
  "nd-router-solicit": 133,
  "nd-router-advert": 134,
  "nd-neighbor-solicit": 135,
  "nd-neighbor-advert": 136,
  "nd-redirect": 137,
  "router-renumbering": 138,
  "ind-neighbor-solicit": 141,
  "ind-neighbor-advert": 142,
  "mld2-listener-report": 143,
};

/** Codes of destination-unreachable. */
const ICMP_CODES: Readonly<Record<string, number>> = {
  "net-unreachable": 0,
  "host-unreachable": 1,
  "prot-unreachable": 2,
  "port-unreachable": 3,
  "frag-needed": 4,
  "net-prohibited": 9,
  "host-prohibited": 10,
  "admin-prohibited": 13,
};

const ICMPV6_CODES: Readonly<Record<string, number>> = {
  "no-route": 0,
  "admin-prohibited": 1,
  "addr-unreachable": 3,
  "port-unreachable": 4,
  "policy-fail": 5,
  "reject-route": 6,
};

/** Types of ICMP, and the codes of its destination-unreachable, by name. */
export const ICMP_NUMBERS = {
  4: { type: ICMP_TYPES, code: ICMP_CODES },
  6: { type: ICMPV6_TYPES, code: ICMPV6_CODES },
} as const;

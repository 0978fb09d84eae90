/** A packet that comes in from the network, the first of its connection or an ICMP error about one. */
export type Packet =
  | { readonly protocol: "tcp"; readonly port: number; readonly state: "new" }
  | {
    readonly protocol: "icmp";
    readonly type: number;
    readonly code: number;
    readonly state: "new" | "related";
  };

/**
 * Whether a rule is about a packet: about every such packet, about none, about those of some senders only, or nobody knows,
 * because what the rule says is not understood.
 */
export type Match = "yes" | "no" | "some" | "unknown";

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

/** A chain that every incoming packet goes through, the chains that it may jump to, and how ports are opened in it. */
export interface BaseChain extends Chain {
  /** `ip filter INPUT`, for people. */
  readonly title: string;
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
  return (["no", "unknown", "some"] as const).find((match) => matches.includes(match)) ?? "yes";
}

/** The match of the opposite. */
export function not(match: Match): Match {
  return match === "yes" ? "no" : match === "no" ? "yes" : match;
}

/** Of IANA's registry, by the names that nft and iptables know. */
export const ICMP_TYPES: Readonly<Record<string, number>> = {
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

/** Codes of destination-unreachable. */
export const ICMP_CODES: Readonly<Record<string, number>> = {
  "net-unreachable": 0,
  "host-unreachable": 1,
  "prot-unreachable": 2,
  "port-unreachable": 3,
  "frag-needed": 4,
  "net-prohibited": 9,
  "host-prohibited": 10,
  "admin-prohibited": 13,
};

import type { Status } from "../check.ts";
import type { IcmpName } from "./openings.ts";
import type { Version } from "./ruleset.ts";

/** An ICMP message that has to come in. */
interface Needed {
  readonly name: IcmpName;
  readonly type: number;
  readonly code: number;
  /** Of its first packet. */
  readonly state: "new" | "related" | "untracked";
  /** What goes out with it: its answer, or what it answers. */
  readonly exchange?: Pick<Needed, "name" | "type" | "code"> & {
    readonly state: "established" | "untracked";
  };
  /** When it does not. */
  readonly status: Status;
  /** What is lost without. */
  readonly loss: string;
}

const ECHO = 'some clients ask first, and then say "unroutable address" or "No route to host"';
const UNREACHABLE =
  "connections to COS and to clients in active mode that cannot be made are only given up after minutes";
const TIME = "traceroute shows nothing, and lost packets have no reason";

/** What has to come in by ICMP and ICMPv6 (RFC 4890 section 4.4). */
export const ICMP_NEEDED: Readonly<Record<Version, readonly Needed[]>> = {
  4: [{
    name: "echo-request",
    type: 8,
    code: 0,
    state: "new",
    exchange: { name: "echo-reply", type: 0, code: 0, state: "established" },
    status: "warn",
    loss: ECHO,
  }, {
    name: "fragmentation-needed",
    type: 3,
    code: 4,
    state: "related",
    status: "fail",
    loss:
      "downloads and listings stall on paths that carry less than 1500 bytes (an MTU black hole)",
  }, {
    name: "destination-unreachable",
    type: 3,
    code: 1,
    state: "related",
    status: "warn",
    loss: UNREACHABLE,
  }, {
    name: "time-exceeded",
    type: 11,
    code: 0,
    state: "related",
    status: "warn",
    loss: TIME,
  }],
  6: [
    {
      name: "echo-request",
      type: 128,
      code: 0,
      state: "new",
      exchange: { name: "echo-reply", type: 129, code: 0, state: "established" },
      status: "warn",
      loss: ECHO,
    },
    {
      name: "packet-too-big",
      type: 2,
      code: 0,
      state: "related",
      status: "fail",
      loss:
        "downloads and listings stall on paths that carry less than 1500 bytes (an MTU black hole): no router cuts packets of IPv6",
    },
    {
      name: "destination-unreachable",
      type: 1,
      code: 0,
      state: "related",
      status: "warn",
      loss: UNREACHABLE,
    },
    { name: "time-exceeded", type: 3, code: 0, state: "related", status: "warn", loss: TIME },
    {
      name: "neighbour-solicitation",
      type: 135,
      code: 0,
      state: "untracked",
      exchange: { name: "neighbour-advertisement", type: 136, code: 0, state: "untracked" },
      status: "fail",
      loss: "the router and the neighbours do not find this machine: nobody reaches it by IPv6",
    },
    {
      name: "neighbour-advertisement",
      type: 136,
      code: 0,
      state: "untracked",
      exchange: { name: "neighbour-solicitation", type: 135, code: 0, state: "untracked" },
      status: "fail",
      loss: "this machine does not find the router and its neighbours: it reaches nobody by IPv6",
    },
  ],
};

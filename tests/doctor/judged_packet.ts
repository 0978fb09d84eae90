import { judgePacket } from "../../src/doctor/firewall/judge.ts";
import type { BaseChain, Packet } from "../../src/doctor/firewall/ruleset.ts";

export const tcp = (port: number): Packet => ({
  version: 4,
  way: "in",
  protocol: "tcp",
  port,
  state: "new",
});
/** What goes out in return. */
export const reply = (port: number): Packet => ({
  version: 4,
  way: "out",
  protocol: "tcp",
  port,
  state: "established",
});
export const ECHO: Packet = {
  version: 4,
  way: "in",
  protocol: "icmp",
  type: 8,
  code: 0,
  state: "new",
};
export const tcp6 = (port: number): Packet => ({
  version: 6,
  way: "in",
  protocol: "tcp",
  port,
  state: "new",
});
export const TOO_BIG_6: Packet = {
  version: 6,
  way: "in",
  protocol: "icmp",
  type: 2,
  code: 0,
  state: "related",
};
export const NEIGHBOUR: Packet = {
  version: 6,
  way: "in",
  protocol: "icmp",
  type: 135,
  code: 0,
  state: "untracked",
};
export const TOO_BIG: Packet = {
  version: 4,
  way: "in",
  protocol: "icmp",
  type: 3,
  code: 4,
  state: "related",
};

/** What becomes of a packet, and the rule that decides. */
export function judged(chains: readonly BaseChain[], packet: Packet): string {
  const judgement = judgePacket({ chains, notUnderstood: [] }, packet);
  if (judgement.kind === "accepted") return "accepted";
  const how = judgement.kind === "refused" ? judgement.how : judgement.kind;
  return `${how}: ${judgement.by.rule}`;
}

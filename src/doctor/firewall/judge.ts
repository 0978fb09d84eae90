import {
  type BaseChain,
  type Chain,
  type Firewall,
  type Packet,
  stateOf,
  type Version,
} from "./ruleset.ts";

/** What becomes of a packet. */
export type Judgement =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly how: "drop" | "reject"; readonly by: Reason }
  /** It is accepted up to a limit. */
  | { readonly kind: "limited"; readonly by: Reason }
  /** It depends on who sends it, or whom it is for. */
  | { readonly kind: "partly"; readonly by: Reason }
  /** Rules that are not understood decide. */
  | { readonly kind: "unclear"; readonly by: Reason };

/** The rule that decides, and where it is. */
export interface Reason {
  readonly chain: BaseChain;
  /** The chain that the rule is in: that one, or one that it jumps to. */
  readonly inside: string;
  /** As its program writes it, or the chain's policy. */
  readonly rule: string;
}

/** How a packet may leave a chain. `certain` when every packet that came so far does. */
interface Exit {
  /** With `notrack` it has not left, and goes on untracked. */
  readonly verdict: "accept" | "drop" | "reject" | "notrack";
  readonly sure: Sure;
  readonly inside: string;
  readonly rule: string;
}

type Sure = "certain" | "limited" | "some" | "unknown";

/** Jumps deeper than this are a circle, which the kernel refuses. */
const DEPTH_MAX = 16;

/** Follows the packets of a TCP connection of a client: all must be accepted, those that come in and those that go out. */
export function judgeConnection(
  firewall: Firewall,
  { version, port }: { version: Version; port: number },
): Judgement {
  const packet = { version, protocol: "tcp", port } as const;
  // Many firewalls let what belongs to a connection pass by a rule of its own, without which no connection lives.
  return judgeInTurn(firewall, [
    { ...packet, way: "in", state: "new" },
    { ...packet, way: "in", state: "established" },
    { ...packet, way: "out", state: "established" },
  ]);
}

/** Why one of the packets of an exchange is not accepted, if there is such: what is refused for certain counts more than the rest. */
export function judgeInTurn(firewall: Firewall, packets: readonly Packet[]): Judgement {
  const isUntracked = packets.map((packet) => untrackedBy(firewall, packet) !== undefined);
  // Of a connection of which only some packets are tracked, the kernel does not say "established".
  const isMixed = new Set(isUntracked).size > 1;
  let found: Judgement = { kind: "accepted" };
  for (const packet of packets) {
    const isLost = isMixed && packet.state === "established";
    const judgement = judgePacket(firewall, isLost ? { ...packet, tracking: "unsettled" } : packet);
    if (judgement.kind === "accepted") continue;
    // What is sent elsewhere has no later packets here.
    if (judgement.kind === "refused" || judgement.by.chain.kind === "nat") {
      return judgement;
    }
    if (found.kind === "accepted") found = judgement;
  }
  return found;
}

/** Follows a packet through the rules. It must be accepted by every base chain. */
export function judgePacket(firewall: Firewall, packet: Packet): Judgement {
  const exit = untrackedBy(firewall, packet);
  if (!exit) return judgeChains(firewall, packet);
  const untracked = judgeChains(firewall, { ...packet, tracking: "untracked" });
  if (exit.sure === "certain") return untracked;
  const tracked = judgeChains(firewall, packet);
  if (tracked.kind === untracked.kind) return tracked;
  return { kind: exit.sure === "unknown" ? "unclear" : "partly", by: exit.by };
}

/** The rule by which a packet is not tracked, if there is one. */
export function untrackedBy(
  firewall: Firewall,
  packet: Packet,
): { readonly sure: Sure; readonly by: Reason } | undefined {
  const found = firewall.chains
    .filter((it) =>
      it.isBeforeTracking && it.way === packet.way && it.versions.includes(packet.version)
    )
    .flatMap((chain) => {
      let past: Sure = "certain";
      const passing: Packet = { ...packet, tracking: "unsettled" };
      return [...follow(chain, { base: chain, packet: passing, depth: 0 })].flatMap((exit) => {
        const { verdict, inside, rule } = exit;
        if (verdict === "notrack") {
          return [{ sure: weaker(past, exit.sure), by: { chain, inside, rule } }];
        }
        if (verdict === "accept") past = weaker(past, exit.sure);
        return [];
      });
    });
  return found.find(({ sure }) => sure === "certain") ?? found[0];
}

function judgeChains(firewall: Firewall, packet: Packet): Judgement {
  const judgements = firewall.chains
    // Who answers an echo request is all the same, and what belongs to a connection goes where it went.
    .filter(({ way, versions, kind }) =>
      way === packet.way && versions.includes(packet.version) &&
      (kind === "filter" || packet.protocol === "tcp" && stateOf(packet) === "new")
    )
    .map((chain) =>
      judgeChain(chain, chain.isBeforeTracking ? { ...packet, tracking: "unsettled" } : packet)
    );
  // What is sent elsewhere is not for the filters of this machine.
  const sent = judgements.find((it) => it.kind !== "accepted" && it.by.chain.kind === "nat");
  if (sent) return sent;
  for (const kind of ["refused", "unclear", "partly", "limited"] as const) {
    const found = judgements.find((judgement) => judgement.kind === kind);
    if (found) return found;
  }
  return { kind: "accepted" };
}

function judgeChain(chain: BaseChain, packet: Packet): Judgement {
  const exits = [...follow(chain, { base: chain, packet, depth: 0 })].filter(isVerdict);
  const last = exits.at(-1);
  const end: Verdict = last?.sure === "certain" ? last : {
    verdict: chain.policy,
    sure: "certain",
    inside: chain.name,
    rule: `policy ${chain.policy}`,
  };
  const reason = ({ inside, rule }: Exit): Reason => ({ chain, inside, rule });
  const isAccepted = end.verdict === "accept";
  const others = exits.filter(({ verdict }) => (verdict === "accept") !== isAccepted);
  for (
    const [sure, kind] of [
      ["unknown", "unclear"],
      ["some", "partly"],
      ["limited", "limited"],
    ] as const
  ) {
    const other = others.find((it) => it.sure === sure);
    if (other) return { kind, by: reason(other) };
  }
  if (end.verdict === "accept") return { kind: "accepted" };
  return { kind: "refused", how: end.verdict, by: reason(end) };
}

type Verdict = Exit & { readonly verdict: "accept" | "drop" | "reject" };

function isVerdict(exit: Exit): exit is Verdict {
  return exit.verdict !== "notrack";
}

/** The exits of a chain, in order; the last one is certain when none of the packets goes on behind the chain. */
function* follow(
  chain: Chain,
  context: { base: BaseChain; packet: Packet; depth: number },
): Generator<Exit, void> {
  const { base, packet, depth } = context;
  const { name: inside } = chain;
  // How sure it is that a packet is still here: some may have returned.
  let here: Sure = "certain";
  for (const { text, matches, action } of chain.rules) {
    const match = matches(packet);
    if (match === "no" || action.kind === "next") continue;
    const isAll = match === "yes";
    const sure: Sure = isAll ? here : weaker(here, match);
    const either = [
      { verdict: "accept", sure: "unknown", inside, rule: text },
      { verdict: "drop", sure: "unknown", inside, rule: text },
    ] as const;
    switch (action.kind) {
      case "accept":
      case "drop":
      case "reject":
        yield { verdict: action.kind, sure, inside, rule: text };
        if (isAll) return;
        break;
      case "notrack":
        yield { verdict: "notrack", sure, inside, rule: text };
        break;
      case "return":
        if (isAll) return;
        here = sure;
        break;
      case "unknown":
        yield* either;
        break;
      case "jump":
      case "goto": {
        const target = base.others.get(action.chain);
        if (!target || depth >= DEPTH_MAX) {
          yield* either;
          break;
        }
        let isOver = false;
        for (const exit of follow(target, { ...context, depth: depth + 1 })) {
          yield { ...exit, sure: weaker(sure, exit.sure) };
          isOver = isVerdict(exit) && exit.sure === "certain";
        }
        if (isAll && (isOver || action.kind === "goto")) return;
        break;
      }
    }
  }
}

function weaker(a: Sure, b: Sure): Sure {
  return (["unknown", "some", "limited"] as const).find((it) => a === it || b === it) ?? "certain";
}

import type { BaseChain, Chain, Firewall, Packet } from "./ruleset.ts";

/** What becomes of a packet. */
export type Judgement =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly how: "drop" | "reject"; readonly by: Reason }
  /** It depends on who sends it. */
  | { readonly kind: "partly"; readonly by: Reason }
  /** Rules that are not understood decide. */
  | { readonly kind: "unclear"; readonly by: Reason };

/** The rule that decides, and where it is. */
export interface Reason {
  readonly chain: BaseChain;
  /** As its program writes it, or the chain's policy. */
  readonly rule: string;
}

/** A way that a packet may go. `certain` when every packet that came so far goes it. */
interface Way {
  readonly verdict: "accept" | "drop" | "reject";
  readonly sure: "certain" | "some" | "unknown";
  readonly rule: string;
}

/** Jumps deeper than this are a circle, which the kernel refuses. */
const DEPTH_MAX = 16;

/** Follows a packet through the rules. It must be accepted by every base chain. */
export function judgePacket(firewall: Firewall, packet: Packet): Judgement {
  const judgements = firewall.chains.map((chain) => judgeChain(chain, packet));
  for (const kind of ["refused", "unclear", "partly"] as const) {
    const found = judgements.find((judgement) => judgement.kind === kind);
    if (found) return found;
  }
  return { kind: "accepted" };
}

function judgeChain(chain: BaseChain, packet: Packet): Judgement {
  const ways = [...follow(chain, { base: chain, packet, depth: 0 })];
  const last = ways.at(-1);
  const end: Way = last?.sure === "certain"
    ? last
    : { verdict: chain.policy, sure: "certain", rule: `policy ${chain.policy}` };
  const isAccepted = end.verdict === "accept";
  const others = ways.filter(({ verdict }) => (verdict === "accept") !== isAccepted);
  const unknown = others.find(({ sure }) => sure === "unknown");
  if (unknown) return { kind: "unclear", by: { chain, rule: unknown.rule } };
  const some = others[0];
  if (some) return { kind: "partly", by: { chain, rule: some.rule } };
  if (end.verdict === "accept") return { kind: "accepted" };
  return { kind: "refused", how: end.verdict, by: { chain, rule: end.rule } };
}

/** The ways out of a chain, in order; the last one is certain when none of the packets goes on behind the chain. */
function* follow(
  chain: Chain,
  context: { base: BaseChain; packet: Packet; depth: number },
): Generator<Way, void> {
  const { base, packet, depth } = context;
  for (const { text, matches, action } of chain.rules) {
    const match = matches(packet);
    if (match === "no" || action.kind === "next") continue;
    const sure = match === "yes" ? "certain" : match;
    switch (action.kind) {
      case "accept":
      case "drop":
      case "reject":
        yield { verdict: action.kind, sure, rule: text };
        if (sure === "certain") return;
        break;
      case "return":
        // Whoever returns for some packets only leaves the rest of the chain to the others.
        if (sure === "certain") return;
        break;
      case "unknown":
        yield { verdict: "accept", sure: "unknown", rule: text };
        yield { verdict: "drop", sure: "unknown", rule: text };
        break;
      case "jump":
      case "goto": {
        const target = base.others.get(action.chain);
        if (!target || depth >= DEPTH_MAX) {
          yield { verdict: "accept", sure: "unknown", rule: text };
          yield { verdict: "drop", sure: "unknown", rule: text };
          break;
        }
        let isOver = false;
        for (const way of follow(target, { ...context, depth: depth + 1 })) {
          yield sure === "certain" ? way : { ...way, sure: weaker(sure, way.sure) };
          isOver = way.sure === "certain";
        }
        if (sure === "certain" && (isOver || action.kind === "goto")) return;
        break;
      }
    }
  }
}

function weaker(a: "some" | "unknown", b: Way["sure"]): Way["sure"] {
  return a === "unknown" || b === "unknown" ? "unknown" : "some";
}

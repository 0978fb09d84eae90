import { echo } from "../net/icmp.ts";
import { describeIcmp, type IcmpMessage } from "../net/icmp_message.ts";
import type { Libc } from "../net/libc.ts";

/** How long an echo that may not come back is waited for. Milliseconds. */
const PATIENCE = 1_000;
/** What every path carries (RFC 791) and what Ethernet does. Bytes. */
const SMALLEST = 576;
const LARGEST = 1_500;

/** What a path does with packets that are too large for it. Sizes are bytes of IP packets. */
export type PathMtu =
  /** All of `mtu` arrives. */
  | { readonly kind: "carries"; readonly mtu: number }
  /** Somebody says what fits, as it has to be. */
  | { readonly kind: "told"; readonly mtu: number; readonly icmp: IcmpMessage }
  /** More than `mtu` vanishes, and nobody says so. */
  | { readonly kind: "black hole"; readonly mtu: number }
  /** Not even the smallest packet is answered. */
  | { readonly kind: "silence" };

/** Sends packets that must not be fragmented, and looks how large they may be. @throws as `echo` does. */
export async function findPathMtu(
  libc: Libc,
  { address, signal }: { address: string; signal: AbortSignal },
): Promise<PathMtu> {
  const send = (size: number) =>
    echo(libc, { address, size, fragments: "forbidden", timeout: PATIENCE, signal });
  let largest = LARGEST;
  let first = await send(largest);
  // The interface itself takes less: a tunnel, PPPoE.
  while (first.kind === "unsent" && first.errno === "EMSGSIZE" && largest > SMALLEST) {
    largest -= 4;
    first = await send(largest);
  }
  if (first.kind === "reply") return { kind: "carries", mtu: largest };
  if (first.kind === "icmp" && first.icmp.mtu !== undefined) {
    return { kind: "told", mtu: first.icmp.mtu, icmp: first.icmp };
  }
  if ((await send(SMALLEST)).kind !== "reply") return { kind: "silence" };
  let [fits, tooLarge] = [SMALLEST, largest];
  while (tooLarge - fits > 8) {
    const middle = Math.floor((fits + tooLarge) / 2);
    if ((await send(middle)).kind === "reply") fits = middle;
    else tooLarge = middle;
  }
  return { kind: "black hole", mtu: fits };
}

/** `told by 192.0.2.1 that 1400 bytes fit`, for summaries. */
export function describePathMtu(path: PathMtu): string {
  switch (path.kind) {
    case "carries":
      return `Packets of ${path.mtu} bytes arrive`;
    case "told":
      return `Packets up to ${path.mtu} bytes arrive, larger ones are answered: ${
        describeIcmp(path.icmp)
      }`;
    case "black hole":
      return `Packets above about ${path.mtu} bytes vanish, and no ICMP "fragmentation needed" comes back`;
    case "silence":
      return "No packet is answered";
  }
}

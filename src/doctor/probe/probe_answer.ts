import type { PortRange } from "../steps.ts";

/** What every port that `--listen-probe` holds says to whoever connects, in one line of JSON. */
export interface ProbeAnswer {
  /** The same on all ports of one run: by it a client knows that it reached this run and nobody else. */
  readonly nonce: string;
  /** The port that was reached, on the server's side of any NAT. */
  readonly port: number;
  readonly range: PortRange;
  /** Ports of the range that are held; the others are in use, or left to a gateway that runs. */
  readonly held: ReadonlySet<number>;
}

/** Longest answer: a bit for each port there is, in base64, and the rest. Bytes. */
export const ANSWER_MAX = 16 * 1024;

/** The line. */
export function encodeAnswer({ nonce, port, range, held }: ProbeAnswer): string {
  const { first, last } = range;
  const bits = new Uint8Array(Math.ceil((last - first + 1) / 8));
  for (const it of held) bits[(it - first) >> 3]! |= 1 << ((it - first) & 7);
  const text = btoa(Array.from(bits, (byte) => String.fromCharCode(byte)).join(""));
  return `${JSON.stringify({ cosftpProbe: 1, nonce, port, range: [first, last], held: text })}\n`;
}

/** @returns undefined when it is no such line. */
export function decodeAnswer(line: string): ProbeAnswer | undefined {
  try {
    const { cosftpProbe, nonce, port, range, held: text } = JSON.parse(line);
    const [first, last] = range;
    if (cosftpProbe !== 1 || typeof nonce !== "string" || ![port, first, last].every(isPort)) {
      return undefined;
    }
    const bits = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const held = new Set<number>();
    for (let it = first; it <= last; it++) {
      if (((bits[(it - first) >> 3] ?? 0) >> ((it - first) & 7)) & 1) held.add(it);
    }
    return { nonce, port, range: { first, last }, held };
  } catch {
    return undefined;
  }
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}

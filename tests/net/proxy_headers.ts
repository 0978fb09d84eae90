import type { SocketAddress } from "../../src/net/connection.ts";
import { bytesOf } from "./scripted_connection.ts";

/** The ends of a client's connection to a proxy. */
export interface Ends {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
}

/** A PROXY header as HAProxy writes it; without ends the one by which a proxy speaks for itself. */
export function proxyHeader(
  { version, ends, tlvs = 0 }: { version: 1 | 2; ends?: Ends; tlvs?: number },
): Uint8Array {
  const isV6 = ends?.source.hostname.includes(":");
  if (version === 1) {
    if (!ends) return bytesOf("PROXY UNKNOWN\r\n");
    const { source, destination } = ends;
    const addresses = `${source.hostname} ${destination.hostname}`;
    const ports = `${source.port} ${destination.port}`;
    return bytesOf(`PROXY TCP${isV6 ? 6 : 4} ${addresses} ${ports}\r\n`);
  }
  const body = !ends ? [] : [
    ...addressBytes(ends.source.hostname),
    ...addressBytes(ends.destination.hostname),
    ...[ends.source.port, ends.destination.port].flatMap((port) => [port >> 8, port & 255]),
  ];
  const length = body.length + tlvs;
  const family = !ends ? 0 : isV6 ? 0x21 : 0x11;
  return Uint8Array.of(
    ...bytesOf("\r\n\r\n\0\r\nQUIT\n"),
    ends ? 0x21 : 0x20,
    family,
    length >> 8,
    length & 255,
    ...body,
    // Of type NOOP.
    ...new Uint8Array(tlvs).fill(4),
  );
}

function addressBytes(hostname: string): number[] {
  if (!hostname.includes(":")) return hostname.split(".").map(Number);
  const [head = "", tail = ""] = hostname.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":").map((g) => parseInt(g, 16));
  const [first, last] = [groups(head), groups(tail)];
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 255]);
}

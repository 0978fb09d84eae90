import { ipVersion } from "./cidr.ts";
import type { SocketAddress } from "./connection.ts";

/** AF_INET and AF_INET6 of Linux. */
export const AF_INET = 2;
export const AF_INET6 = 10;

/** A `struct sockaddr_in` or `sockaddr_in6`. @throws SyntaxError when `hostname` is no numeric address. */
export function encodeSocketAddress({ hostname, port }: SocketAddress): Uint8Array<ArrayBuffer> {
  const version = ipVersion(hostname);
  if (version === undefined) {
    throw new SyntaxError(`Cannot use "${hostname}": wanted a numeric address`);
  }
  const bytes = new Uint8Array(new ArrayBuffer(version === 4 ? 16 : 28));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, version === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(addressBytes(hostname), version === 4 ? 4 : 8);
  return bytes;
}

/** The address in a `struct sockaddr_in` or `sockaddr_in6`; undefined for any other family. */
export function decodeSocketAddress(bytes: Uint8Array): string | undefined {
  const family = bytes[0]! | bytes[1]! << 8;
  if (family === AF_INET) return bytes.subarray(4, 8).join(".");
  if (family === AF_INET6) return formatIpv6(bytes.subarray(8, 24));
  return undefined;
}

/** Four or sixteen bytes. */
function addressBytes(hostname: string): Uint8Array {
  if (!hostname.includes(":")) return Uint8Array.from(hostname.split("."), Number);
  // The URL parser writes every form of an address in one: no zone, no dotted part.
  const canonical = new URL(`http://[${hostname.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const groups = (half: string) => half === "" ? [] : half.split(":").map((it) => parseInt(it, 16));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (bytes[2 * index]! << 8 | bytes[2 * index + 1]!).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

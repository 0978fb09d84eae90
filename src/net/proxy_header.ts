import { ipVersion } from "./cidr.ts";
import { plainAddress, type SocketAddress } from "./connection.ts";

/** The longest header that is read, with all its TLVs. Bytes. */
export const PROXY_HEADER_MAX = 4096;

/** The longest header of version 1, with its line end. Bytes. */
const V1_MAX = 107;

const V1_START = Uint8Array.from("PROXY ", (character) => character.charCodeAt(0));
const V2_START = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10);
/** Signature, version and command, family and protocol, length. */
const V2_FIXED = 16;

/** What a proxy says of the connection that it passes on. */
export interface ProxyHeader {
  /** Bytes of the header: what follows is the client's. */
  readonly length: number;
  /** The ends of the client's connection to the proxy; undefined where the proxy speaks for itself (LOCAL, UNKNOWN). */
  readonly ends:
    | { readonly source: SocketAddress; readonly destination: SocketAddress }
    | undefined;
}

/**
 * Reads a header of the PROXY protocol, version 1 or 2 (HAProxy, proxy-protocol.txt, sections 2.1 and 2.2).
 *
 * @param bytes what has arrived so far.
 * @returns undefined when more must arrive.
 * @throws SyntaxError when they are not the beginning of a header of at most {@linkcode PROXY_HEADER_MAX} bytes.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  if (startsLike(V1_START, bytes)) return readVersion1(bytes);
  if (startsLike(V2_START, bytes)) return readVersion2(bytes);
  throw wrong("it does not begin like one");
}

/** Whether `bytes`, as far as they go, are `start`. */
function startsLike(start: Uint8Array, bytes: Uint8Array): boolean {
  return start.subarray(0, bytes.length).every((byte, index) => byte === bytes[index]);
}

function readVersion1(bytes: Uint8Array): ProxyHeader | undefined {
  const LINE_FEED = 10;
  const end = bytes.subarray(0, V1_MAX).indexOf(LINE_FEED);
  if (end < 0) {
    if (bytes.length >= V1_MAX) throw wrong(`its line is longer than ${V1_MAX} bytes`);
    return undefined;
  }
  const length = end + 1;
  const line = String.fromCharCode(...bytes.subarray(0, length));
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) return { length, ends: undefined };
  const match = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line);
  if (!match) throw wrong("its line is not PROXY TCP4 or TCP6, two addresses and two ports");
  const [, family, from = "", to = "", fromPort, toPort] = match;
  const endOf = (hostname: string, port: number): SocketAddress => {
    const isOfFamily = ipVersion(hostname) !== undefined &&
      hostname.includes(":") === (family === "6") && !hostname.includes("%");
    if (!isOfFamily || port > 65_535) throw wrong("its line has a wrong address or port");
    return { hostname: plainAddress(hostname), port };
  };
  return {
    length,
    ends: { source: endOf(from, Number(fromPort)), destination: endOf(to, Number(toPort)) },
  };
}

function readVersion2(bytes: Uint8Array): ProxyHeader | undefined {
  if (bytes.length < V2_FIXED) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [versionAndCommand, familyAndProtocol] = [view.getUint8(12), view.getUint8(13)];
  const length = V2_FIXED + view.getUint16(14);
  if (length > PROXY_HEADER_MAX) throw wrong(`it is longer than ${PROXY_HEADER_MAX} bytes`);
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) {
    throw wrong("it is of no known version and command");
  }
  if (familyAndProtocol >> 4 > 3 || (familyAndProtocol & 15) > 2) {
    throw wrong("it is of no known address family and protocol");
  }
  if (bytes.length < length) return undefined;
  const isLocal = versionAndCommand === 0x20;
  const size = familyAndProtocol === 0x11 ? 4 : familyAndProtocol === 0x21 ? 16 : undefined;
  if (isLocal || size === undefined) return { length, ends: undefined };
  if (length < V2_FIXED + 2 * size + 4) throw wrong("its addresses are cut off");
  const addressAt = (at: number) => formatIp(view, { at: V2_FIXED + at, size });
  const portAt = (at: number) => view.getUint16(V2_FIXED + 2 * size + at);
  return {
    length,
    ends: {
      source: { hostname: addressAt(0), port: portAt(0) },
      destination: { hostname: addressAt(size), port: portAt(2) },
    },
  };
}

function formatIp(view: DataView, { at, size }: { at: number; size: 4 | 16 }): string {
  if (size === 4) return [0, 1, 2, 3].map((offset) => view.getUint8(at + offset)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + 2 * index));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return formatIp(view, { at: at + 12, size: 4 });
  }
  // The form in which the system writes addresses too (RFC 5952): it knows how.
  const { hostname } = new URL(`http://[${groups.map((group) => group.toString(16)).join(":")}]`);
  return hostname.slice(1, -1);
}

function wrong(what: string): SyntaxError {
  return new SyntaxError(`Cannot read the PROXY header: ${what}`);
}

import type { IcmpMessage } from "./icmp_message.ts";
import { ErrnoError, type Libc } from "./libc.ts";
import { NativeSocket, SOCK_DGRAM, SOCK_RAW, versionOf } from "./native_socket.ts";

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
/** Request and reply. */
const ECHO = { 4: [8, 0], 6: [128, 129] } as const;
/** The ICMP header of an echo: type, code, checksum, identifier, sequence number. */
const HEADER = 8;

/** What became of an echo request. Times are milliseconds. */
export type EchoResult =
  | { readonly kind: "reply"; readonly elapsed: number }
  /** An ICMP error came back instead. */
  | { readonly kind: "icmp"; readonly elapsed: number; readonly icmp: IcmpMessage }
  | { readonly kind: "silence"; readonly elapsed: number }
  /** It could not be sent: `EMSGSIZE` when it is larger than the interface takes, `ENETUNREACH`, `EPERM`. */
  | { readonly kind: "unsent"; readonly errno: string };

/**
 * Sends an ICMP echo request and waits for what comes back.
 *
 * @param options.size of the IP packet, its header included. Bytes.
 * @param options.fragments whether it may be cut to pieces on the way.
 * @throws {ErrnoError} `EACCES` or `EPERM` when this process may not; the signal's reason.
 */
export async function echo(libc: Libc, options: {
  /** A numeric address. */
  address: string;
  size?: number;
  fragments?: "allowed" | "forbidden";
  /** Milliseconds. */
  timeout: number;
  signal: AbortSignal;
}): Promise<EchoResult> {
  const { address, size = 84, timeout, signal } = options;
  const version = versionOf(address);
  const { socket, raw } = openSocket(libc, version);
  using _socket = socket;
  if (options.fragments === "forbidden") socket.forbidFragments();
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  const unreachable = socket.connect({ hostname: address, port: 0 });
  if (unreachable) return { kind: "unsent", errno: unreachable };
  const token = crypto.getRandomValues(new Uint8Array(8));
  const request = echoRequest({ version, size, token });
  const unsent = socket.send(request);
  if (unsent) return { kind: "unsent", errno: unsent };
  const received = new Uint8Array(new ArrayBuffer(65_536));
  for (;;) {
    const error = socket.takeIcmp();
    if (error) {
      if (isAbout(error.packet, token)) {
        return { kind: "icmp", elapsed: elapsed(), icmp: error.message };
      }
      continue;
    }
    const length = socket.receive(received);
    if (length !== undefined) {
      // A raw IPv4 socket gives the IP header too, and every answer from this address.
      const skipped = raw && version === 4 ? (received[0]! & 15) * 4 : 0;
      const message = received.subarray(skipped, length);
      if (message[0] === ECHO[version][1] && isAbout(message, token)) {
        return { kind: "reply", elapsed: elapsed() };
      }
      continue;
    }
    const left = timeout - elapsed();
    const isReady = await socket.ready({ for: "reading", milliseconds: left, signal });
    if (!isReady) return { kind: "silence", elapsed: elapsed() };
  }
}

/** Any user may have a datagram socket in `net.ipv4.ping_group_range`, a raw one needs CAP_NET_RAW. */
function openSocket(libc: Libc, version: 4 | 6): { socket: NativeSocket; raw: boolean } {
  const protocol = version === 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  try {
    return { socket: new NativeSocket(libc, { version, type: SOCK_DGRAM, protocol }), raw: false };
  } catch (error) {
    if (!(error instanceof ErrnoError)) throw error;
    return { socket: new NativeSocket(libc, { version, type: SOCK_RAW, protocol }), raw: true };
  }
}

function echoRequest(
  { version, size, token }: { version: 4 | 6; size: number; token: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const ipHeader = version === 4 ? 20 : 40;
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(size - ipHeader, HEADER + token.length)));
  bytes[0] = ECHO[version][0];
  // A datagram socket writes an identifier of its own.
  bytes.set(token.subarray(0, 2), 4);
  bytes[7] = 1;
  bytes.set(token, HEADER);
  // With ICMPv6 the kernel does it.
  if (version === 4) new DataView(bytes.buffer).setUint16(2, checksum(bytes));
  return bytes;
}

/** Whether `message` is the echo with this token; an ICMP error may bring as little as its header (RFC 792). */
function isAbout(message: Uint8Array, token: Uint8Array): boolean {
  if (message.length < HEADER + token.length) return message.length >= HEADER;
  return token.every((byte, index) => message[HEADER + index] === byte);
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes[at]! << 8 | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

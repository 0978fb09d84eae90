/**
 * Run in a namespace: `knock.ts HOST SOURCE PORT` sends a first packet to each TCP and UDP port of an address, from that port of
 * an address of ours, and every ICMP message of IANA's registry. It waits for no answer: what arrives is told where it arrives
 * (`exposure.ts`). The packets are made here: sockets that connect would cost three times as much.
 */
import { encodeSocketAddress } from "../../src/net/ip_bytes.ts";
import { Libc } from "../../src/net/libc.ts";
import { NativeSocket, SOCK_RAW, versionOf } from "../../src/net/native_socket.ts";

const [hostname = "", source = "", sourcePort] = Deno.args;
const version = versionOf(hostname);
const SYN = 2;
using libc = Libc.open();

/** RFC 1071: the sum of 16-bit words. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const [at, byte] of bytes.entries()) sum += at % 2 === 0 ? byte << 8 : byte;
  return sum;
}

/** The checksum of what has this sum; never 0, which UDP takes for none. */
function checksumOf(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff || 0xffff;
}

function addressBytes(address: string): Uint8Array {
  const bytes = encodeSocketAddress({ hostname: address, port: 0 });
  return version === 4 ? bytes.subarray(4, 8) : bytes.subarray(8, 24);
}

/** Sends each message, whose header has its checksum at `checksumAt`. */
function sendAll(messages: Iterable<DataView<ArrayBuffer>>, options: {
  protocol: number;
  checksumAt: number;
  /** Whether the checksum is about the addresses, the protocol and the length too; the kernel itself writes that of ICMPv6. */
  pseudoHeader: boolean;
}): void {
  const { protocol, checksumAt } = options;
  using socket = new NativeSocket(libc, { version, type: SOCK_RAW, protocol });
  socket.connect({ hostname, port: 0 });
  const addresses = options.pseudoHeader
    ? sumOf(addressBytes(hostname)) + sumOf(addressBytes(source)) + protocol
    : 0;
  for (const view of messages) {
    const bytes = new Uint8Array(view.buffer);
    view.setUint16(checksumAt, 0);
    const length = options.pseudoHeader ? bytes.length : 0;
    view.setUint16(checksumAt, checksumOf(addresses + length + sumOf(bytes)));
    // An answer to the one before is told here, instead of sending.
    if (socket.send(bytes) !== undefined) socket.send(bytes);
  }
}

function* toEachPort(header: DataView<ArrayBuffer>): Generator<DataView<ArrayBuffer>> {
  header.setUint16(0, Number(sourcePort));
  for (let port = 1; port <= 65_535; port++) {
    header.setUint16(2, port);
    yield header;
  }
}

function* everyIcmp(): Generator<DataView<ArrayBuffer>> {
  const message = new DataView(new ArrayBuffer(8));
  // ICMPv6: errors, echo, neighbour discovery.
  const types = version === 4 ? [[0, 18]] : [[1, 4], [128, 137]];
  for (const [first, last] of types) {
    for (let type = first!; type <= last!; type++) {
      for (let code = 0; code <= 15; code++) {
        message.setUint16(0, type << 8 | code);
        yield message;
      }
    }
  }
}

const tcp = new DataView(new ArrayBuffer(20));
tcp.setUint16(12, 5 << 12 | SYN);
tcp.setUint16(14, 0xffff);
sendAll(toEachPort(tcp), { protocol: 6, checksumAt: 16, pseudoHeader: true });
const udp = new DataView(new ArrayBuffer(8));
udp.setUint16(4, 8);
sendAll(toEachPort(udp), { protocol: 17, checksumAt: 6, pseudoHeader: true });
sendAll(everyIcmp(), {
  protocol: version === 4 ? 1 : 58,
  checksumAt: 2,
  pseudoHeader: false,
});

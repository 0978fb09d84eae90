/**
 * Run in a namespace: `knock.ts HOST` sends a first packet to each TCP and UDP port of an address, and every ICMP message of
 * IANA's registry. It waits for no answer: what arrives is told where it arrives (`exposure.ts`).
 */
import { Libc } from "../../src/net/libc.ts";
import {
  NativeSocket,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  versionOf,
} from "../../src/net/native_socket.ts";

const hostname = Deno.args[0]!;
const version = versionOf(hostname);
using libc = Libc.open();

{
  using udp = new NativeSocket(libc, { version, type: SOCK_DGRAM, protocol: 0 });
  for (let port = 1; port <= 65_535; port++) {
    using tcp = new NativeSocket(libc, { version, type: SOCK_STREAM, protocol: 0 });
    tcp.connect({ hostname, port });
    udp.connect({ hostname, port });
    // An answer to the port before is told here, instead of sending.
    if (udp.send(new Uint8Array(1)) !== undefined) udp.send(new Uint8Array(1));
  }
}

const protocol = version === 4 ? 1 : 58;
// ICMPv6: errors, echo, neighbour discovery.
const types = version === 4 ? [[0, 18]] : [[1, 4], [128, 137]];
for (const [first, last] of types) {
  for (let type = first!; type <= last!; type++) {
    for (let code = 0; code <= 15; code++) {
      using socket = new NativeSocket(libc, { version, type: SOCK_RAW, protocol });
      socket.connect({ hostname, port: 0 });
      const message = new Uint8Array(new ArrayBuffer(8));
      const word = type << 8 | code;
      // RFC 1071 over a message of zeros; the kernel writes that of ICMPv6 itself.
      message.set([type, code, ~word >> 8 & 255, ~word & 255]);
      socket.send(message);
    }
  }
}

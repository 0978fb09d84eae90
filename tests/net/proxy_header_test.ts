import assert from "node:assert/strict";
import { PROXY_HEADER_MAX, type ProxyHeader, readProxyHeader } from "../../src/net/proxy_header.ts";
import { seededRandom } from "../seeded_random.ts";
import { proxyHeader } from "./proxy_headers.ts";
import { bytesOf } from "./scripted_connection.ts";

const V4 = {
  source: { hostname: "192.0.2.7", port: 40_000 },
  destination: { hostname: "203.0.113.10", port: 21 },
};
const V6 = {
  source: { hostname: "2001:db8::7", port: 1 },
  destination: { hostname: "2001:db8:1::a", port: 65_535 },
};

/** What the bytes of a header are read as when they come one by one, and garbage after them. */
function read(bytes: Uint8Array): ProxyHeader | undefined {
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(readProxyHeader(bytes.subarray(0, length)), undefined, `${length} bytes`);
  }
  const whole = readProxyHeader(bytes);
  assert.deepEqual(readProxyHeader(Uint8Array.of(...bytes, ...bytesOf("USER x\r\n"))), whole);
  return whole;
}

for (const version of [1, 2] as const) {
  Deno.test(`header of version ${version} names both ends`, () => {
    for (const ends of [V4, V6]) {
      const bytes = proxyHeader({ version, ends });
      assert.deepEqual(read(bytes), { length: bytes.length, ends });
    }
  });

  Deno.test(`header of version ${version} by which the proxy speaks for itself names no ends`, () => {
    const bytes = proxyHeader({ version });
    assert.deepEqual(read(bytes), { length: bytes.length, ends: undefined });
  });
}

Deno.test("UNKNOWN with addresses, as a proxy may send it, names no ends", () => {
  const bytes = bytesOf("PROXY UNKNOWN ffff::ffff ffff::ffff 65535 65535\r\n");
  assert.deepEqual(read(bytes), { length: bytes.length, ends: undefined });
});

Deno.test("IPv4-mapped addresses are IPv4", () => {
  const mapped = {
    source: { hostname: "::ffff:192.0.2.7", port: 40_000 },
    destination: { hostname: "::ffff:203.0.113.10", port: 21 },
  };
  assert.deepEqual(read(proxyHeader({ version: 1, ends: mapped }))!.ends, V4);
  const bytes = proxyHeader({ version: 2, ends: V6 });
  bytes.set([...new Uint8Array(10), 255, 255, 192, 0, 2, 7], 16);
  bytes.set([...new Uint8Array(10), 255, 255, 203, 0, 113, 10], 32);
  assert.deepEqual(read(bytes)!.ends, {
    source: { ...V4.source, port: 1 },
    destination: {
      ...V4.destination,
      port: 65_535,
    },
  });
});

Deno.test("TLVs behind the addresses are skipped", () => {
  const bytes = proxyHeader({ version: 2, ends: V4, tlvs: 200 });
  assert.deepEqual(read(bytes), { length: 16 + 12 + 200, ends: V4 });
});

Deno.test("sockets other than TCP over IP name no ends", () => {
  for (const family of [0x00, 0x12, 0x22, 0x31, 0x32]) {
    const bytes = proxyHeader({ version: 2, ends: V4 });
    bytes[13] = family;
    assert.equal(read(bytes)!.ends, undefined, `${family}`);
  }
});

const WRONG: Readonly<Record<string, string | Uint8Array>> = {
  "an FTP command": "USER x\r\n",
  "a TLS handshake": Uint8Array.of(0x16, 3, 1, 2, 0, 1),
  "one wrong byte in the signature": "\r\n\r\n\0\r\nQUIX",
  "version 1 in lower case": "proxy TCP4 ",
  "an unknown protocol": "PROXY UDP4 192.0.2.7 203.0.113.10 1 2\r\n",
  "no ports": "PROXY TCP4 192.0.2.7 203.0.113.10\r\n",
  "a host name": "PROXY TCP4 localhost 203.0.113.10 1 2\r\n",
  "addresses of the other family": "PROXY TCP6 192.0.2.7 203.0.113.10 1 2\r\n",
  "IPv6 as TCP4": "PROXY TCP4 ::1 ::1 1 2\r\n",
  "a zone": "PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n",
  "an octet over 255": "PROXY TCP4 192.0.2.256 203.0.113.10 1 2\r\n",
  "a port over 65535": "PROXY TCP4 192.0.2.7 203.0.113.10 65536 2\r\n",
  "a negative port": "PROXY TCP4 192.0.2.7 203.0.113.10 -1 2\r\n",
  "two blanks": "PROXY TCP4  192.0.2.7 203.0.113.10 1 2\r\n",
  "a line feed alone": "PROXY TCP4 192.0.2.7 203.0.113.10 1 2\n",
  "a carriage return inside": "PROXY UNKNOWN a\rb\r\n",
  "a line of 108 bytes": `PROXY UNKNOWN ${"f".repeat(92)}\r\n`,
  "a line without end": `PROXY ${"f".repeat(200)}`,
  "version 3": proxyHeader({ version: 2, ends: V4 }).with(12, 0x31),
  "an unknown command": proxyHeader({ version: 2, ends: V4 }).with(12, 0x22),
  "an unknown family": proxyHeader({ version: 2, ends: V4 }).with(13, 0x41),
  "an unknown protocol of version 2": proxyHeader({ version: 2, ends: V4 }).with(13, 0x13),
  "addresses that are cut off": proxyHeader({ version: 2, ends: V4 }).with(15, 11),
  "more than is read": proxyHeader({ version: 2, ends: V4, tlvs: PROXY_HEADER_MAX }),
};
for (const [what, bytes] of Object.entries(WRONG)) {
  Deno.test(`header is refused for ${what}`, () => {
    const all = typeof bytes === "string" ? bytesOf(bytes) : bytes;
    assert.throws(() => readProxyHeader(all), /^SyntaxError: Cannot read the PROXY header: /);
  });
}

Deno.test("whatever comes is a header, needs more, or is refused", () => {
  const random = seededRandom(7);
  const outcomes = { header: 0, more: 0, refused: 0 };
  for (let round = 0; round < 20_000; round++) {
    const ends = random() < 0.5 ? V4 : V6;
    const bytes = proxyHeader({ version: random() < 0.5 ? 1 : 2, ends });
    for (let flips = 0; flips < 2; flips++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const sent = bytes.subarray(0, Math.ceil(random() * 1.3 * bytes.length));
    try {
      const header = readProxyHeader(sent);
      outcomes[header ? "header" : "more"]++;
      assert.ok(header === undefined || header.length <= sent.length);
    } catch (error) {
      assert.ok(error instanceof SyntaxError, String(error));
      outcomes.refused++;
    }
  }
  assert.ok(Object.values(outcomes).every((count) => count > 100), JSON.stringify(outcomes));
});

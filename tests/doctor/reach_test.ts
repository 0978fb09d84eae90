import assert from "node:assert/strict";
import { describeFailure, errnoOf, judge, Reach } from "../../src/doctor/reach.ts";
import { listen, systemDialer } from "../../src/net/connection.ts";
import type { IcmpMessage } from "../../src/net/icmp_message.ts";
import type { Libc } from "../../src/net/libc.ts";
import { NativeSocket, SOCK_STREAM } from "../../src/net/native_socket.ts";

const address = { hostname: "192.0.2.1", port: 60_000 };
const icmp = (code: number): IcmpMessage => ({
  version: 4,
  type: 3,
  code,
  mtu: undefined,
  from: "192.0.2.1",
});

for (
  const [errno, elapsed, message, cause] of [
    ["ETIMEDOUT", 5_000, undefined, "dropped"],
    ["ECONNREFUSED", 1, undefined, "refused"],
    ["ECONNREFUSED", 1, icmp(3), "rejected"],
    ["EHOSTUNREACH", 2, icmp(10), "prohibited"],
    ["EHOSTUNREACH", 2, undefined, "prohibited"],
    // The first SYN was not answered, because Linux sends ICMP about once a second.
    ["EHOSTUNREACH", 1_010, undefined, "prohibited"],
    ["EHOSTUNREACH", 3_060, undefined, "no-neighbour"],
    ["EHOSTUNREACH", 3_060, icmp(1), "no-neighbour"],
    ["EHOSTUNREACH", 2, icmp(1), "rejected"],
    ["ENETUNREACH", 0, undefined, "no-route"],
    ["ENETUNREACH", 3, icmp(9), "prohibited"],
    // The address itself says so: REJECT with icmp-net-unreachable.
    ["ENETUNREACH", 3, icmp(0), "rejected"],
    ["ENETUNREACH", 3, { ...icmp(0), from: "192.0.2.254" }, "no-route"],
    ["ENOPROTOOPT", 3, undefined, "rejected"],
    ["ECONNRESET", 3, undefined, "reset"],
    ["EPERM", 0, undefined, "denied-here"],
    ["EMFILE", 0, undefined, "no-files"],
    ["ENFILE", 0, undefined, "no-files"],
    ["EADDRNOTAVAIL", 0, undefined, "other"],
  ] as const
) {
  const by = message ? ` by ICMP code ${message.code}` : "";
  Deno.test(`a connection that ends with ${errno} after ${elapsed} ms${by} is ${cause}`, () => {
    const failure = judge({ address, errno, elapsed, icmp: message });
    assert.equal(failure.cause, cause);
    assert.match(describeFailure(failure), new RegExp(`192\\.0\\.2\\.1:60000.*${errno}`));
  });
}

Deno.test("EACCES for an IPv6 address is what a firewall answers, and not this machine", () => {
  const there = { hostname: "2001:db8::1", port: 60_000 };
  const failure = judge({ address: there, errno: "EACCES", elapsed: 2, icmp: undefined });
  assert.equal(failure.cause, "prohibited");
});

Deno.test("an error that Deno has no code for is named by its number", () => {
  assert.equal(errnoOf(new Error("Protocol not available (os error 92)")), "ENOPROTOOPT");
  assert.equal(errnoOf(new TypeError("odd")), "TypeError: odd");
});

const { signal } = new AbortController();

/** A machine that is busy for so long: timers become due, and nobody looks at sockets. */
function beBusy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

Deno.test("a busy machine does not take connections that were opened in time for dropped ones", async () => {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  const reach = new Reach(systemDialer, undefined);
  const attempts = Array.from(
    { length: 64 },
    () => reach.connect(listener.address, { timeout: 10, signal }),
  );
  beBusy(50);
  for (const connection of await Promise.all(attempts)) {
    assert.ok(!("cause" in connection), JSON.stringify(connection));
    connection.close();
  }
});

Deno.test("a busy machine looks once more at what has arrived before it calls that silence", async () => {
  let arrived = 0;
  const calls = { socket: () => 3, setsockopt: () => 0, close: () => 0, poll: () => arrived };
  const libc = { calls } as unknown as Libc;
  using socket = new NativeSocket(libc, { version: 4, type: SOCK_STREAM, protocol: 0 });
  const isReady = socket.ready({ for: "reading", milliseconds: 10, signal });
  beBusy(50);
  arrived = 1;
  assert.equal(await isReady, true);
});

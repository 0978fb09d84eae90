import assert from "node:assert/strict";
import { describeFailure, errnoOf, judge } from "../../src/doctor/reach.ts";
import type { IcmpMessage } from "../../src/net/icmp_message.ts";

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

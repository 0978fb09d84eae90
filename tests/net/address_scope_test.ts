import assert from "node:assert/strict";
import { addressScope } from "../../src/net/address_scope.ts";

for (
  const [address, scope] of [
    ["8.8.8.8", "public"],
    ["2400:cb00::1", "public"],
    ["10.1.2.3", "private"],
    ["fd00::1", "private"],
    ["100.64.0.1", "carrier-grade NAT"],
    ["127.0.0.1", "loopback"],
    ["169.254.0.47", "link-local"],
    ["0.0.0.0", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
    ["192.0.2.1", "documentation"],
    ["198.51.100.1", "documentation"],
    ["203.0.113.7", "documentation"],
    ["2001:db8::1", "documentation"],
    ["3fff::1", "documentation"],
    ["198.18.0.1", "benchmarking"],
    ["198.19.255.255", "benchmarking"],
    ["198.20.0.0", "public"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "reserved"],
  ] as const
) {
  Deno.test(`${address} is an address whose scope is ${scope}`, () => {
    assert.equal(addressScope(address), scope);
  });
}

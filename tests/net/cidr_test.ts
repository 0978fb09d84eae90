import assert from "node:assert/strict";
import { clientNetwork } from "../../src/net/cidr.ts";

Deno.test("a client is an IPv4 address or an IPv6 /64 network, however it is written", () => {
  for (
    const [hostname, network] of [
      ["192.0.2.1", "192.0.2.1"],
      ["255.255.255.255", "255.255.255.255"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
      ["fe80::1%eth0", "fe80:0:0:0::/64"],
      ["::1", "0:0:0:0::/64"],
      ["localhost", "localhost"],
    ] as const
  ) assert.equal(clientNetwork(hostname), network);
});

import assert from "node:assert/strict";
import {
  assertPass,
  assertWell,
  fromClient,
  fromClient6,
  mend,
  type NetworkCase,
  onServer,
} from "./network_case.ts";
import { SERVER_6 } from "./network.ts";
import { linesFor, worseOf } from "./scene.ts";
import { nft } from "./server_rules.ts";

const WITH_IP6TABLES = "# On the server, with ip6tables";
const WITH_NFT = "# On the server, with nftables";

/** The server's own rules for IPv6, by ip6tables: those before `lines` are what nothing works without. */
function ip6tables(...lines: readonly string[]): string[] {
  return [
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m state --state ESTABLISHED -j ACCEPT",
    "-A INPUT -p ipv6-icmp --icmpv6-type neighbour-solicitation -j ACCEPT",
    "-A INPUT -p ipv6-icmp --icmpv6-type neighbour-advertisement -j ACCEPT",
    ...lines,
    "-P INPUT DROP",
  ].map((line) => `ip6tables ${line}`);
}

const ECHO = "-A INPUT -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT";
const CONTROL = "-A INPUT -p tcp --dport 2121 -j ACCEPT";
const PASSIVE = "-A INPUT -p tcp --dport 60000:65535 -j ACCEPT";

/** Clients come by IPv6 too, and the rules for it are others than those for IPv4. */
export const IPV6_CASES: readonly NetworkCase[] = [
  {
    name: "IPv6, all well behind ip6tables: no alarm",
    ipv6: true,
    onServer: ip6tables("-A INPUT -p ipv6-icmp -j ACCEPT", CONTROL, PASSIVE),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient6(scene), onServer(scene)]);
      assertWell(client);
      for (const check of ["rules", "control", "passive", "icmp"]) {
        assertPass(server, `firewall.${check}`);
      }
    },
  },
  {
    name: "IPv6: ip6tables drops the passive range, and ICMPv6 that says what does not fit",
    ipv6: true,
    onServer: ip6tables(ECHO, CONTROL),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient6(scene), onServer(scene)]);
      const finding = worseOf(client, "target.data");
      assert.match(finding.summary, /^Data connections: nothing came back from \[2001:db8:2::2\]/);
      const there = worseOf(server, "firewall.passive");
      assert.equal(
        there.summary,
        "The passive range 60000-65535 over IPv6 is dropped by ip6tables filter INPUT: policy drop",
      );
      assert.deepEqual(linesFor(there, WITH_IP6TABLES), linesFor(finding, WITH_IP6TABLES));
      const by = { comment: WITH_IP6TABLES, on: scene.network.server, address: SERVER_6 };
      const opened = ["tcp 60000-65535"];
      await mend(scene, { ...by, findings: [finding], opened, again: fromClient6 });
      assertPass(await onServer(scene), "firewall.passive");
      assertPass(await fromClient(scene, "target.data"), "target.data");
      const lost = server.filter(({ check, status }) =>
        check === "firewall.icmp" && status !== "pass"
      );
      assert.deepEqual(lost.map(({ status, summary }) => [status, summary.split(" is ")[0]]), [
        ["fail", "ICMPv6 packet-too-big"],
        ["warn", "ICMPv6 destination-unreachable"],
        ["warn", "ICMPv6 time-exceeded"],
      ]);
      const messages = ["icmpv6 1", "icmpv6 2", "icmpv6 3"];
      await mend(scene, { ...by, findings: lost, opened: messages, again: onServer });
    },
  },
  {
    name: "IPv6: nft rejects the passive range in a table for both",
    ipv6: true,
    onServer: [
      ...nft("meta nfproto ipv6 tcp dport 60000-65535 reject with icmpv6 type admin-prohibited"),
      "nft add rule inet filter input meta l4proto ipv6-icmp accept",
    ],
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient6(scene), onServer(scene)]);
      assert.match(
        worseOf(client, "target.data").summary,
        /rejects .* \(EACCES, ICMP administratively prohibited \(type 1, code 1\) from 2001:db8:2::2/,
      );
      const there = worseOf(server, "firewall.passive");
      assert.match(
        there.summary,
        /^The passive range 60000-65535 over IPv6 is rejected by nft inet filter input: tcp dport/,
      );
      const by = { comment: WITH_NFT, on: scene.network.server, address: SERVER_6 };
      const opened = ["tcp 60000-65535"];
      await mend(scene, { ...by, findings: [there], opened, again: onServer });
      assertWell(await fromClient6(scene));
    },
  },
];

import assert from "node:assert/strict";
import { allOf, assertOpened, exposureOf, inShort } from "./exposure.ts";
import { Network, SERVER } from "./network.ts";
import { networkTest } from "./network_test_case.ts";

const IPTABLES = [
  "iptables -A INPUT -p tcp --dport 2121 -j ACCEPT",
  "iptables -A INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset",
  "iptables -P INPUT DROP",
];
const NFT = [
  "nft add table inet filter",
  "nft add chain inet filter input '{ type filter hook input priority filter; policy drop; }'",
  "nft add rule inet filter input tcp dport 2121 accept",
];

const EVERY_ICMP = Array.from({ length: 19 }, (_, type) => `icmp ${type}`);

/** Lines that are to open the passive range, and what they open besides. */
const REMEDIES = [
  {
    rules: IPTABLES,
    lines: {
      "iptables -I INPUT -p tcp --dport 60000:65535 -j ACCEPT": [],
      "iptables -I INPUT -p tcp --dport 59999:65535 -j ACCEPT": ["tcp 59999"],
      "iptables -P INPUT ACCEPT": [
        ...EVERY_ICMP,
        "tcp 1-21",
        "tcp 23-2120",
        "tcp 2122-59999",
        "udp 1-65535",
      ],
    },
  },
  {
    rules: NFT,
    lines: {
      "nft insert rule inet filter input tcp dport 1-65535 accept": [
        "tcp 1-2120",
        "tcp 2122-59999",
      ],
      "nft insert rule inet filter input meta l4proto '{ tcp, udp }' th dport 60000-65535 accept": [
        "udp 60000-65535",
      ],
    },
  },
];

networkTest(
  "what a firewall lets in is seen whole, and a line that opens too much is found",
  async (t) => {
    const opened = allOf("tcp 60000-65535");
    for (const { rules, lines } of REMEDIES) {
      await using network = await Network.build({ nat: "none" });
      const { client, server } = network;
      const look = () => exposureOf(server, { from: client, address: SERVER });
      await server.paste(rules);
      const before = await look();
      assert.deepEqual(inShort(before), ["tcp 2121"]);
      const saved = await server.run(["nft", "list", "ruleset"]);
      for (const [line, tooMuch] of Object.entries(lines)) {
        await t.step(line, async () => {
          await server.paste([line]);
          const after = await look();
          await server.paste(["nft flush ruleset", `nft -f - <<'END'\n${saved}\nEND`]);
          if (tooMuch.length === 0) return assertOpened({ before, after, opened });
          assert.throws(() => assertOpened({ before, after, opened }), /what is open now/);
          const more = after.difference(before).difference(opened);
          assert.deepEqual(inShort(more), [...tooMuch].sort());
        });
      }
      assert.throws(() => assertOpened({ before, after: before, opened }), /what is open now/);
      const opensAgain = { before: opened, after: opened, opened };
      assert.throws(() => assertOpened(opensAgain), /what was open before/);
    }
  },
);

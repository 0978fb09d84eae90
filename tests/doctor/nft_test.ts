import assert from "node:assert/strict";
import { readNftRuleset } from "../../src/doctor/firewall/nft.ts";
import { ECHO, judged, NEIGHBOUR, reply, tcp, tcp6, TOO_BIG } from "./judged_packet.ts";

type Expression = readonly Record<string, unknown>[];

function nft(policy: string, ...expressions: Expression[]) {
  const table = { family: "inet", table: "filter" };
  const objects = [
    { chain: { ...table, name: "input", type: "filter", hook: "input", prio: 0, policy } },
    { chain: { ...table, name: "other" } },
    { set: { ...table, name: "ports", elem: [2121, { range: [60_000, 60_010] }] } },
    { rule: { ...table, chain: "other", handle: 99, expr: [{ accept: null }] } },
    ...expressions.map((expr, index) => ({
      rule: { ...table, chain: "input", handle: index, expr },
    })),
  ];
  return readNftRuleset(JSON.stringify({ nftables: objects }), {
    lines: "",
    interfaces: ["eth0"],
    isOthers: () => false,
  }).chains;
}

const ACCEPT = { accept: null };
const match = (left: unknown, right: unknown, op = "==") => ({ match: { op, left, right } });
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const STATE = { ct: { key: "state" } };

for (
  const [name, expression, packet, kind] of [
    ["a port", [match(payload("tcp", "dport"), 2121), ACCEPT], tcp(2121), "accepted"],
    ["another port", [match(payload("tcp", "dport"), 2121), ACCEPT], tcp(21), "drop"],
    ["not a port", [match(payload("tcp", "dport"), 21, "!="), ACCEPT], tcp(2121), "accepted"],
    [
      "a range",
      [match(payload("tcp", "dport"), { range: [60_000, 60_010] }), ACCEPT],
      tcp(60_005),
      "accepted",
    ],
    [
      "a set",
      [match(payload("tcp", "dport"), { set: [21, { range: [5, 9] }] }), ACCEPT],
      tcp(7),
      "accepted",
    ],
    ["a named set", [match(payload("tcp", "dport"), "@ports"), ACCEPT], tcp(60_010), "accepted"],
    ["at least", [match(payload("tcp", "dport"), 5_000, ">="), ACCEPT], tcp(60_000), "accepted"],
    ["the transport's port", [match(payload("th", "dport"), 2121), ACCEPT], tcp(2121), "accepted"],
    ["a state", [match(STATE, ["established", "related"], "in"), ACCEPT], TOO_BIG, "accepted"],
    [
      "the state of others",
      [match(STATE, ["established", "related"], "in"), ACCEPT],
      tcp(1),
      "drop",
    ],
    ["loopback", [match({ meta: { key: "iifname" } }, "lo"), ACCEPT], tcp(1), "drop"],
    ["the interface", [match({ meta: { key: "iif" } }, "eth0"), ACCEPT], tcp(1), "accepted"],
    ["ICMP", [match({ meta: { key: "l4proto" } }, "icmp"), ACCEPT], ECHO, "accepted"],
    [
      "ICMP types by name",
      [match(payload("icmp", "type"), { set: ["echo-request"] }), ACCEPT],
      ECHO,
      "accepted",
    ],
    [
      "ICMP codes by name",
      [
        match(payload("icmp", "type"), "destination-unreachable"),
        match(payload("icmp", "code"), "frag-needed"),
        ACCEPT,
      ],
      TOO_BIG,
      "accepted",
    ],
    ["ICMPv6", [match(payload("ip6", "nexthdr"), "ipv6-icmp"), ACCEPT], ECHO, "drop"],
    [
      "ICMPv6 in IPv6",
      [match(payload("ip6", "nexthdr"), "ipv6-icmp"), ACCEPT],
      NEIGHBOUR,
      "accepted",
    ],
    [
      "ICMPv6 types by name",
      [match(payload("icmpv6", "type"), { set: ["nd-neighbor-solicit"] }), ACCEPT],
      NEIGHBOUR,
      "accepted",
    ],
    ["ICMP types, for ICMPv6", [match(payload("icmp", "type"), 135), ACCEPT], NEIGHBOUR, "drop"],
    ["IPv6", [match({ meta: { key: "nfproto" } }, "ipv6"), ACCEPT], tcp6(1), "accepted"],
    ["IPv6, for IPv4", [match({ meta: { key: "protocol" } }, "ip6"), ACCEPT], tcp(1), "drop"],
    ["some senders of IPv6", [match(payload("ip6", "saddr"), "::1"), ACCEPT], tcp6(1), "partly"],
    [
      "senders of IPv4, for IPv6",
      [match(payload("ip", "saddr"), "192.0.2.1"), ACCEPT],
      tcp6(1),
      "drop",
    ],
    [
      "what was sent here by nat",
      [match({ ct: { key: "status" } }, "dnat", "in"), ACCEPT],
      tcp(1),
      "drop",
    ],
    [
      "whom no answer would find",
      [match({ fib: { result: "oif", flags: ["saddr", "iif"] } }, false), ACCEPT],
      tcp6(1),
      "drop",
    ],
    [
      "what is for this machine",
      [match({ fib: { result: "type", flags: ["daddr"] } }, "local"), ACCEPT],
      tcp(1),
      "accepted",
    ],
    ["a limit", [{ limit: { rate: 5, per: "second" } }, ACCEPT], ECHO, "accepted"],
    ["above a limit", [{ limit: { rate: 5, per: "second", inv: true } }, ACCEPT], ECHO, "drop"],
    ["a limit, for TCP", [{ limit: { rate: 1, per: "minute" } }, ACCEPT], tcp(1), "limited"],
    ["some senders", [match(payload("ip", "saddr"), "192.0.2.1"), ACCEPT], tcp(1), "partly"],
    [
      "SYN alone",
      [
        match({ "&": [payload("tcp", "flags"), ["syn", "ack"]] }, "syn"),
        ACCEPT,
      ],
      tcp(1),
      "accepted",
    ],
    ["a jump", [{ jump: { target: "other" } }], tcp(1), "accepted"],
    [
      "a verdict map",
      [
        {
          vmap: {
            key: payload("tcp", "dport"),
            data: { set: [[21, { drop: null }], [2121, ACCEPT]] },
          },
        },
      ],
      tcp(2121),
      "accepted",
    ],
    [
      "what iptables brought",
      [{ xt: { type: "match", name: "geoip" } }, ACCEPT],
      tcp(1),
      "unclear",
    ],
    ["a mark", [match({ meta: { key: "mark" } }, 1), ACCEPT], tcp(1), "unclear"],
    ["a new statement", [{ brandnew: {} }, ACCEPT], tcp(1), "unclear"],
  ] as const
) {
  Deno.test(`nft, policy drop: accepting ${name} for ${JSON.stringify(packet)}`, () => {
    assert.equal(judged(nft("drop", expression), packet).split(":")[0], kind);
  });
}

Deno.test("nft: rules below IP are said to be not understood", () => {
  const table = { family: "netdev", table: "edge" };
  const { notUnderstood } = readNftRuleset(
    JSON.stringify({
      nftables: [
        {
          chain: {
            ...table,
            name: "in",
            type: "filter",
            hook: "ingress",
            prio: 0,
            policy: "accept",
          },
        },
        { rule: { ...table, chain: "in", handle: 1, expr: [{ drop: null }] } },
      ],
    }),
    { lines: "", interfaces: ["eth0"], isOthers: () => false },
  );
  assert.deepEqual(notUnderstood, ["nft netdev edge in: rules below IP"]);
});

for (
  const [name, statement] of [
    ["redirect", { redirect: { port: 22 } }],
    ["dnat", { dnat: { addr: "10.9.0.77" } }],
  ] as const
) {
  Deno.test(`nft: what ${name} sends elsewhere is not understood, and other ports are let in`, () => {
    const table = { family: "ip", table: "nat" };
    const base = { name: "pre", type: "nat", hook: "prerouting", prio: -100, policy: "accept" };
    const expr = [match(payload("tcp", "dport"), 2121), statement];
    const { chains } = readNftRuleset(
      JSON.stringify({
        nftables: [
          { chain: { ...table, ...base } },
          { rule: { ...table, chain: "pre", handle: 1, expr } },
        ],
      }),
      { lines: "", interfaces: ["eth0"], isOthers: () => false },
    );
    assert.equal(judged(chains, tcp(2121)).split(":")[0], "unclear");
    assert.equal(judged(chains, tcp(2122)), "accepted");
  });
}

for (
  const [type, of4, of6] of [
    ["icmp", "reject", "accepted"],
    ["icmpv6", "accepted", "reject"],
    ["icmpx", "reject", "reject"],
    ["tcp reset", "reject", "reject"],
  ] as const
) {
  Deno.test(`nft, policy accept: rejecting with ${type} is for the version of IP that has it`, () => {
    const chains = nft("accept", [{ reject: { type, expr: "admin-prohibited" } }]);
    const kinds = [tcp(2121), tcp6(2121)].map((packet) => judged(chains, packet).split(":")[0]);
    assert.deepEqual(kinds, [of4, of6]);
  });
}

const FLOOD = {
  set: {
    op: "update",
    elem: payload("ip", "saddr"),
    set: "@flood",
    stmt: [{ limit: { rate: 10, per: "second", inv: true } }],
  },
};
const QUOTA = { quota: { val: 500, val_unit: "mbytes", inv: true } };

for (
  const [name, expression, kind] of [
    [
      "a set with a limit",
      [match(payload("tcp", "dport"), 2121), FLOOD, { drop: null }],
      "unclear",
    ],
    ["a set with a limit, for another port", [match(payload("tcp", "dport"), 21), FLOOD, {
      drop: null,
    }], "accepted"],
    ["a quota", [QUOTA, { drop: null }], "unclear"],
    ["a count of connections", [{ "ct count": { val: 9, inv: true } }, { drop: null }], "unclear"],
    ["a limit", [{ limit: { rate: 1, per: "minute", inv: true } }, { drop: null }], "limited"],
    ["a set alone", [FLOOD], "accepted"],
    ["a quota alone", [QUOTA], "accepted"],
    ["a helper of connection tracking", [{ "ct helper": "ftp" }], "accepted"],
    ["a new statement alone", [{ brandnew: {} }], "unclear"],
  ] as const
) {
  Deno.test(`nft, policy accept: dropping by ${name}`, () => {
    assert.equal(judged(nft("accept", expression), tcp(2121)).split(":")[0], kind);
  });
}

for (
  const [hook, type] of [["output", "filter"], ["output", "route"], ["postrouting", "filter"]]
) {
  const out = (policy: string, ...expressions: Expression[]) => {
    const table = { family: "inet", table: "mine" };
    const objects = [
      { chain: { ...table, name: "out", type, hook, prio: 0, policy } },
      ...expressions.map((expr, handle) => ({ rule: { ...table, chain: "out", handle, expr } })),
    ];
    const options = { lines: "", interfaces: ["eth0"], isOthers: () => false };
    return readNftRuleset(JSON.stringify({ nftables: objects }), options).chains;
  };
  const DROP = { drop: null };
  for (
    const [name, policy, expression, kind] of [
      ["nothing", "drop", [match(STATE, "new"), ACCEPT], "drop"],
      ["nothing", "accept", [match(STATE, ["established", "related"], "in"), DROP], "drop"],
      [
        "established ones",
        "drop",
        [match(STATE, ["established", "related"], "in"), ACCEPT],
        "accepted",
      ],
      ["loopback", "drop", [match({ meta: { key: "oifname" } }, "lo"), ACCEPT], "drop"],
      ["the interface", "drop", [match({ meta: { key: "oif" } }, "eth0"), ACCEPT], "accepted"],
      ["what came in by it", "drop", [match({ meta: { key: "iif" } }, "eth0"), ACCEPT], "drop"],
      ["its ports", "drop", [match(payload("tcp", "sport"), 2121), ACCEPT], "accepted"],
      ["other ports", "drop", [match(payload("tcp", "dport"), 2121), ACCEPT], "partly"],
      [
        "all but mail",
        "accept",
        [match(payload("tcp", "dport"), { set: [25, 465] }), DROP],
        "accepted",
      ],
      [
        "all but high ports",
        "accept",
        [match(payload("tcp", "dport"), { range: [1024, 65_535] }), DROP],
        "drop",
      ],
      [
        "all but addresses of nobody",
        "accept",
        [match(payload("ip", "daddr"), { prefix: { addr: "169.254.0.0", len: 16 } }), DROP],
        "accepted",
      ],
      ["all but some", "accept", [match(payload("ip", "daddr"), "192.0.2.1"), DROP], "partly"],
      ["all but a mark", "accept", [match({ meta: { key: "mark" } }, 1), DROP], "unclear"],
    ] as const
  ) {
    Deno.test(`nft, ${type} ${hook}, policy ${policy}: replies when it lets out ${name}`, () => {
      const chains = out(policy, expression);
      assert.equal(judged(chains, reply(2121)).split(":")[0], kind);
      assert.equal(judged(chains, tcp(2121)), "accepted");
    });
  }
}

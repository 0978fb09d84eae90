import assert from "node:assert/strict";
import { control, icmp, passive, rules } from "../../src/doctor/firewall/firewall_checks.ts";
import type { Check, Outcome } from "../../src/doctor/check.ts";
import type { OwnAddress, ServerSurvey } from "../../src/doctor/server/server_survey.ts";
import { surveyOf } from "./surveyed_machine.ts";

const RUN = { signal: new AbortController().signal, found: () => [] };
const IPV4: OwnAddress = { name: "eth0", address: "10.0.0.2", cidr: "10.0.0.0/24", version: 4 };
const IPV6: OwnAddress = {
  name: "eth0",
  address: "2001:db8::2",
  cidr: "2001:db8::/64",
  version: 6,
};

/** A machine whose nft writes `nft`, if it has one, whose iptables-save writes `saved` and whose ip6tables-save `saved6`. */
interface Machine {
  readonly listenAddress: string;
  readonly addresses: readonly OwnAddress[];
  readonly nft?: string;
  readonly saved?: string;
  readonly saved6?: string;
}

async function outcomesOf(
  checks: readonly Check<ServerSurvey>[],
  { listenAddress, addresses, nft, saved = "", saved6 }: Machine,
): Promise<Outcome[]> {
  const written: Readonly<Record<string, string | undefined>> = {
    nft,
    "iptables-save": saved,
    "ip6tables-save": saved6,
  };
  const survey = surveyOf({
    network: [`listen_address = ${listenAddress}`],
    tools: {
      addresses: () => addresses,
      output(program) {
        const stdout = written[program];
        return Promise.resolve(
          stdout === undefined
            ? { refusal: "not installed", message: `${program} is not installed` }
            : { stdout, stderr: "" },
        );
      },
    },
  });
  const outcomes: Outcome[] = [];
  for (const check of checks) outcomes.push(...await check.run(survey, RUN));
  return outcomes;
}

/** Status and summary of the firewall's checks of rules and ports. */
async function findings(machine: Machine): Promise<string[]> {
  const outcomes = await outcomesOf([rules, control, passive], machine);
  return outcomes.map(({ status, summary }) => `${status}: ${summary}`);
}

Deno.test("firewall: without rules everything passes where nobody listens on IPv6", async () => {
  const passes = [
    "pass: No rules for incoming packets: all are let in",
    "pass: listen_port 2121 is let in",
    "pass: The passive range 60000-65535 is let in",
  ];
  assert.deepEqual(
    await findings({ listenAddress: "0.0.0.0", addresses: [IPV4, IPV6] }),
    passes,
  );
  assert.deepEqual(await findings({ listenAddress: "::", addresses: [IPV4] }), passes);
});

Deno.test("firewall: while rules are not understood as a whole nothing is let in for certain", async () => {
  const machine = { listenAddress: "0.0.0.0", addresses: [IPV4], nft: "what is this?" };
  const outcomes = await outcomesOf([control, passive, icmp], machine);
  for (const { status, summary, detail } of outcomes) {
    assert.equal(status, "warn");
    assert.match(summary, / is let in, as far as the rules are understood$/);
    assert.match(detail!, /^Not understood: what nft wrote: /);
  }
  assert.ok(outcomes.length > 2);
});

const OPEN = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n";
Deno.test("firewall: connections whose later packets are dropped are not let in", async () => {
  const machine = { listenAddress: "0.0.0.0", addresses: [IPV4] };
  const saved = (...rules: string[]) =>
    `*filter\n:INPUT DROP [0:0]\n${rules.map((rule) => `-A INPUT ${rule}\n`).join("")}COMMIT\n`;
  const control = (text: string) => text.includes("listen_port");
  const first = "-p tcp -m tcp --dport 2121 -m conntrack --ctstate NEW -j ACCEPT";
  const syn = "-p tcp -m tcp --dport 2121 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT";
  const later = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  for (const rule of [first, syn]) {
    const dropped = (await findings({ ...machine, saved: saved(rule) })).filter(control);
    assert.deepEqual(dropped, [
      "fail: listen_port 2121 is dropped by iptables filter INPUT: policy drop",
    ]);
    const passing = (await findings({ ...machine, saved: saved(later, rule) })).filter(control);
    assert.deepEqual(passing, ["pass: listen_port 2121 is let in"]);
  }
});

for (
  const [name, rules, expected] of [
    ["a policy", [":OUTPUT DROP [0:0]"], "dropped by iptables filter OUTPUT: policy drop"],
    [
      "a rule for the port",
      ["-A OUTPUT -p tcp -m tcp --sport 2121 -j DROP"],
      "dropped by iptables filter OUTPUT: -A OUTPUT -p tcp -m tcp --sport 2121 -j DROP",
    ],
    [
      "a rule for SYN and ACK, which nobody understands",
      ["-A OUTPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK -j DROP"],
      "not understood",
    ],
    [
      "a match that is not understood",
      ["-A OUTPUT -m owner --uid-owner 99 -j DROP"],
      "not understood",
    ],
    ["the interface", ["-A OUTPUT -o eth0 -j REJECT"], "rejected by iptables filter OUTPUT"],
    [
      "new ones only",
      [":OUTPUT DROP [0:0]", "-A OUTPUT -m state --state NEW -j ACCEPT"],
      "dropped",
    ],
    ["some clients", ["-A OUTPUT -d 192.0.2.0/24 -j DROP"], "depends on whom it is for"],
    [
      "established ones let out",
      [":OUTPUT DROP [0:0]", "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"],
      undefined,
    ],
    ["loopback", ["-A OUTPUT -o lo -j DROP"], undefined],
    ["mail", ["-A OUTPUT -p tcp -m tcp --dport 25 -j DROP"], undefined],
    ["the cloud's own addresses", ["-A OUTPUT -d 169.254.0.0/16 -j DROP"], undefined],
    ["SYN alone", ["-A OUTPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"], undefined],
    ["SYN and FIN", ["-A OUTPUT -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP"], undefined],
  ] as const
) {
  Deno.test(`firewall: replies, and an OUTPUT that drops by ${name}`, async () => {
    const saved = `*filter\n:INPUT ACCEPT [0:0]\n${rules.join("\n")}\nCOMMIT\n`;
    const machine = { listenAddress: "0.0.0.0", addresses: [IPV4], saved };
    const [outcome] = await outcomesOf([control], machine);
    if (expected === undefined) {
      assert.equal(outcome!.summary, "listen_port 2121 is let in");
      assert.equal(outcome!.status, "pass");
      return;
    }
    assert.match(
      outcome!.summary,
      /^listen_port 2121 is let in, but (its replies are|what goes out) /,
    );
    assert.ok(outcome!.summary.includes(expected), outcome!.summary);
    assert.equal(
      outcome!.status,
      / (dropped|rejected) by /.test(outcome!.summary) ? "fail" : "warn",
    );
    assert.deepEqual(outcome!.remedy!.commands, [
      "# On the server, with iptables:",
      "iptables -I OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ]);
  });
}

for (
  const [limit, most] of [
    ["-m limit --limit 1/min -j ACCEPT", "1/min"],
    ["-m limit --limit 1/min --limit-burst 1 -j ACCEPT", "1/min"],
    [
      "-m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name ftp -j ACCEPT",
      "5/sec",
    ],
    [
      "-m hashlimit --hashlimit-above 5/sec --hashlimit-mode srcip --hashlimit-name ftp -j DROP\n-A INPUT -p tcp -j ACCEPT",
      "5/sec",
    ],
  ] as const
) {
  Deno.test(`firewall: a port that is let in up to a limit does not pass, by ${limit}`, async () => {
    const [rule, ...rest] = `-A INPUT -p tcp ${limit}`.split("\n");
    const saved = `*filter\n:INPUT DROP [0:0]\n${[rule, ...rest].join("\n")}\nCOMMIT\n`;
    const machine = { listenAddress: "0.0.0.0", addresses: [IPV4], saved };
    const [outcome] = await outcomesOf([control], machine);
    assert.deepEqual([outcome!.status, outcome!.summary], [
      "warn",
      `listen_port 2121 is let in, but at most ${most}: iptables filter INPUT: ${rule}`,
    ]);
    const [silent] = await outcomesOf([control], {
      ...machine,
      saved: saved.replace("\n-A", "\n:OUTPUT DROP [0:0]\n-A"),
    });
    assert.match(silent!.summary, /but its replies are dropped by /);
    const [later] = await outcomesOf([control], {
      ...machine,
      saved: saved.replace(/DROP /, "ACCEPT ").replaceAll(/-A .* -j DROP\n/g, ""),
    });
    assert.equal(later!.status, "pass");
  });
}

Deno.test("firewall: where only what comes in is not tracked, nobody knows the state of replies", async () => {
  const raw = (...rules: string[]) =>
    `*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules.join("\n")}\nCOMMIT\n`;
  const filter = "*filter\n:INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n" +
    "-A INPUT -p tcp -m state --state NEW -j ACCEPT\n" +
    "-A INPUT -m state --state RELATED,ESTABLISHED,UNTRACKED -j ACCEPT\n" +
    "-A OUTPUT -m state --state RELATED,ESTABLISHED,UNTRACKED -j ACCEPT\nCOMMIT\n";
  const machine = { listenAddress: "0.0.0.0", addresses: [IPV4] };
  const incoming = "-A PREROUTING -p tcp -j CT --notrack";
  const outgoing = "-A OUTPUT -p tcp -j CT --notrack";
  const outcomesWith = async (...rules: string[]) => {
    const all = await outcomesOf([control, icmp], { ...machine, saved: raw(...rules) + filter });
    return all.map(({ status, data }) => [status, (data as { type?: number })?.type]);
  };
  const related = (status: string) => [[status, 3], [status, 3], [status, 11]];
  assert.deepEqual((await outcomesWith(incoming))[0], ["warn", undefined]);
  assert.deepEqual((await outcomesWith(outgoing))[0], ["warn", undefined]);
  const both = await outcomesWith(incoming, outgoing);
  assert.deepEqual(both[0], ["pass", undefined]);
  assert.deepEqual(both.slice(2), related("warn"));
  assert.deepEqual((await outcomesWith()).slice(2), related("pass"));
});

Deno.test("firewall: before connections are known, replies are let out by their ports", async () => {
  const saved = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n";
  const machine = { listenAddress: "0.0.0.0", addresses: [IPV4], saved };
  const [outcome] = await outcomesOf([passive], machine);
  assert.equal(
    outcome!.remedy!.commands!.at(-1),
    "iptables -t raw -I OUTPUT -p tcp --sport 60000:65535 -j ACCEPT",
  );
});

Deno.test("firewall: ICMP whose answers are dropped does not pass, and how to let them out", async () => {
  const established = "-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
  const dropping = (rules: string) => `*filter\n:OUTPUT DROP [0:0]\n${rules}COMMIT\n`;
  const machine = { listenAddress: "::", addresses: [IPV4, IPV6] };
  const outcomes = await outcomesOf([icmp], {
    ...machine,
    saved: dropping(""),
    saved6: dropping(established),
  });
  assert.deepEqual(
    outcomes.filter(({ status }) => status !== "pass").map(({ status, summary, remedy }) => [
      status,
      summary.split(" by ")[0],
      remedy!.commands!.at(-1),
    ]),
    [
      [
        "warn",
        "ICMP echo-request is let in, but echo-reply is dropped",
        "iptables -I OUTPUT -p icmp --icmp-type echo-reply -j ACCEPT",
      ],
      [
        "fail",
        "ICMPv6 neighbour-solicitation is let in, but neighbour-advertisement is dropped",
        "ip6tables -I OUTPUT -p ipv6-icmp --icmpv6-type neighbour-advertisement -j ACCEPT",
      ],
      [
        "fail",
        "ICMPv6 neighbour-advertisement is let in, but neighbour-solicitation is dropped",
        "ip6tables -I OUTPUT -p ipv6-icmp --icmpv6-type neighbour-solicitation -j ACCEPT",
      ],
    ],
  );
});

const CLOSED = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";

Deno.test("firewall: with :: and an IPv6 address the rules for both are judged", async () => {
  const machine = { listenAddress: "::", addresses: [IPV4, IPV6] };
  assert.deepEqual(await findings({ ...machine, saved: OPEN, saved6: OPEN }), [
    "pass: No rules for incoming packets: all are let in",
    "pass: listen_port 2121 is let in",
    "pass: The passive range 60000-65535 is let in",
  ]);
  const [, ...ports] = await findings({ ...machine, saved: OPEN, saved6: CLOSED });
  assert.deepEqual(ports, [
    "pass: listen_port 2121 is let in over IPv4",
    "fail: listen_port 2121 over IPv6 is dropped by ip6tables filter INPUT: policy drop",
    "pass: The passive range 60000-65535 is let in over IPv4",
    "fail: The passive range 60000-65535 over IPv6 is dropped by ip6tables filter INPUT: policy drop",
  ]);
});

Deno.test("firewall: with an IPv6 address alone the rules for IPv4 have no say", async () => {
  const machine = { listenAddress: "2001:db8::2", addresses: [IPV4, IPV6] };
  assert.deepEqual(await findings({ ...machine, saved: CLOSED, saved6: OPEN }), [
    "pass: No rules for incoming packets: all are let in",
    "pass: listen_port 2121 is let in over IPv6",
    "pass: The passive range 60000-65535 is let in over IPv6",
  ]);
});

Deno.test("firewall: without nft the rules for IPv6 are asked for, or nothing is said", async () => {
  const machine = { listenAddress: "::", addresses: [IPV4, IPV6], saved: OPEN };
  const [outcome] = await outcomesOf([rules], machine);
  assert.deepEqual([outcome!.status, outcome!.summary], [
    "skip",
    "The rules of the firewall cannot be read: ip6tables-save is not installed",
  ]);
});

Deno.test("firewall: ICMPv6 that IPv6 does not work without is asked for, and how to let it in", async () => {
  const machine = { listenAddress: "2001:db8::2", addresses: [IPV6], saved6: CLOSED };
  const outcomes = await outcomesOf([icmp], machine);
  assert.deepEqual(
    outcomes.map(({ status, remedy }) => [status, remedy!.commands!.at(-1)]),
    [
      ["warn", "echo-request"],
      ["fail", "packet-too-big"],
      ["warn", "destination-unreachable"],
      ["warn", "time-exceeded"],
      ["fail", "neighbour-solicitation"],
      ["fail", "neighbour-advertisement"],
    ].map(([status, name]) => [
      status,
      `ip6tables -I INPUT -p ipv6-icmp --icmpv6-type ${name} -j ACCEPT`,
    ]),
  );
  assert.equal(
    outcomes[1]!.summary,
    "ICMPv6 packet-too-big is dropped by ip6tables filter INPUT: policy drop",
  );
});

Deno.test("firewall: nat has no say about ICMP", async () => {
  const saved = "*nat\n:PREROUTING ACCEPT [0:0]\n" +
    "-A PREROUTING -d 192.0.2.1/32 -j DNAT --to-destination 10.9.0.77\nCOMMIT\n";
  const outcomes = await outcomesOf([icmp], {
    listenAddress: "0.0.0.0",
    addresses: [IPV4],
    saved,
  });
  assert.deepEqual(outcomes.map(({ status }) => status), ["pass", "pass", "pass", "pass"]);
});

Deno.test("firewall: a port that firewalld forwards is not opened by opening it", async () => {
  const saved = CLOSED +
    "*nat\n:PREROUTING ACCEPT [0:0]\n:PREROUTING_ZONES - [0:0]\n:PRE_public_allow - [0:0]\n" +
    "-A PREROUTING -j PREROUTING_ZONES\n-A PREROUTING_ZONES -g PRE_public_allow\n" +
    "-A PRE_public_allow -p tcp -m tcp --dport 2121 -j REDIRECT --to-ports 22\nCOMMIT\n";
  const [outcome] = await outcomesOf([control], {
    listenAddress: "0.0.0.0",
    addresses: [IPV4],
    saved,
  });
  assert.match(
    outcome!.summary,
    /^listen_port 2121 may be sent elsewhere by iptables nat PREROUTING/,
  );
  assert.match(outcome!.remedy!.text, /take it out/);
  assert.deepEqual(outcome!.remedy!.commands, [
    "# On the server, with firewalld:",
    "firewall-cmd --zone=public --list-forward-ports",
  ]);
});

Deno.test("firewall: a passive range that nat sends elsewhere is told, and how to keep it", async () => {
  const rule = "-A PREROUTING -p tcp -m tcp --dport 60000:65535 -j DNAT --to-destination 10.9.0.77";
  const saved = `*nat\n:PREROUTING ACCEPT [0:0]\n${rule}\nCOMMIT\n`;
  const machine = { listenAddress: "0.0.0.0", addresses: [IPV4], saved };
  const [, ...ports] = await findings(machine);
  assert.deepEqual(ports, [
    "pass: listen_port 2121 is let in",
    "warn: The passive range 60000-65535 may be sent elsewhere by " +
    `iptables nat PREROUTING: ${rule}`,
  ]);
  const [outcome] = await outcomesOf([passive], machine);
  assert.deepEqual(outcome!.remedy!.commands, [
    "# On the server, with iptables:",
    "iptables -t nat -I PREROUTING -p tcp --dport 60000:65535 -j ACCEPT",
  ]);
});

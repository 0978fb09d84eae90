import assert from "node:assert/strict";
import { control, passive, rules } from "../../src/doctor/firewall/firewall_checks.ts";
import type { OwnAddress } from "../../src/doctor/server/server_survey.ts";
import { surveyOf } from "./surveyed_machine.ts";

const RUN = { signal: new AbortController().signal, found: () => [] };
const IPV4: OwnAddress = { name: "eth0", address: "10.0.0.2", cidr: "10.0.0.0/24", version: 4 };
const IPV6: OwnAddress = {
  name: "eth0",
  address: "2001:db8::2",
  cidr: "2001:db8::/64",
  version: 6,
};

/** Status and summary of the firewall's checks where iptables-save writes `saved`. */
async function findings(
  { listenAddress, addresses, saved = "" }: {
    listenAddress: string;
    addresses: readonly OwnAddress[];
    saved?: string;
  },
): Promise<string[]> {
  const survey = surveyOf({
    network: [`listen_address = ${listenAddress}`],
    tools: {
      addresses: () => addresses,
      output: (program) =>
        Promise.resolve(
          program === "iptables-save"
            ? { stdout: saved, stderr: "" }
            : { refusal: "not installed", message: `${program} is not installed` },
        ),
    },
  });
  const outcomes = [
    ...await rules.run(survey, RUN),
    ...await control.run(survey, RUN),
    ...await passive.run(survey, RUN),
  ];
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

Deno.test("firewall: with :: and an IPv6 address the rules for IPv6 are said to be not judged", async () => {
  assert.deepEqual(await findings({ listenAddress: "::", addresses: [IPV4, IPV6] }), [
    "warn: Not understood: rules for IPv6 (ip6tables, nft family ip6)",
    "warn: listen_port 2121 is let in over IPv4: the rules for IPv6 are not judged",
    "warn: The passive range 60000-65535 is let in over IPv4: the rules for IPv6 are not judged",
  ]);
});

Deno.test("firewall: with an IPv6 address alone the rules for IPv4 have no say", async () => {
  const saved = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";
  assert.deepEqual(
    await findings({ listenAddress: "2001:db8::2", addresses: [IPV4, IPV6], saved }),
    [
      "warn: Not understood: rules for IPv6 (ip6tables, nft family ip6)",
      "warn: listen_port 2121: the rules for IPv6 are not judged",
      "warn: The passive range 60000-65535: the rules for IPv6 are not judged",
    ],
  );
});

Deno.test("firewall: a passive range that nat sends elsewhere depends on a rule that is not understood", async () => {
  const rule = "-A PREROUTING -p tcp -m tcp --dport 60000:65535 -j DNAT --to-destination 10.9.0.77";
  const saved = `*nat\n:PREROUTING ACCEPT [0:0]\n${rule}\nCOMMIT\n`;
  const [, ...ports] = await findings({ listenAddress: "0.0.0.0", addresses: [IPV4], saved });
  assert.deepEqual(ports, [
    "pass: listen_port 2121 is let in",
    "warn: The passive range 60000-65535 depends on a rule that is not understood: " +
    `iptables nat PREROUTING: ${rule}`,
  ]);
});

import { ipVersion } from "../net/cidr.ts";
import { formatRange, type PortRange, type Step } from "./steps.ts";

/** The version of IP that clients come by. */
type Version = 4 | 6;

const IPTABLES = { 4: "iptables", 6: "ip6tables" } as const;
const NFT_NAMES = "with nftables (nft list ruleset shows the names of your table and chain)";
const FIREWALLD_ZONE = "with firewalld (--zone=NAME for another zone than the default)";

/** The ways to let TCP connections to `ports` in, for every firewall that a server usually has. */
export function openPorts(
  ports: PortRange,
  { cloud, version }: { cloud: boolean; version: Version },
): Step[] {
  const { first, last } = ports;
  const range = formatRange(ports);
  const program = IPTABLES[version];
  return [
    {
      on: "the server",
      how: `with ${program}`,
      commands: [
        `${program} -I INPUT -p tcp --dport ${
          first === last ? first : `${first}:${last}`
        } -j ACCEPT`,
      ],
    },
    {
      on: "the server",
      how: NFT_NAMES,
      commands: [`nft insert rule inet filter input tcp dport ${range} accept`],
    },
    {
      on: "the server",
      how: FIREWALLD_ZONE,
      commands: [`firewall-cmd --permanent --add-port=${range}/tcp`, "firewall-cmd --reload"],
    },
    ...(cloud ? [securityGroup(range, version)] : []),
  ];
}

/** First of all rules, as one that drops may come before the last. */
function securityGroup(range: string, version: Version): Step {
  const from = version === 4 ? { CidrBlock: "0.0.0.0/0" } : { Ipv6CidrBlock: "::/0" };
  const [everybody] = Object.values(from);
  const policy = {
    Ingress: [{ PolicyIndex: 0, Protocol: "TCP", Port: range, ...from, Action: "ACCEPT" }],
  };
  return {
    on: "the console",
    how: `inbound rule of the security group: TCP:${range} from ${everybody}, ALLOW; or by tccli`,
    commands: [
      "tccli vpc CreateSecurityGroupPolicies --SecurityGroupId sg-xxxxxxxx " +
      `--SecurityGroupPolicySet '${JSON.stringify(policy)}'`,
    ],
  };
}

/** How ICMP echo is to be let through: what is needed, and no more. */
export function permitEcho(version: Version): Step[] {
  return [
    icmpByIptables(version, { how: "", name: "echo-request" }),
    {
      on: "the server",
      how: NFT_NAMES,
      commands: [
        `nft insert rule inet filter input ${
          version === 4 ? "icmp" : "icmpv6"
        } type echo-request accept`,
      ],
    },
    {
      on: "the server",
      how: FIREWALLD_ZONE,
      commands: [
        "firewall-cmd --permanent --remove-icmp-block=echo-request",
        "firewall-cmd --reload",
      ],
    },
  ];
}

/** The ICMP message by which machines on the way to `address` say that a packet is too large. */
export function tooBig(address: string): string {
  return ipVersion(address) === 6 ? "ICMPv6 type 2" : "ICMP type 3 code 4";
}

/** "Fragmentation needed", of IPv6 "packet too big", has to arrive wherever large packets come from. */
export function permitTooBig(version: Version): Step[] {
  return [
    icmpByIptables(version, {
      how: ", and so on every firewall on the way",
      name: version === 4 ? "fragmentation-needed" : "packet-too-big",
    }),
    {
      on: "the server",
      how: NFT_NAMES,
      commands: [
        version === 4
          ? "nft insert rule inet filter input icmp type destination-unreachable icmp code frag-needed accept"
          : "nft insert rule inet filter input icmpv6 type packet-too-big accept",
      ],
    },
    {
      on: "the router",
      how: "if ICMP cannot be let through: keep TCP segments small enough",
      commands: [
        `${
          IPTABLES[version]
        } -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`,
      ],
    },
  ];
}

function icmpByIptables(version: Version, { how, name }: { how: string; name: string }): Step {
  const program = IPTABLES[version];
  const condition = version === 4
    ? `-p icmp --icmp-type ${name}`
    : `-p ipv6-icmp --icmpv6-type ${name}`;
  return {
    on: "the server",
    how: `with ${program}${how}`,
    commands: [`${program} -I INPUT ${condition} -j ACCEPT`],
  };
}

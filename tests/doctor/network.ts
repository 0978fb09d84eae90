import { Host, newName, runHere } from "./namespaces.ts";

/** Addresses: the client and the router's outer side are in one network, the server behind the router in another. */
export const CLIENT = "1.2.3.2";
export const ROUTER = "1.2.3.1";
export const ROUTER_INSIDE = "10.0.0.1";
export const SERVER = "10.0.0.2";
/** All of them have an address of IPv6 too where that is asked for. */
export const SERVER_6 = "2001:db8:2::2";

/**
 * Whether the server is reached at its own address or at the router's (DNAT), and then whether from inside too, as `hairpin`.
 */
export type Nat = "none" | "outside" | "hairpin";

/** A client, a NAT router and a server, each in a network namespace of its own. */
export class Network implements AsyncDisposable {
  readonly client: Host;
  readonly router: Host;
  readonly server: Host;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    hosts: { client: Host; router: Host; server: Host },
    resources: AsyncDisposableStack,
  ) {
    this.client = hosts.client;
    this.router = hosts.router;
    this.server = hosts.server;
    this.#resources = resources;
  }

  static async build({ nat, ipv6 = false }: { nat: Nat; ipv6?: boolean }): Promise<Network> {
    await using resources = new AsyncDisposableStack();
    const create = async (role: string) => resources.use(await Host.create(newName(role)));
    const [client, router, server] = [
      await create("client"),
      await create("router"),
      await create("server"),
    ];
    await link({ host: client, name: "wan0" }, { host: router, name: "wan0" });
    await link({ host: server, name: "eth0" }, { host: router, name: "lan0" });
    await client.paste([`ip address add ${CLIENT}/24 dev wan0`]);
    await router.paste([
      `ip address add ${ROUTER}/24 dev wan0`,
      `ip address add ${ROUTER_INSIDE}/24 dev lan0`,
      "sysctl -qw net.ipv4.ip_forward=1",
    ]);
    await server.paste([
      `ip address add ${SERVER}/24 dev eth0`,
      `ip route add default via ${ROUTER_INSIDE}`,
    ]);
    if (ipv6) await addIpv6({ client, router, server });
    if (nat === "none") {
      await client.paste([`ip route add ${SERVER}/32 via ${ROUTER}`]);
    } else {
      const from = nat === "hairpin" ? `ip daddr ${ROUTER}` : "iif wan0";
      await router.paste([
        "nft add table ip nat",
        "nft add chain ip nat prerouting '{ type nat hook prerouting priority dstnat; }'",
        "nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'",
        `nft add rule ip nat prerouting ${from} tcp dport '{ 2121, 60000-65535 }' dnat to ${SERVER}`,
        "nft add rule ip nat postrouting oif wan0 masquerade",
        ...(nat === "hairpin"
          ? [`nft add rule ip nat postrouting ip saddr 10.0.0.0/24 ip daddr ${SERVER} masquerade`]
          : []),
      ]);
    }
    return new Network({ client, router, server }, resources.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}

async function addIpv6(
  { client, router, server }: { client: Host; router: Host; server: Host },
): Promise<void> {
  await router.paste([
    "sysctl -qw net.ipv6.conf.all.forwarding=1",
    "ip address add 2001:db8:1::1/64 dev wan0 nodad",
    "ip address add 2001:db8:2::1/64 dev lan0 nodad",
  ]);
  await client.paste([
    "ip address add 2001:db8:1::2/64 dev wan0 nodad",
    "ip route add default via 2001:db8:1::1",
  ]);
  await server.paste([
    `ip address add ${SERVER_6}/64 dev eth0 nodad`,
    "ip route add default via 2001:db8:2::1",
  ]);
}

interface End {
  readonly host: Host;
  readonly name: string;
}

async function link(a: End, b: End): Promise<void> {
  await runHere(
    `ip link add ${a.name} netns ${a.host.name} type veth peer name ${b.name} netns ${b.host.name}`
      .split(" "),
  );
  for (const { host, name } of [a, b]) await host.run(["ip", "link", "set", name, "up"]);
}

import { ipVersion } from "../../net/cidr.ts";
import { formatAddress } from "../../net/connection.ts";
import { echo } from "../../net/icmp.ts";
import { describeIcmp } from "../../net/icmp_message.ts";
import type { Libc } from "../../net/libc.ts";
import type { Check, Outcome } from "../check.ts";
import { withIcmp } from "../icmp_permission.ts";
import { permitTooBig, tooBig } from "../opening_steps.ts";
import { describePathMtu, findPathMtu } from "../path_mtu.ts";
import { describeFailure } from "../reach.ts";
import { formatRange, remedyOf, type Step, stepsData } from "../steps.ts";
import type { BucketHosts, OwnAddress, ServerSurvey } from "./server_survey.ts";

/** Milliseconds. */
const ECHO_TIMEOUT = 1_000;
const CONNECT_TIMEOUT = 3_000;

export const icmpEcho: Check<ServerSurvey> = {
  id: "server.icmp",
  title: "ICMP echo: answered by this machine, the gateway, masquerade_address, COS",
  needs: ["server.masquerade"],
  mode: "online",
  run: (survey, { signal }) =>
    withIcmp(survey.tools.libc, async (libc) => {
      const outcomes: Outcome[] = [];
      if (survey.sysctl("net.ipv4.icmp_echo_ignore_all") === "1") outcomes.push(echoIgnored());
      const gateway = defaultGateway(survey);
      if (gateway !== undefined) {
        outcomes.push(await echoOutcome(libc, { address: gateway, what: "The gateway", signal }));
      }
      const masquerade = await survey.masquerade(signal);
      if (masquerade !== undefined) {
        const what = "masquerade_address";
        outcomes.push(await echoOutcome(libc, { address: masquerade, what, signal }));
      }
      const peers = new Map(survey.buckets.map(bucketPeer).map((it) => [it.hostname, it.what]));
      const ofCos = [...peers].map(async ([hostname, what]): Promise<Outcome[]> => {
        // A name that does not resolve is told by server.endpoint.
        const addresses = await survey.tools.resolve(hostname).catch(() => [] as string[]);
        const address = addresses.find((it) => ipVersion(it) === 4);
        if (address === undefined) return [];
        return [await echoOutcome(libc, { address, what, signal })];
      });
      outcomes.push(...(await Promise.all(ofCos)).flat());
      return outcomes.length > 0
        ? outcomes
        : [{ status: "pass", summary: "There is nobody to ask" }];
    }),
};

/** Where requests for a bucket go: to its proxy, or to the domain that is used where there is no internal one. */
function bucketPeer({ hosts }: BucketHosts): { hostname: string; what: string } {
  const { hostname, proxy } = hosts.at(-1)!;
  return proxy
    ? { hostname: proxy.address.hostname, what: `The proxy ${proxy.address.hostname}` }
    : { hostname, what: `COS (${hostname})` };
}

function echoIgnored(): Outcome {
  const steps: Step[] = [{
    on: "the server",
    how: "and in /etc/sysctl.conf",
    commands: ["sysctl -w net.ipv4.icmp_echo_ignore_all=0"],
  }];
  return {
    status: "warn",
    summary: "This machine answers no echo request: net.ipv4.icmp_echo_ignore_all is 1",
    remedy: remedyOf("Some clients ask before they connect: answer them", steps),
    data: { steps: stepsData(steps) },
  };
}

async function echoOutcome(
  libc: Libc,
  { address, what, signal }: { address: string; what: string; signal: AbortSignal },
): Promise<Outcome> {
  const answer = await echo(libc, { address, timeout: ECHO_TIMEOUT, signal });
  switch (answer.kind) {
    case "reply":
      return {
        status: "pass",
        summary: `${what} ${address} answers in ${answer.elapsed.toFixed(1)} ms`,
      };
    case "silence":
      // Many networks answer none, and nothing depends on it.
      return {
        status: "pass",
        summary: `${what} ${address} does not answer echo requests, as it need not`,
      };
    case "icmp":
    case "unsent":
      return {
        status: "warn",
        summary: `${what} ${address} cannot be asked: ${
          answer.kind === "icmp" ? describeIcmp(answer.icmp) : answer.errno
        }`,
        remedy: { text: "Look at the routes and the rules for outgoing packets of this machine" },
      };
  }
}

/** The IPv4 address of the default route (`/proc/net/route`: addresses are little-endian). */
function defaultGateway(survey: ServerSurvey): string | undefined {
  for (const line of (survey.kernelFile("/proc/net/route") ?? "").split("\n").slice(1)) {
    const [, destination, gateway] = line.split(/\s+/);
    if (destination !== "00000000" || gateway === undefined) continue;
    return gateway.match(/../g)!.reverse().map((byte) => parseInt(byte, 16)).join(".");
  }
}

export const pathMtu: Check<ServerSurvey> = {
  id: "server.mtu",
  title: 'large packets on the way out: ICMP "fragmentation needed" arrives',
  mode: "online",
  run: (survey, { signal }) =>
    withIcmp(survey.tools.libc, async (libc): Promise<Outcome[]> => {
      const [bucket] = survey.buckets;
      const [address] = bucket === undefined
        ? []
        : await survey.tools.resolve(bucketPeer(bucket).hostname).catch(() => [] as string[]);
      const peer = address ?? defaultGateway(survey);
      if (peer === undefined) return [{ status: "pass", summary: "There is nobody to ask" }];
      const path = await findPathMtu(libc, { address: peer, signal });
      const summary = `To ${peer}: ${describePathMtu(path)}`;
      if (path.kind === "silence") {
        return [{
          status: "skip",
          summary,
          remedy: { text: "It answers no echo: nothing to tell" },
        }];
      }
      if (path.kind !== "black hole") return [{ status: "pass", summary }];
      const steps = permitTooBig(ipVersion(peer)!);
      return [{
        status: "fail",
        summary,
        remedy: remedyOf(`Let ${tooBig(peer)} through on the whole way`, steps),
        data: { steps: stepsData(steps) },
      }];
    }),
};

export const hairpin: Check<ServerSurvey> = {
  id: "server.hairpin",
  title: "the public address can be reached from inside",
  needs: ["server.masquerade"],
  mode: "online",
  async run(survey, { signal }) {
    const { network } = survey.config;
    const hostname = await survey.masquerade(signal);
    const own = survey.ownAddresses().filter(({ version }) => version === 4);
    if (hostname === undefined || own.some(({ address }) => address === hostname)) {
      return [{ status: "pass", summary: "No NAT in between" }];
    }
    const address = { hostname, port: network.listenPort };
    const local = await survey.reach.connect(
      { hostname: own[0]?.address ?? "127.0.0.1", port: network.listenPort },
      { timeout: CONNECT_TIMEOUT, signal },
    );
    if ("cause" in local) {
      return [{
        status: "skip",
        summary: "The gateway does not run, so nobody answers",
        remedy: { text: "Start it and look again" },
      }];
    }
    local.close();
    const connection = await survey.reach.connect(address, { timeout: CONNECT_TIMEOUT, signal });
    if (!("cause" in connection)) {
      connection.close();
      return [{
        status: "pass",
        summary: `${formatAddress(address)} can be reached from this machine`,
      }];
    }
    const steps = hairpinSteps(survey, { hostname, inside: own[0] });
    return [{
      status: "warn",
      summary: `Hairpin is impossible: ${describeFailure(connection)}`,
      detail:
        "Clients outside are not concerned. Clients in this machine's own network that use the public address, or are told " +
        "it by a 227 reply, do not get through.",
      remedy: remedyOf(
        "Tell clients inside the local address (masquerade_except), or have the router send such connections back",
        steps,
      ),
      data: { steps: stepsData(steps) },
    }];
  },
};

/** Destination NAT for packets from inside, and source NAT so that the answers come back through the router. */
function hairpinSteps(
  survey: ServerSurvey,
  { hostname, inside }: { hostname: string; inside: OwnAddress | undefined },
): Step[] {
  const { listenPort: port, passivePorts } = survey.config.network;
  if (inside === undefined) return [];
  const ports = `${port},${formatRange(passivePorts).replace("-", ":")}`;
  const { address, cidr } = inside;
  const match = `-p tcp -m multiport --dports ${ports}`;
  return [
    {
      on: "the router",
      how: "with iptables",
      commands: [
        `iptables -t nat -A PREROUTING -s ${cidr} -d ${hostname} ${match} -j DNAT --to-destination ${address}`,
        `iptables -t nat -A POSTROUTING -s ${cidr} -d ${address} ${match} -j MASQUERADE`,
      ],
    },
    {
      on: "the server",
      how: "when it is started, or masquerade_except under [NETWORK]",
      commands: [`COSFTP_NETWORK_MASQUERADE_EXCEPT=${cidr} cosftp serve`],
    },
  ];
}

import { ipVersion } from "../net/cidr.ts";
import type { Outcome } from "./check.ts";
import { type Cause, describeFailure, type Failure } from "./reach.ts";
import { openPorts } from "./opening_steps.ts";
import { formatRange, type PortRange, remedyOf, type Step, stepsData } from "./steps.ts";

/** What to do about a failed attempt. */
export const ADVICE: Readonly<Record<Cause, string>> = {
  dropped:
    "A firewall on the server or on the way drops it, or a cloud security group does not let it in: let the ports in",
  prohibited:
    "A firewall rejects what it does not know, as CentOS does by default: let the ports in",
  rejected:
    "A firewall rejects it by ICMP, or a router that says so does not find the machine: let the ports in",
  "no-neighbour": "Look whether the address is right and the machine is on",
  "no-route":
    "Look whether the address is right, and at the routes of this machine, or of the router that says so",
  refused:
    "Either nobody listens there (start the server, or forward the port to it) or a firewall rejects by TCP reset, or by " +
    "an ICMP port-unreachable that could not be seen; cosftp doctor --listen-probe on the server and --probe here settle which",
  reset: "The server, or something in between that reads along, ends it: see the server's log",
  "denied-here": "Look at the rules for outgoing connections of this machine",
  "no-files":
    "Each connection is an open file: raise the limit here (ulimit -n 1024, as root where it is a hard limit), and run it again",
  other: "See what the error says",
};

/** What a failed connection attempt means, and how to mend it. `ports` are those to open, where that is the remedy. */
export function failedConnection(
  failure: Failure,
  options: { ports: PortRange; what: string },
): Outcome {
  const { cause, icmp, errno, elapsed, address } = failure;
  const steps = stepsFor(failure, options.ports);
  return {
    status: "fail",
    summary: `${options.what}: ${lowerFirst(describeFailure(failure))}`,
    remedy: remedyOf(ADVICE[cause], steps),
    data: {
      cause,
      errno,
      elapsed: Math.round(elapsed),
      icmp: icmp ? { type: icmp.type, code: icmp.code, from: icmp.from ?? null } : null,
      port: address.port,
      ports: formatRange(options.ports),
      steps: stepsData(steps),
    },
  };
}

function stepsFor({ cause, address }: Failure, ports: PortRange): Step[] {
  const version = ipVersion(address.hostname) ?? 4;
  switch (cause) {
    case "dropped":
    case "refused":
      return openPorts(ports, { cloud: cause === "dropped", version });
    // A security group never answers.
    case "prohibited":
    case "rejected":
      return openPorts(ports, { cloud: false, version });
    default:
      return [];
  }
}

function lowerFirst(text: string): string {
  return /^[A-Z](?:[a-z]| )/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

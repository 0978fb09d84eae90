import { addressScope } from "../../net/address_scope.ts";
import { ipVersion } from "../../net/cidr.ts";
import type { Check, Outcome } from "../check.ts";
import type { Refusal, ServerSurvey } from "../server/server_survey.ts";
import { formatRange, type PortRange, rangesOf, remedyOf, stepsData } from "../steps.ts";
import { type Judgement, judgePacket } from "./judge.ts";
import { letIcmpIn, letPortsIn } from "./openings.ts";
import type { Firewall } from "./ruleset.ts";

export const rules: Check<ServerSurvey> = {
  id: "firewall.rules",
  title: "the rules of this machine's firewall can be read",
  mode: "offline",
  async run(survey, { signal }) {
    const read = await survey.firewall(signal);
    if ("refusal" in read) return [notReadable(read)];
    const { chains } = read;
    const notUnderstood = [...read.notUnderstood];
    if (ipv6Use(survey) !== "none") {
      notUnderstood.push("rules for IPv6 (ip6tables, nft family ip6)");
    }
    if (notUnderstood.length > 0) {
      return [{
        status: "warn",
        summary: `Not understood: ${notUnderstood.join("; ")}`,
        remedy: { text: "Look at these rules yourself; the findings below do not know of them" },
      }];
    }
    const summary = chains.length === 0
      ? "No rules for incoming packets: all are let in"
      : `Incoming packets go through ${chains.map(({ title }) => title).join(", ")}`;
    return [{ status: "pass", summary }];
  },
};

export const control: Check<ServerSurvey> = {
  id: "firewall.control",
  title: "the firewall lets clients reach listen_port",
  needs: ["firewall.rules"],
  mode: "offline",
  async run(survey, { signal }) {
    const { listenPort: port } = survey.config.network;
    return judgePorts(survey, {
      firewall: await readRules(survey, signal),
      what: "listen_port",
      range: { first: port, last: port },
    });
  },
};

export const passive: Check<ServerSurvey> = {
  id: "firewall.passive",
  title: "the firewall lets clients reach the whole passive range",
  needs: ["firewall.rules"],
  mode: "offline",
  async run(survey, { signal }) {
    const { passivePorts: range } = survey.config.network;
    const firewall = await readRules(survey, signal);
    return judgePorts(survey, { firewall, what: "The passive range", range });
  },
};

/** What has to come in by ICMP, and what is lost without. */
const ICMP_NEEDED = [
  {
    name: "echo-request",
    type: 8,
    code: 0,
    state: "new",
    status: "warn",
    loss: 'some clients ask first, and then say "unroutable address" or "No route to host"',
  },
  {
    name: "fragmentation-needed",
    type: 3,
    code: 4,
    state: "related",
    status: "fail",
    loss:
      "downloads and listings stall on paths that carry less than 1500 bytes (an MTU black hole)",
  },
  {
    name: "destination-unreachable",
    type: 3,
    code: 1,
    state: "related",
    status: "warn",
    loss:
      "connections to COS and to clients in active mode that cannot be made are only given up after minutes",
  },
  {
    name: "time-exceeded",
    type: 11,
    code: 0,
    state: "related",
    status: "warn",
    loss: "traceroute shows nothing, and lost packets have no reason",
  },
] as const;

export const icmp: Check<ServerSurvey> = {
  id: "firewall.icmp",
  title: "the firewall lets in the ICMP that TCP needs",
  needs: ["firewall.rules"],
  mode: "offline",
  async run(survey, { signal }) {
    const firewall = await readRules(survey, signal);
    return ICMP_NEEDED.map(({ name, status, loss, ...packet }): Outcome => {
      const judgement = judgePacket(firewall, { protocol: "icmp", ...packet });
      const data = { type: packet.type, code: packet.code };
      if (judgement.kind === "accepted") {
        return { status: "pass", summary: `ICMP ${name} is let in`, data };
      }
      const steps = letIcmpIn(name, judgement.by.chain);
      return {
        status: judgement.kind === "refused" ? status : "warn",
        summary: `ICMP ${name} ${describe(judgement)}`,
        detail: `Without it ${loss}`,
        remedy: remedyOf(`Let ICMP ${name} in`, steps),
        data: { ...data, steps: stepsData(steps) },
      };
    });
  },
};

/** The rules, for checks that need `firewall.rules`. */
async function readRules(survey: ServerSurvey, signal: AbortSignal): Promise<Firewall> {
  const read = await survey.firewall(signal);
  if ("refusal" in read) throw new Error(read.message);
  return read;
}

/** One outcome for each row of ports of which the same becomes. */
function judgePorts(
  survey: ServerSurvey,
  { firewall, what, range }: { firewall: Firewall; what: string; range: PortRange },
): Outcome[] {
  const { first, last } = range;
  const ipv6 = ipv6Use(survey);
  if (ipv6 === "alone") return [notJudged(`${what} ${formatRange(range)}`)];
  const judged = Array.from({ length: last - first + 1 }, (_, index) => {
    const port = first + index;
    return { port, judgement: judgePacket(firewall, { protocol: "tcp", port, state: "new" }) };
  });
  const groups = Map.groupBy(judged, ({ judgement }) => keyOf(judgement));
  return [...groups.values()].flatMap((group): Outcome[] => {
    const ranges = rangesOf(group.map(({ port }) => port));
    const { judgement } = group[0]!;
    const ports = `${what} ${ranges.map(formatRange).join(", ")}`;
    if (judgement.kind === "accepted") {
      return ipv6 === "none"
        ? [{ status: "pass", summary: `${ports} is let in` }]
        : [notJudged(`${ports} is let in over IPv4`)];
    }
    const steps = letPortsIn(ranges, judgement.by.chain);
    return [{
      status: judgement.kind === "refused" ? "fail" : "warn",
      summary: `${ports} ${describe(judgement)}`,
      detail: judgement.kind === "refused" && judgement.how === "reject"
        ? 'Clients say "No route to host" or "Connection refused"'
        : judgement.kind === "refused"
        ? "Clients wait, and then say that the connection timed out"
        : undefined,
      remedy: remedyOf(
        "Let them in, and save the rules so that they survive a restart. The security group of the cloud is another firewall " +
          "in front of this one: TCP " + ranges.map(formatRange).join(", "),
        steps,
      ),
      data: { ports: ranges.map(formatRange), steps: stepsData(steps) },
    }];
  });
}

/** Whether clients come by IPv6 too or alone, as far as listen_address and this machine's addresses tell. */
function ipv6Use(survey: ServerSurvey): "none" | "too" | "alone" {
  const { listenAddress } = survey.config.network;
  const scope = addressScope(listenAddress);
  if (ipVersion(listenAddress) !== 6 || scope === "loopback") return "none";
  if (scope !== "unspecified") return "alone";
  return survey.ownAddresses().some(({ version }) => version === 6) ? "too" : "none";
}

function notJudged(what: string): Outcome {
  return {
    status: "warn",
    summary: `${what}: the rules for IPv6 are not judged`,
    remedy: {
      text: "Look yourself whether they let clients in by IPv6",
      commands: ["nft list ruleset", "ip6tables-save"],
    },
  };
}

function describe(judgement: Exclude<Judgement, { kind: "accepted" }>): string {
  const { chain, rule } = judgement.by;
  const where = `${chain.title}: ${rule}`;
  switch (judgement.kind) {
    case "refused":
      return `is ${judgement.how === "drop" ? "dropped" : "rejected"} by ${where}`;
    case "partly":
      return `depends on who sends it: ${where}`;
    case "unclear":
      return `depends on a rule that is not understood: ${where}`;
  }
}

function keyOf(judgement: Judgement): string {
  if (judgement.kind === "accepted") return "accepted";
  return `${describe(judgement)}`;
}

function notReadable({ refusal, message }: Refusal): Outcome {
  return {
    status: "skip",
    summary: `The rules of the firewall cannot be read: ${message}`,
    remedy: refusal === "not permitted"
      ? { text: "Run it as root", commands: ["sudo cosftp doctor firewall"] }
      : { text: "Install nftables or iptables, if this machine has a firewall at all" },
  };
}

import type { Check, Outcome } from "../check.ts";
import type { Refusal, ServerSurvey } from "../server/server_survey.ts";
import { formatRange, type PortRange, rangesOf, remedyOf, stepsData } from "../steps.ts";
import { judgeConnection, judgeInTurn, type Judgement } from "./judge.ts";
import { ICMP_NEEDED } from "./icmp_needed.ts";
import { letIcmpIn, letPortsIn } from "./openings.ts";
import type { Firewall, Version } from "./ruleset.ts";

export const rules: Check<ServerSurvey> = {
  id: "firewall.rules",
  title: "the rules of this machine's firewall can be read",
  mode: "offline",
  async run(survey, { signal }) {
    const read = await survey.firewall(signal);
    if ("refusal" in read) return [notReadable(read)];
    const { chains, notUnderstood } = read;
    if (notUnderstood.length > 0) {
      return [{
        status: "warn",
        summary: `Not understood: ${notUnderstood.join("; ")}`,
        remedy: LOOK,
      }];
    }
    const [incoming, outgoing] = (["in", "out"] as const).map((way) =>
      chains.filter((chain) => chain.way === way).map(({ title }) => title)
    );
    const summary = incoming!.length === 0
      ? "No rules for incoming packets: all are let in"
      : `Incoming packets go through ${incoming!.join(", ")}`;
    const replies = outgoing!.length === 0 ? "" : `; replies through ${outgoing!.join(", ")}`;
    return [{ status: "pass", summary: summary + replies }];
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

export const icmp: Check<ServerSurvey> = {
  id: "firewall.icmp",
  title: "the firewall lets in the ICMP that TCP needs",
  needs: ["firewall.rules"],
  mode: "offline",
  async run(survey, { signal }) {
    const firewall = await readRules(survey, signal);
    return survey.clientVersions().flatMap((version) =>
      ICMP_NEEDED[version].map(({ name, exchange, status, loss, ...packet }): Outcome => {
        const icmp = { version, protocol: "icmp" } as const;
        const judgement = judgeInTurn(firewall, [
          { ...icmp, way: "in", ...packet },
          ...exchange ? [{ ...icmp, way: "out", ...exchange } as const] : [],
        ]);
        const data = { version, type: packet.type, code: packet.code };
        const what = `${version === 4 ? "ICMP" : "ICMPv6"} ${name}`;
        if (judgement.kind === "accepted") {
          return { ...letIn(firewall, what), data };
        }
        const isOut = judgement.by.chain.way === "out";
        const passing = isOut ? exchange!.name : name;
        const steps = letIcmpIn(passing, { by: judgement.by, version });
        return {
          status: judgement.kind === "refused" ? status : "warn",
          summary: `${what} ${describe(judgement, `${passing} is`)}`,
          detail: `Without it ${loss}`,
          remedy: remedyOf(isOut ? `Let ${passing} out` : `Let ${what} in`, steps),
          data: { ...data, steps: stepsData(steps) },
        };
      })
    );
  },
};

/** The rules, for checks that need `firewall.rules`. */
async function readRules(survey: ServerSurvey, signal: AbortSignal): Promise<Firewall> {
  const read = await survey.firewall(signal);
  if ("refusal" in read) throw new Error(read.message);
  return read;
}

/** Ports of which the same becomes, and for which versions of IP. */
interface Group {
  readonly ranges: readonly PortRange[];
  readonly judgement: Judgement;
  readonly versions: readonly Version[];
}

/** One outcome for each row of ports of which the same becomes. */
function judgePorts(
  survey: ServerSurvey,
  { firewall, what, range }: { firewall: Firewall; what: string; range: PortRange },
): Outcome[] {
  const versions = survey.clientVersions();
  const groups = versions.flatMap((version) => groupPorts(firewall, { range, version }));
  // What is the same for both is said once.
  const same = Map.groupBy(
    groups,
    ({ ranges, judgement }) => `${ranges.map(formatRange).join()} ${keyOf(judgement)}`,
  );
  return [...same.values()].map((alike) => {
    const group = { ...alike[0]!, versions: alike.flatMap((it) => it.versions) };
    const over = group.versions.length === versions.length && group.versions.includes(4)
      ? ""
      : ` over IPv${group.versions[0]}`;
    return portsOutcome(group, { firewall, what, over });
  });
}

function groupPorts(
  firewall: Firewall,
  { range: { first, last }, version }: { range: PortRange; version: Version },
): Group[] {
  const judged = Array.from({ length: last - first + 1 }, (_, index) => {
    const port = first + index;
    return { port, judgement: judgeConnection(firewall, { version, port }) };
  });
  return [...Map.groupBy(judged, ({ judgement }) => keyOf(judgement)).values()].map((group) => ({
    ranges: rangesOf(group.map(({ port }) => port)),
    judgement: group[0]!.judgement,
    versions: [version],
  }));
}

function portsOutcome(
  { ranges, judgement, versions }: Group,
  { firewall, what, over }: { firewall: Firewall; what: string; over: string },
): Outcome {
  const ports = ranges.map(formatRange);
  const named = `${what} ${ports.join(", ")}`;
  if (judgement.kind === "accepted") {
    return letIn(firewall, named, over);
  }
  const steps = letPortsIn(ranges, { by: judgement.by, version: versions[0]! });
  const { chain } = judgement.by;
  return {
    status: judgement.kind === "refused" ? "fail" : "warn",
    summary: `${named}${over} ${describe(judgement)}`,
    detail: judgement.kind === "refused" && judgement.how === "reject" && chain.way === "in"
      ? 'Clients say "No route to host" or "Connection refused"'
      : judgement.kind === "refused"
      ? "Clients wait, and then say that the connection timed out"
      : undefined,
    remedy: remedyOf(
      chain.way === "out"
        ? "Let out what belongs to connections, and save the rules so that they survive a restart"
        : chain.kind === "nat"
        ? "Look where this rule sends them. If that is not the gateway, take it out, or have these ports pass by it"
        : "Let them in, and save the rules so that they survive a restart. The security group of the cloud is another " +
          "firewall in front of this one: TCP " + ports.join(", "),
      steps,
    ),
    data: { ports, versions: [...versions], steps: stepsData(steps) },
  };
}

const LOOK = { text: "Look at these rules yourself; the findings below do not know of them" };

/** What is understood lets it in; that is no pass while there is more that may not. */
function letIn({ notUnderstood }: Firewall, what: string, over = ""): Outcome {
  const summary = `${what} is let in${over}`;
  if (notUnderstood.length === 0) return { status: "pass", summary };
  return {
    status: "warn",
    summary: `${summary}, as far as the rules are understood`,
    detail: `Not understood: ${notUnderstood.join("; ")}`,
    remedy: {
      text: "See firewall.rules, and try it from a client: cosftp doctor --target, --probe",
    },
  };
}

/** @param outgoing what is refused when that is a packet that goes out, with its verb. */
function describe(
  judgement: Exclude<Judgement, { kind: "accepted" }>,
  outgoing = "its replies are",
): string {
  const { chain, rule } = judgement.by;
  const where = `${chain.title}: ${rule}`;
  if (chain.way === "out") {
    const but = "is let in, but";
    switch (judgement.kind) {
      case "refused":
        return `${but} ${outgoing} ${
          judgement.how === "drop" ? "dropped" : "rejected"
        } by ${where}`;
      case "limited":
        return `${but} what goes out is at most ${limitOf(rule)}: ${where}`;
      case "partly":
        return `${but} what goes out depends on whom it is for: ${where}`;
      case "unclear":
        return `${but} what goes out depends on a rule that is not understood: ${where}`;
    }
  }
  if (chain.kind === "nat" && judgement.kind !== "refused") {
    return `may be sent elsewhere by ${where}`;
  }
  switch (judgement.kind) {
    case "refused":
      return `is ${judgement.how === "drop" ? "dropped" : "rejected"} by ${where}`;
    case "limited":
      return `is let in, but at most ${limitOf(rule)}: ${where}`;
    case "partly":
      return `depends on who sends it: ${where}`;
    case "unclear":
      return `depends on a rule that is not understood: ${where}`;
  }
}

/** `1/minute`, where the rule itself has the limit. */
function limitOf(rule: string): string {
  const [, limit] =
    /(?:--limit|--hashlimit-(?:upto|above)|limit rate(?: over)?) (\S+\/\w+|\d+ \w+\/\w+)/.exec(
      rule,
    ) ??
      [];
  return limit ?? "what a limit allows";
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

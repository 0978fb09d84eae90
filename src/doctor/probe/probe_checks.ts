import { ipVersion } from "../../net/cidr.ts";
import type { Check, Json, Outcome } from "../check.ts";
import { ADVICE, failedConnection } from "../connect_outcome.ts";
import { openPorts } from "../opening_steps.ts";
import { describeFailure, type Failure } from "../reach.ts";
import { formatRange, type PortRange, remedyOf, type Step, stepsData } from "../steps.ts";
import { type PortState, rangesByState, shortened } from "./port_map.ts";
import type { PortSurvey } from "./port_survey.ts";

/** A range of ports that are all silent takes this long; thousands of them take longer. Milliseconds. */
const RANGE_TIMEOUT = 180_000;

export const contact: Check<PortSurvey> = {
  id: "probe.contact",
  title: "a cosftp doctor --listen-probe answers",
  mode: "online",
  timeout: 60_000,
  async run(survey, { signal }) {
    const { answer, results } = await survey.contact(signal);
    if (answer) {
      const { range, held } = answer;
      const summary = `It holds ${held.size} ports of ${formatRange(range)}`;
      return [{ status: "pass", summary }];
    }
    const failures = results.flatMap((it) => it.kind === "failed" ? [it.failure] : []);
    const [failure] = failures.sort((a, b) => rankOf(a) - rankOf(b));
    const strangers = results.length - failures.length;
    if (!failure) {
      return [{
        status: "fail",
        summary: `${strangers} ports are open, and none of them is a probe`,
        remedy: {
          text:
            "Start cosftp doctor --listen-probe on the server; look whether this is the right address",
        },
      }];
    }
    return [{
      ...failedConnection(failure, {
        what: `None of ${results.length} ports answers`,
        ports: survey.guess,
      }),
      detail:
        `Looked on ${
          formatRange(survey.guess)
        }; --passive-ports gives another range. cosftp doctor --listen-probe must run ` +
        "on the server",
    }];
  },
};

export const ports: Check<PortSurvey> = {
  id: "probe.ports",
  title: "every port that the server holds can be reached",
  needs: ["probe.contact"],
  mode: "online",
  timeout: RANGE_TIMEOUT,
  async run(survey, { signal }) {
    const { answer, failures } = await survey.askAll(signal);
    const byState = rangesByState(survey.states);
    const data: Record<string, Json> = Object.fromEntries(
      [...byState].map(([state, ranges]) => [state, ranges.map(formatRange)]),
    );
    const bad = [...byState].filter(([state]) => state !== "open" && state !== "not held");
    if (bad.length === 0) {
      const { range, held } = answer;
      const summary = `All ${held.size} can be reached: ${formatRange(range)}`;
      return [{ status: "pass", summary, data }];
    }
    return bad.map(([state, ranges]) => stateOutcome(state, { ranges, failures, data }));
  },
};

/** Without files nothing was asked; silence says the least. */
function rankOf({ cause, errno }: Failure): number {
  return cause === "no-files" ? 0 : errno === "ETIMEDOUT" ? 2 : 1;
}

const WHAT: Readonly<Record<PortState, string>> = {
  open: "are open",
  "not held": "are not held",
  dropped: "are dropped: nothing comes back",
  prohibited: "are rejected by a firewall (ICMP)",
  refused:
    "are refused, although the server holds them: a firewall rejects by TCP reset or by ICMP port-unreachable, or a router does not forward them",
  astray: "lead somewhere else than to the server that answered first",
  failed: "failed",
};

function stateOutcome(state: PortState, { ranges, failures, data }: {
  ranges: readonly PortRange[];
  failures: readonly Failure[];
  data: Record<string, Json>;
}): Outcome {
  const version = ipVersion(failures[0]?.address.hostname ?? "") ?? 4;
  const steps = state === "astray" || state === "failed"
    ? []
    : openRanges(ranges, { cloud: state === "dropped", version });
  const example = failures.find(({ cause }) =>
    cause === state ||
    state === "failed" && !["dropped", "refused", "prohibited", "rejected"].includes(cause)
  );
  const text = state === "astray"
    ? "The router forwards these ports to another machine or to other ports: forward the range to the server, each port to the same"
    : state === "failed"
    ? example ? `${describeFailure(example)}. ${ADVICE[example.cause]}` : "Run it again"
    : "Let them in, on the server and on every router and firewall in front of it";
  return {
    status: "fail",
    summary: `Ports ${shortened(ranges)} ${WHAT[state]}`,
    remedy: remedyOf(text, steps),
    data: { ...data, steps: stepsData(steps) },
  };
}

/** The steps for all ranges together, by tool. */
function openRanges(
  ranges: readonly PortRange[],
  options: { cloud: boolean; version: 4 | 6 },
): Step[] {
  const few = ranges.slice(0, 16).map((range) => openPorts(range, options));
  return (few[0] ?? []).map((step, index) => ({
    ...step,
    commands: [...new Set(few.flatMap((steps) => steps[index]!.commands))],
  }));
}

export const PROBE_CHECKS: readonly Check<PortSurvey>[] = [contact, ports];

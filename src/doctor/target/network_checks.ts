import { addressScope } from "../../net/address_scope.ts";
import { ipVersion } from "../../net/cidr.ts";
import { formatAddress } from "../../net/connection.ts";
import { echo } from "../../net/icmp.ts";
import { describeIcmp } from "../../net/icmp_message.ts";
import type { Check, Outcome } from "../check.ts";
import { failedConnection } from "../connect_outcome.ts";
import { withIcmp } from "../icmp_permission.ts";
import { permitEcho, permitTooBig, tooBig } from "../opening_steps.ts";
import { describePathMtu, findPathMtu } from "../path_mtu.ts";
import { remedyOf, stepsData } from "../steps.ts";
import type { TargetSurvey } from "./target_survey.ts";

/** Of two echo requests one may get lost. Milliseconds. */
const ECHO_TIMEOUT = 1_500;

export const dns: Check<TargetSurvey> = {
  id: "target.dns",
  title: "the server's name resolves",
  mode: "online",
  async run(survey, { signal }) {
    const { hostname } = survey.target;
    if (ipVersion(hostname) !== undefined) {
      return [{ status: "pass", summary: `${hostname} is an address (${addressScope(hostname)})` }];
    }
    try {
      const addresses = (await survey.addresses(signal)).map((it) => `${it} (${addressScope(it)})`);
      return [{ status: "pass", summary: `${hostname} is ${addresses.join(", ")}` }];
    } catch (error) {
      signal.throwIfAborted();
      return [{
        status: "fail",
        summary: `${hostname} does not resolve: ${(error as Error).message}`,
        remedy: { text: "Look at the name, at /etc/resolv.conf, and at the zone of the name" },
      }];
    }
  },
};

export const tcp: Check<TargetSurvey> = {
  id: "target.tcp",
  title: "the control port accepts connections",
  needs: ["target.dns"],
  mode: "online",
  async run(survey, { signal }) {
    const { address, failures } = await survey.control(signal);
    if (address) {
      const summary = `${formatAddress(address)} accepts connections`;
      if (failures.length === 0) return [{ status: "pass", summary }];
      return [{
        status: "warn",
        summary: `${summary}, but not at every address of the name`,
        detail: failures.map((it) => formatAddress(it.address)).join(", "),
        remedy: { text: "Take the addresses that nobody serves out of the name's zone" },
      }];
    }
    const { port } = survey.target;
    const ports = { first: port, last: port };
    return failures.map((failure) =>
      failedConnection(failure, { what: "The control connection", ports })
    );
  },
};

export const icmp: Check<TargetSurvey> = {
  id: "target.icmp",
  title: "ICMP echo comes back",
  needs: ["target.dns"],
  mode: "online",
  run: (survey, { signal }) =>
    withIcmp(survey.tools.libc, async (libc): Promise<Outcome[]> => {
      const address = await survey.pingedAddress(signal);
      const request = { address, timeout: ECHO_TIMEOUT, signal };
      let answer = await echo(libc, request);
      if (answer.kind === "silence") answer = await echo(libc, request);
      if (answer.kind === "reply") {
        return [{
          status: "pass",
          summary: `${address} answers in ${answer.elapsed.toFixed(1)} ms`,
        }];
      }
      const why = answer.kind === "silence"
        ? "nothing comes back, a firewall drops them or nobody is there"
        : answer.kind === "icmp"
        ? `rejected, ${describeIcmp(answer.icmp)}`
        : `cannot be sent, ${answer.errno}`;
      if (answer.kind === "unsent") {
        return [{
          status: "warn",
          summary: `Echo requests to ${address}: ${why}`,
          remedy: { text: "Look at the routes and the rules for outgoing packets of this machine" },
          data: { answer: answer.kind },
        }];
      }
      const steps = permitEcho(ipVersion(address)!);
      return [{
        status: "warn",
        summary: `Echo requests to ${address}: ${why}`,
        detail:
          'FTP itself needs none, but some clients ask first and then say "unroutable address" or "No route to host". ' +
          "Whether other ICMP is dropped too, which breaks large packets, cosftp doctor on the server can tell.",
        remedy: remedyOf("Let echo requests in, at least from your clients", steps),
        data: { answer: answer.kind, steps: stepsData(steps) },
      }];
    }),
};

export const mtu: Check<TargetSurvey> = {
  id: "target.mtu",
  title: "large packets arrive, or somebody says that they do not",
  needs: ["target.icmp"],
  mode: "online",
  run: (survey, { signal }) =>
    withIcmp(survey.tools.libc, async (libc): Promise<Outcome[]> => {
      const address = await survey.pingedAddress(signal);
      const path = await findPathMtu(libc, { address, signal });
      const summary = describePathMtu(path);
      if (path.kind === "silence") {
        return [{ status: "skip", summary, remedy: { text: "Let ICMP echo through first" } }];
      }
      if (path.kind !== "black hole") return [{ status: "pass", summary, data: { mtu: path.mtu } }];
      const steps = permitTooBig(ipVersion(address)!);
      return [{
        status: "warn",
        summary,
        detail:
          "Uploads of more than a few bytes stall, unless the machines find smaller packets by themselves",
        remedy: remedyOf(`Let ${tooBig(address)} through on the whole way`, steps),
        data: { mtu: path.mtu, steps: stepsData(steps) },
      }];
    }),
};

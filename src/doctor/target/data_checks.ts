import { addressScope } from "../../net/address_scope.ts";
import { ipVersion, sameAddress } from "../../net/cidr.ts";
import type { Connection } from "../../net/connection.ts";
import type { Check, Outcome } from "../check.ts";
import { failedConnection } from "../connect_outcome.ts";
import { describeFailure, type Failure } from "../reach.ts";
import { formatRange, type PortRange, rangesOf, remedyOf, type Step, stepsData } from "../steps.ts";
import { type FtpClient, RefusedPortError } from "./ftp_client.ts";
import { CONNECT_TIMEOUT, type TargetSurvey } from "./target_survey.ts";

/** How many ports of the passive range are tried, and how many when none of them opens. */
const PORTS_TRIED = 8;
const FAILURES_ENOUGH = 4;
/** How long each of them gets once one was silent: two attempts of TCP. Milliseconds. */
const SECOND_TIMEOUT = 1_500;

export const passive: Check<TargetSurvey> = {
  id: "target.pasv",
  title: "the address in the 227 reply is one that clients can reach",
  needs: ["target.login"],
  mode: "online",
  run: (survey, { signal }) =>
    survey.withSession(signal, async (client) => {
      if (ipVersion(client.address.hostname) === 6) {
        return [{ status: "pass", summary: "IPv6 needs EPSV only" }];
      }
      const named = await client.askPassive("PASV", signal);
      const { hostname: reached } = client.address;
      if (sameAddress(named.hostname, reached)) {
        return [{
          status: "pass",
          summary: `227 names ${named.hostname}, the address of the control connection`,
        }];
      }
      // From the server's own machine it might even open.
      if (isUnroutable(named.hostname)) return [wrongAddress({ named: named.hostname, reached })];
      const connection = await survey.connect(named, signal);
      if (!("cause" in connection)) {
        connection.close();
        return [elsewhere({ named: named.hostname, reached })];
      }
      return [wrongAddress({ named: named.hostname, reached, failure: connection })];
    }),
};

export const extendedPassive: Check<TargetSurvey> = {
  id: "target.epsv",
  title: "EPSV is understood",
  needs: ["target.login"],
  mode: "online",
  run: (survey, { signal }) =>
    survey.withSession(signal, async (client) => {
      try {
        const { port } = await client.askPassive("EPSV", signal);
        return [{ status: "pass", summary: `229 names port ${port}` }];
      } catch (error) {
        // With IPv6 there is nothing else.
        const isAll = ipVersion(client.address.hostname) === 6;
        if (!(error instanceof RefusedPortError) || isAll) throw error;
        return [{
          status: "warn",
          summary: error.message,
          remedy: {
            text:
              "Most clients go on with PASV; those that come by IPv6 cannot. Turn EPSV on, and look whether a firewall " +
              "that reads FTP takes it out",
          },
        }];
      }
    }),
};

export const dataConnections: Check<TargetSurvey> = {
  id: "target.data",
  title: "data connections on several passive ports",
  needs: ["target.login"],
  mode: "online",
  timeout: 60_000,
  run: (survey, { signal }) =>
    survey.withSession(signal, async (client) => {
      const opened: number[] = [];
      const failures: Failure[] = [];
      for (let tried = 0; tried < PORTS_TRIED; tried++) {
        if (opened.length === 0 && failures.length === FAILURES_ENOUGH) break;
        const isPatient = failures.every(({ cause }) => cause !== "dropped");
        const connection = await openData(survey, {
          client,
          signal,
          timeout: isPatient ? CONNECT_TIMEOUT : SECOND_TIMEOUT,
        });
        if ("cause" in connection) failures.push(connection);
        else {
          opened.push(connection.remote.port);
          connection.close();
        }
      }
      return dataOutcomes(survey, {
        opened,
        failures,
        host: client.address.hostname,
        range: await survey.passiveRange(client, signal),
      });
    }),
};

/** Opens a data connection at the address of the control connection, as most clients do. */
export async function openData(survey: TargetSurvey, { client, signal, timeout }: {
  client: FtpClient;
  signal: AbortSignal;
  timeout?: number;
}): Promise<Connection | Failure> {
  const { hostname } = client.address;
  const { port } = await client.askPassive(ipVersion(hostname) === 6 ? "EPSV" : "PASV", signal);
  return await survey.connect({ hostname, port }, signal, timeout);
}

function elsewhere({ named, reached }: { named: string; reached: string }): Outcome {
  return {
    status: "warn",
    summary: `227 names ${named} (${
      addressScope(named)
    }) instead of ${reached}: it can be reached from here`,
    remedy: {
      text:
        "Look whether every client can reach it; if not, set the address that they can (cosftp: masquerade_address)",
    },
  };
}

/** Whether an address means nothing to other machines. */
function isUnroutable(hostname: string): boolean {
  return ["unspecified", "loopback", "link-local", "multicast", "reserved"]
    .includes(addressScope(hostname));
}

function wrongAddress(
  { named, reached, failure }: { named: string; reached: string; failure?: Failure },
): Outcome {
  const steps: Step[] = [
    {
      on: "the server",
      how: "cosftp: under [NETWORK] of its configuration masquerade_address, or when it is started",
      commands: [`COSFTP_NETWORK_MASQUERADE_ADDRESS=${reached} cosftp serve`],
    },
  ];
  const why = whyWrong(named, reached);
  return {
    status: "fail",
    summary: `227 names ${named} (${addressScope(named)}), which cannot be reached: ` +
      `clients reach the server at ${reached}`,
    detail: failure ? `${describeFailure(failure)}. ${why}` : why,
    remedy: remedyOf(
      `Tell the server to name ${reached}: masquerade_address of cosftp and pyftpdlib, pasv_address of vsftpd, ` +
        "MasqueradeAddress of proftpd, ForcePassiveIP of pure-ftpd",
      steps,
    ),
    data: { named, reached, scope: addressScope(named), steps: stepsData(steps) },
  };
}

function whyWrong(named: string, reached: string): string {
  if (isUnroutable(named)) {
    return "No other machine can reach such an address: the server names what it listens on, or was told it by mistake.";
  }
  if (addressScope(named) === "documentation") {
    return "Such addresses stand in examples and belong to nobody: the server was told one of those.";
  }
  if (addressScope(named) === "public") {
    return "It is a public address and not the server's: the address that the server was told is wrong or out of date, " +
      "or its connections go out by another way than they come in.";
  }
  return addressScope(reached) === "public"
    ? "The server is behind a NAT and names its inner address."
    : "It belongs to another inner network: the server is behind a NAT and names its address there, or was told a wrong one.";
}

function dataOutcomes(
  survey: TargetSurvey,
  { opened, failures, host, range }: {
    opened: readonly number[];
    failures: readonly Failure[];
    host: string;
    range: PortRange;
  },
): Outcome[] {
  const ports = (list: readonly number[]) =>
    rangesOf([...new Set(list)].sort((a, b) => a - b)).map(formatRange).join(", ");
  if (failures.length === 0) {
    return [{
      status: "pass",
      summary: `${opened.length} data connections opened, on ports ${ports(opened)}`,
    }];
  }
  const what = opened.length === 0
    ? "Data connections"
    : `${failures.length} of ${opened.length + failures.length} data connections`;
  // Linux answers by ICMP only so often: next to ports that are rejected, silent ones are no other case.
  const rejected = failures.find(({ cause }) => cause === "prohibited" || cause === "rejected");
  const causeOf = ({ cause }: Failure) => cause === "dropped" && rejected ? rejected.cause : cause;
  return [...Map.groupBy(failures, causeOf)].map(([cause, group]) => {
    const outcome = failedConnection(group.find((failure) => failure.cause === cause)!, {
      what,
      ports: range,
    });
    const open = opened.length === 0 ? "none" : ports(opened);
    return {
      ...outcome,
      detail: `Ports that failed so: ${
        ports(group.map(({ address }) => address.port))
      }; open: ${open}. ` +
        `Passive range: ${formatRange(range)}${
          survey.target.passivePorts ? "" : " (a guess; give it by --passive-ports)"
        }. To see all of it: cosftp doctor --listen-probe on the server, cosftp doctor --probe ${host} here.`,
    };
  });
}

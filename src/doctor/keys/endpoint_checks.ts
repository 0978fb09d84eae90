import { Deadline } from "../../clock.ts";
import { formatAddress, type SocketAddress } from "../../net/connection.ts";
import type { Check, CheckRun, Outcome } from "../check.ts";
import type { AccountSubject, BucketEndpoint } from "./account_subject.ts";
import { askAnonymously } from "./anonymous_request.ts";
import { findRegion, REGIONS } from "./regions.ts";
import { isNetworkFailure, networkCause } from "./refusal.ts";

const SECOND = 1_000;

/** How long a connect may take: after that somebody drops its packets. Milliseconds. */
const CONNECT_MAX = 5 * SECOND;

/** COS answers faster anywhere on earth. Milliseconds. */
const SLOW = 1.5 * SECOND;

/** COS refuses requests whose time is further off (RequestTimeTooSkewed). Milliseconds. */
const SKEW_MAX = 15 * 60 * SECOND;

/** A clock that is further off is not kept by anybody. Milliseconds. */
const SKEW_NOTABLE = 60 * SECOND;

/** An endpoint, or the proxy before it, that something was tried on. */
interface Trial {
  readonly endpoint: BucketEndpoint;
  /** What is really connected to. */
  readonly address: SocketAddress;
  /** Why it cannot be used. */
  readonly failure?: string;
  /** What came of it where it can. */
  readonly result?: string;
}

const dns: Check<AccountSubject> = {
  id: "endpoint.dns",
  title: "The endpoint's name can be resolved",
  mode: "online",
  async run(subject, { signal }) {
    const trials = await Promise.all(subject.endpoints.map(async (endpoint): Promise<Trial> => {
      const address = subject.proxyOf(endpoint) ?? endpoint;
      try {
        const addresses = await subject.resolve(address.hostname);
        return { endpoint, address, result: `is ${addresses.join(", ")}` };
      } catch (error) {
        return { endpoint, address, failure: `cannot be resolved: ${codeOf(error)}` };
      }
    }));
    if (trials.some(({ failure }) => failure === undefined)) return [usable(trials)];
    const { region } = subject.account;
    const { endpoint, address } = trials.at(-1)!;
    const source = address === endpoint ? "cos_endpoint" : "the proxy in https_proxy";
    const isKnown = region === undefined || REGIONS.some((known) => known === region);
    const actual = isKnown ? undefined : await findRegion(subject, signal);
    return [{
      ...unusable(trials),
      remedy: {
        text: actual
          ? `There is no region ${region}: the bucket is in ${actual}. Write`
          : isKnown
          ? `Mend the name server (/etc/resolv.conf), or the spelling of ${source}. See what it answers with`
          : `COS has no region ${region} that we know. See the bucket's page in the console, and write its region`,
        commands: [
          actual || !isKnown
            ? `cos_region = ${actual ?? "ap-guangzhou"}`
            : `getent ahosts ${address.hostname}`,
        ],
      },
    }];
  },
};

const tcp: Check<AccountSubject> = {
  id: "endpoint.tcp",
  title: "The endpoint can be connected to",
  needs: ["endpoint.dns"],
  mode: "online",
  async run(subject, { signal }) {
    const last = subject.endpoints.at(-1);
    const trials = await Promise.all(subject.endpoints.map(async (endpoint) => {
      const direct = () => connect(subject, { endpoint, address: endpoint, signal });
      const proxy = subject.proxyOf(endpoint);
      if (!proxy) return await direct();
      // The gateway takes the nearer one if it could be connected to, whatever leads there then.
      const near = endpoint === last ? undefined : await direct();
      if (near?.failure !== undefined) return near;
      return await connect(subject, { endpoint, address: proxy, signal });
    }));
    if (trials.some(({ failure }) => failure === undefined)) return [usable(trials)];
    const { address } = trials.at(-1)!;
    return [{
      ...unusable(trials),
      remedy: {
        text:
          "Let this machine connect there: look at its outgoing firewall rules, its security group and its " +
          "routes, or name the proxy that leads out in https_proxy. Try it by",
        commands: [`curl -v --max-time 5 telnet://${formatAddress(address)}`],
      },
    }];
  },
};

async function connect(
  { dialer, clock }: AccountSubject,
  { endpoint, address, signal }: {
    endpoint: BucketEndpoint;
    address: SocketAddress;
    signal: AbortSignal;
  },
): Promise<Trial> {
  using deadline = new Deadline({
    clock,
    milliseconds: CONNECT_MAX,
    parent: signal,
    error: () => new Error(`no answer within ${CONNECT_MAX / SECOND} s: packets are dropped`),
  });
  const begun = clock.now();
  const { hostname, port } = address;
  try {
    using connection = await dialer.connect({ hostname, port }, deadline.signal);
    const { remote } = connection;
    const took = Math.round(clock.now() - begun);
    return { endpoint, address, result: `answers at ${formatAddress(remote)} in ${took} ms` };
  } catch (error) {
    signal.throwIfAborted();
    return { endpoint, address, failure: `cannot be connected to: ${codeOf(error)}` };
  }
}

const tls: Check<AccountSubject> = {
  id: "endpoint.tls",
  title: "The endpoint proves by its certificate that it is COS, and COS answers",
  needs: ["endpoint.tcp"],
  mode: "online",
  async run(subject, run) {
    const endpoint = chosen(subject, run, "endpoint.tcp");
    try {
      const begun = subject.clock.now();
      const answer = await askAnonymously(subject, endpoint, run.signal);
      const now = subject.clock.now();
      if (answer.requestId === undefined) return [notCos(endpoint, answer.status)];
      const skew = answer.date === undefined ? null : answer.date - now;
      const milliseconds = Math.round(now - begun);
      const where = `${endpoint.host}${endpoint.secure ? " over TLS" : ""}`;
      const data = { ...answerData(answer), skew, milliseconds };
      if (milliseconds < SLOW) {
        return [{ status: "pass", summary: `COS answers at ${where} in ${milliseconds} ms`, data }];
      }
      return [{
        status: "warn",
        summary: `COS answers at ${where} only after ${milliseconds} ms`,
        detail: "Every file takes a few requests, each as long as this",
        remedy: {
          text:
            "Run cosftp in the bucket's region; if it does, look at what slows down this machine's connections, a proxy perhaps",
          commands: ["cosftp doctor server.endpoint"],
        },
        data,
      }];
    } catch (error) {
      run.signal.throwIfAborted();
      if (!isNetworkFailure(error)) throw error;
      return [noAnswer(endpoint, networkCause(error))];
    }
  },
};

function answerData({ status, code, region }: Awaited<ReturnType<typeof askAnonymously>>) {
  return { status, code: code ?? null, region: region ?? null };
}

function notCos(endpoint: BucketEndpoint, status: number): Outcome {
  return {
    status: "fail",
    summary: `Something that is not COS answers at ${endpoint.host} with status ${status}: ` +
      "its answer has no x-cos-request-id",
    remedy: {
      text:
        "A proxy, a firewall's page or a wrong cos_endpoint stands in between. See what it says by",
      commands: [`curl -i http${endpoint.secure ? "s" : ""}://${endpoint.host}/`],
    },
  };
}

function noAnswer(endpoint: BucketEndpoint, cause: string): Outcome {
  const detail = cause;
  if (/UnknownIssuer|CaUsedAsEndEntity|NotValidForName|not valid for name/i.test(cause)) {
    return {
      status: "fail",
      summary: `TLS is intercepted: the certificate of ${endpoint.host} is not COS's own`,
      detail,
      remedy: {
        text:
          "Somebody between here and COS reads along, or cos_endpoint names another machine. If that is your own " +
          "proxy's doing, have its CA certificate trusted (DENO_TLS_CA_STORE=system with the CA in the system's store, " +
          "or DENO_CERT=FILE), or exempt COS from it. See who signed it by",
        commands: [
          `openssl s_client -connect ${endpoint.hostname}:${endpoint.port} ` +
          `-servername ${endpoint.hostname} </dev/null | openssl x509 -noout -issuer -subject`,
        ],
      },
    };
  }
  if (/Expired|NotValidYet/i.test(cause)) {
    return {
      status: "fail",
      summary: `The certificate of ${endpoint.host} is not valid at this machine's time`,
      detail,
      remedy: { text: "Set this machine's clock right", commands: ["timedatectl set-ntp true"] },
    };
  }
  return {
    status: "fail",
    summary: `${endpoint.host} accepts the connection but does not answer`,
    detail,
    remedy: {
      text: endpoint.secure
        ? "See whether something speaks TLS there; cos_protocol = http is for endpoints without it"
        : "See whether something speaks plain HTTP there; cos_protocol = https is COS's default",
    },
  };
}

const clock: Check<AccountSubject> = {
  id: "clock.skew",
  title: "This machine's clock agrees with COS's",
  needs: ["endpoint.tls"],
  mode: "online",
  run(_, { found }) {
    const skew = found("endpoint.tls")[0]?.data?.skew;
    if (typeof skew !== "number") return [];
    // Date has whole seconds, and took its time to arrive.
    const off = Math.max(0, Math.abs(skew) - SECOND);
    const seconds = Math.round(off / SECOND);
    const data = { seconds };
    if (off < SKEW_NOTABLE) {
      return [{ status: "pass", summary: `The clock is right to ${seconds + 1} s`, data }];
    }
    const side = skew > 0 ? "behind" : "ahead of";
    const remedy = {
      text: "Set the clock, and keep it right",
      commands: ["timedatectl set-ntp true", "timedatectl status"],
    };
    return [{
      status: off > SKEW_MAX ? "fail" : "warn",
      summary: `The clock is ${seconds} s ${side} COS's` +
        (off > SKEW_MAX ? ": COS refuses its requests with RequestTimeTooSkewed" : ""),
      detail:
        "The gateway goes by COS's time once it was refused; temporary keys, logs and file times stay wrong",
      remedy,
      data: off > SKEW_MAX ? { ...data, code: "RequestTimeTooSkewed" } : data,
    }];
  },
};

/** The checks from the name of the endpoint to its first answer. */
export const ENDPOINT_CHECKS: readonly Check<AccountSubject>[] = [dns, tcp, tls, clock];

/** What is connected to, for people. */
function nameOf({ endpoint, address }: Trial): string {
  return address === endpoint ? endpoint.hostname : `the proxy ${address.hostname}`;
}

/** The endpoint that the gateway would take. */
export function chosen(
  { endpoints }: AccountSubject,
  { found }: CheckRun,
  check: string,
): BucketEndpoint {
  const index = found(check)[0]?.data?.chosen;
  return endpoints[typeof index === "number" ? index : 0]!;
}

function usable(trials: readonly Trial[]): Outcome {
  const index = trials.findIndex(({ failure }) => failure === undefined);
  const trial = trials[index]!;
  const others = trials.slice(0, index).map((trial) =>
    `; ${nameOf(trial)} ${trial.failure}, so it is not used`
  );
  return {
    status: "pass",
    summary: `${nameOf(trial)} ${trial.result}${others.join("")}`,
    data: { chosen: index },
  };
}

function unusable(trials: readonly Trial[]): Outcome {
  const all = [
    ...new Set(
      trials.map((trial) => `${nameOf(trial)} port ${trial.address.port} ${trial.failure}`),
    ),
  ];
  return {
    status: "fail",
    summary: `${all.at(-1)}`,
    detail: all.length > 1 ? all.join("\n") : undefined,
  };
}

/** `ENOTFOUND`, `ECONNREFUSED`, or what else an error says of itself. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const message = error.message.replace(/ \(os error \d+\)$/, "");
  return typeof code === "string" && !message.includes(code) ? `${message} (${code})` : message;
}

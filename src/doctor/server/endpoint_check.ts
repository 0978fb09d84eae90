import { addressScope } from "../../net/address_scope.ts";
import { type Connection, formatAddress } from "../../net/connection.ts";
import { openTunnel, type Proxy } from "../../net/http_proxy.ts";
import type { Check, Outcome, Remedy } from "../check.ts";
import { describeFailure } from "../reach.ts";
import type { BucketHost, BucketHosts, ServerSurvey } from "./server_survey.ts";

/** Milliseconds. */
const CONNECT_TIMEOUT = 3_000;
/** COS is on another continent, or the way there is bad: every small file takes some times as long. Milliseconds. */
const FAR = 300;
const ATTEMPTS = 3;

/** Whether a host can be connected to, by the way that requests to it go. */
interface Answer {
  readonly host: BucketHost;
  /** Milliseconds; undefined when it cannot. */
  readonly elapsed: number | undefined;
  readonly text: string;
}

export const bucketLatency: Check<ServerSurvey> = {
  id: "server.endpoint",
  title: "how far away COS is: the internal domain against the public one",
  mode: "online",
  async run(survey, { signal }) {
    return await Promise.all(survey.buckets.map(async (bucket): Promise<Outcome> => {
      const answers: Answer[] = [];
      // In turn: they would take each other's time.
      for (const host of bucket.hosts) answers.push(await ask(survey, host, signal));
      return outcomeOf(bucket, { answers, used: await usedOf(survey, bucket, answers, signal) });
    }));
  },
};

/** The host that serve takes: of several the nearer one if this machine itself, without a proxy, can connect to it. */
async function usedOf(
  survey: ServerSurvey,
  { network, hosts }: BucketHosts,
  answers: readonly Answer[],
  signal: AbortSignal,
): Promise<BucketHost> {
  const [first] = hosts;
  const last = hosts.at(-1)!;
  if (network !== "auto") return network === "internal" ? first : last;
  if (first === last) return first;
  const near = first.proxy
    ? await ask(survey, { ...first, proxy: undefined }, signal)
    : answers[0]!;
  return near.elapsed === undefined ? last : first;
}

/** Asks a few times: what else this machine does, other checks too, makes an answer late and never early. */
async function ask(survey: ServerSurvey, host: BucketHost, signal: AbortSignal): Promise<Answer> {
  let best = await askOnce(survey, host, signal);
  for (let times = 1; times < ATTEMPTS && best.elapsed !== undefined; times++) {
    const answer = await askOnce(survey, host, signal);
    if (answer.elapsed !== undefined && answer.elapsed < best.elapsed) best = answer;
  }
  return best;
}

async function askOnce(
  survey: ServerSurvey,
  host: BucketHost,
  signal: AbortSignal,
): Promise<Answer> {
  const { proxy } = host;
  const { hostname, port } = proxy?.address ?? host;
  const where = proxy ? `the proxy ${formatAddress(proxy.address)}` : formatAddress(host);
  const failed = (text: string) => ({ host, elapsed: undefined, text });
  let address: string;
  try {
    [address = hostname] = await survey.tools.resolve(hostname);
  } catch (error) {
    signal.throwIfAborted();
    return failed(`${where} does not resolve: ${(error as Error).message}`);
  }
  const { clock } = survey.tools;
  const start = clock.now();
  const connection = await survey.reach.connect({ hostname: address, port }, {
    timeout: CONNECT_TIMEOUT,
    signal,
  });
  if ("cause" in connection) {
    const failure = describeFailure(connection);
    return failed(address === hostname && !proxy ? failure : `${where}: ${failure}`);
  }
  using opened = connection;
  const refusal = proxy && host.secure && await tunnelFault(opened, { host, proxy, signal });
  if (refusal) return failed(refusal);
  const elapsed = clock.now() - start;
  const time = elapsed < 1 ? "in less than 1 ms" : `in ${elapsed} ms`;
  const text = proxy
    ? `${formatAddress(host)} through ${where} ${time}`
    : `${where} (${addressScope(address)}) ${time}`;
  return { host, elapsed, text };
}

/** Why the proxy at the other end of `connection` does not lead to `host`. */
async function tunnelFault(connection: Connection, { host, proxy, signal }: {
  host: BucketHost;
  proxy: Proxy;
  signal: AbortSignal;
}): Promise<string | undefined> {
  const patience = AbortSignal.timeout(CONNECT_TIMEOUT);
  const limit = AbortSignal.any([signal, patience]);
  const stop = () => connection.close();
  limit.addEventListener("abort", stop, { once: true });
  try {
    await openTunnel(connection, { proxy, target: host });
  } catch (error) {
    signal.throwIfAborted();
    if (!patience.aborted) return (error as Error).message;
    return `${formatAddress(host)} through the proxy ${formatAddress(proxy.address)}: ` +
      `no answer within ${CONNECT_TIMEOUT / 1_000} s`;
  } finally {
    limit.removeEventListener("abort", stop);
  }
}

function outcomeOf(
  { account, network }: BucketHosts,
  { answers, used }: { answers: readonly Answer[]; used: BucketHost },
): Outcome {
  const told = answers.map(({ host, text }) =>
    answers.length > 1 && host === used ? `${text} (used)` : text
  );
  const summary = `${account}: ${told.join("; ")}`;
  const { elapsed } = answers.find(({ host }) => host === used)!;
  const data = {
    used: formatAddress(used),
    hosts: answers.map(({ host, elapsed }) => ({
      host: formatAddress(host),
      proxy: host.proxy ? formatAddress(host.proxy.address) : null,
      milliseconds: elapsed ?? null,
    })),
  };
  if (elapsed === undefined) {
    const isOtherUp = network !== "auto" && answers.some(({ elapsed }) => elapsed !== undefined);
    return { status: "fail", summary, remedy: unreachable(used, isOtherUp), data };
  }
  if (elapsed < FAR) return { status: "pass", summary, data };
  return {
    status: "warn",
    summary,
    detail: `Every file takes a few round trips to COS, each as long as this`,
    remedy: {
      text:
        "Run cosftp in the bucket's region; if it does, look for what slows down outgoing connections",
    },
    data,
  };
}

function unreachable(used: BucketHost, isOtherUp: boolean): Remedy {
  if (used.proxy) {
    return {
      text: `Have the proxy let connections to ${
        formatAddress(used)
      } out, or exempt the host in no_proxy, where cosftp is started`,
    };
  }
  return {
    text: isOtherUp
      ? "Take the domain that answers: cos_network = auto"
      : "Look at name resolution and at the rules for outgoing connections; cosftp check-keys tells more",
  };
}

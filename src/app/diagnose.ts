import { lookup } from "node:dns/promises";
import { type Clock, systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Loaded } from "../config/load.ts";
import { CONFIGURATION_CHECKS } from "../doctor/configuration/configuration_checks.ts";
import type {
  ConfigurationSubject,
  FileFacts,
} from "../doctor/configuration/configuration_subject.ts";
import type { AccountSubject } from "../doctor/keys/account_subject.ts";
import { KEY_CHECKS } from "../doctor/keys/key_checks.ts";
import type { BucketHost, BucketHosts } from "../doctor/server/server_survey.ts";
import { type Dialer, systemDialer } from "../net/connection.ts";
import { HttpClient } from "../net/http_client.ts";
import { proxyChooser, type ProxySettings } from "../net/http_proxy.ts";
import { accountOpener, openStore } from "./open_account.ts";
import { type Endpoint, endpointsOf } from "../store/cos/endpoint.ts";
import { createLogger } from "../telemetry/log.ts";

export { CONFIGURATION_CHECKS, KEY_CHECKS };

/** What is looked at, and the means to look, which are given back when this is disposed of. */
export interface KeyDiagnosis extends Disposable {
  /** One for each account, named after it and its bucket. */
  readonly subjects: readonly { readonly name: string; readonly subject: AccountSubject }[];
}

/**
 * Makes ready what the checks of keys look at: the same store that the gateway would use, and the steps that it is made of.
 *
 * @param options.sample how many objects of each bucket are looked at.
 * @param options.dialer @default that of this machine
 * @param options.resolve @default that of this machine
 * @throws TypeError when a proxy setting cannot be used.
 */
export function diagnoseKeys(
  { accounts, limits }: Config,
  options: {
    proxy: ProxySettings;
    sample: number;
    dialer?: Dialer;
    resolve?: AccountSubject["resolve"];
    /** @default that of this machine */
    clock?: Clock;
  },
): KeyDiagnosis {
  const { proxy, sample, dialer = systemDialer, resolve = systemResolve } = options;
  const chooseProxy = proxyChooser(proxy);
  const { clock = systemClock } = options;
  const http = new HttpClient({ dialer, clock, proxy });
  const direct = new HttpClient({ dialer, clock });
  const log = createLogger({ level: "CRITICAL", sinks: [], clock });
  const subjects = accounts.map((account) => {
    const subject: AccountSubject = {
      account,
      endpoints: endpointsOf(account),
      endpointIn: (region) =>
        endpointsOf({ ...account, endpoint: undefined, region, network: "public" })[0],
      proxyOf: (endpoint) => chooseProxy(endpoint)?.address,
      store: openStore(account, { http, direct, dialer, clock, log }),
      http,
      dialer,
      resolve,
      clock,
      random: Math.random,
      resumes: limits.interruptedUpload === "resume",
      sample,
    };
    return { name: `${account.name} (${account.bucket})`, subject };
  });
  return {
    subjects,
    [Symbol.dispose]() {
      http[Symbol.dispose]();
      direct[Symbol.dispose]();
    },
  };
}

async function systemResolve(hostname: string): Promise<readonly string[]> {
  const addresses = await lookup(hostname, { all: true });
  return addresses.map(({ address }) => address);
}

/** Makes ready what the checks of a configuration look at: this machine's files and memory, and a gateway that is never started. */
export function diagnoseConfiguration(
  loaded: Loaded,
  { proxy, machineMemory }: { proxy: ProxySettings; machineMemory: number },
): ConfigurationSubject {
  return {
    loaded,
    readFile: Deno.readFileSync,
    stat: systemStat,
    certificate: loaded.config?.tls.files,
    build: (config) => buildGateway(config, proxy),
    machineMemory,
    clock: systemClock,
  };
}

/** @throws TypeError when a proxy setting cannot be used; RangeError when there is not memory enough. */
async function buildGateway(config: Config, proxy: ProxySettings): Promise<void> {
  using http = new HttpClient({ dialer: systemDialer, clock: systemClock, proxy });
  using direct = new HttpClient({ dialer: systemDialer, clock: systemClock });
  const log = createLogger({ level: "CRITICAL", sinks: [], clock: systemClock });
  await Promise.all(config.accounts.map(accountOpener(config, { http, direct, log })));
}

function systemStat(path: string): FileFacts | undefined {
  try {
    const { mode, isDirectory } = Deno.statSync(path);
    return { mode, isDirectory };
  } catch {
    return undefined;
  }
}

/**
 * Where each account's bucket is served: the internal domain and the public one, or the endpoint that it names.
 *
 * @throws TypeError when a proxy setting cannot be used.
 */
export function bucketHosts(config: Config, proxy: ProxySettings): readonly BucketHosts[] {
  const chooseProxy = proxyChooser(proxy);
  const toHost = ({ hostname, port, secure }: Endpoint): BucketHost => {
    return { hostname, port, secure, proxy: chooseProxy({ hostname, port, secure }) };
  };
  return config.accounts.map((account) => {
    const [first, ...others] = endpointsOf({ ...account, network: "auto" });
    return {
      account: account.name,
      network: account.network,
      hosts: [toHost(first), ...others.map(toHost)],
    };
  });
}

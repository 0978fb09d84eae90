import { lookup } from "node:dns/promises";
import type { Account } from "../accounts/account.ts";
import {
  type Authenticator,
  type Login,
  passwordAuthenticator,
} from "../accounts/authenticator.ts";
import { cosKeyAuthenticator } from "../accounts/cos_key_authenticator.ts";
import { LoginGuard } from "../accounts/login_guard.ts";
import { readPassword } from "../accounts/passwords.ts";
import { systemClock } from "../clock.ts";
import type { Config, LogConfig, UserConfig } from "../config/config.ts";
import { Masquerade, type Resolver } from "../ftp/data/masquerade.ts";
import { PortPool } from "../ftp/data/port_pool.ts";
import { LoginSlots } from "../ftp/login_slots.ts";
import { FtpServer } from "../ftp/server.ts";
import { ArrivalBarrier } from "../net/arrival_barrier.ts";
import {
  formatAddress,
  listen,
  type Listener,
  type SocketAddress,
  systemDialer,
} from "../net/connection.ts";
import type { CertificatePair } from "../net/certificate.ts";
import { HttpClient } from "../net/http_client.ts";
import { proxySettings } from "../net/http_proxy.ts";
import { ProxyProtocolListener } from "../net/proxy_protocol.ts";
import {
  certificateFiles,
  fixedCertificate,
  ServerCertificate,
} from "../net/server_certificate.ts";
import { loadSigning } from "../store/cos/signer.ts";
import { createLogger, type Logger, type LogSink } from "../telemetry/log.ts";
import { LogFile } from "../telemetry/log_file.ts";
import { sweepHourly } from "../vfs/upload_sweep.ts";
import { accountOpener, type OpenAccount } from "./open_account.ts";
import { openListener } from "./open_listener.ts";
import { StartError } from "./start_error.ts";
import { aborted, DISPENSABLE, type Surroundings } from "./surroundings.ts";

/**
 * Runs the gateway until it is interrupted; running transfers may then end.
 *
 * @param options.writesFiles whether this process writes files besides the log's. @default false
 * @param options.certificate in the place of the configuration's files.
 * @param options.onReady called when clients can connect.
 * @throws {StartError} when it cannot start.
 */
export async function serve(options: {
  config: Config;
  surroundings: Surroundings;
  writesFiles?: boolean;
  certificate?: CertificatePair;
  onReady?: (address: SocketAddress) => void;
}): Promise<void> {
  const { config, surroundings, writesFiles = false } = options;
  // Asked for before anybody is told that we serve: from here on Ctrl-C ends the gateway in good order.
  const { interrupted, killed } = surroundings;
  const { limits, network } = config;
  using journal = openLog(config.log, surroundings);
  const { log } = journal;
  using http = new HttpClient({
    dialer: systemDialer,
    clock: systemClock,
    proxy: proxySettings(surroundings.env),
  });
  // The metadata service of a machine is not reached through a proxy.
  using direct = new HttpClient({ dialer: systemDialer, clock: systemClock });
  using masquerade = await startMasquerade(config, log);
  const open = accountOpener(config, { http, direct, log });
  const accounts = await Promise.all(config.accounts.map(open));
  const logins = config.accounts.flatMap(({ users }, index) =>
    users.map((user) => loginOf(user, accounts[index]!))
  );
  const behindProxies = (listener: Listener): Listener =>
    network.proxyProtocolFrom.length === 0 ? listener : new ProxyProtocolListener(listener, {
      from: network.proxyProtocolFrom,
      clock: systemClock,
      log,
    });
  using listener = behindProxies(openListener({
    hostname: network.listenAddress,
    port: network.listenPort,
  }));
  using certificate = await openCertificate(config, { certificate: options.certificate, log });
  using implicitTls = config.tls.implicitPort === undefined
    ? undefined
    : behindProxies(openListener({
      hostname: network.listenAddress,
      port: config.tls.implicitPort,
    }));
  using arrivals = await ArrivalBarrier.open();
  await loadSigning();
  const writes = writesFiles || config.log.toFile;
  const remaining = surroundings.giveUp(writes ? DISPENSABLE : [...DISPENSABLE, "write"]);
  log.debug("Permissions that are left, each as a whole", { permissions: remaining.join(" ") });
  const server = new FtpServer(listener, {
    implicitTls,
    limits: { ...config.login, maxConnections: limits.maxConnectionNum },
    services: {
      ...limits,
      authenticator: authenticatorOf(config, { logins, open }),
      guard: new LoginGuard({ ...config.login.guard, clock: systemClock, log }),
      clock: systemClock,
      random: Math.random,
      dialer: systemDialer,
      arrivals,
      log,
      ports: new PortPool({
        ...network.passivePorts,
        listen: (address) => behindProxies(listen(address)),
      }),
      masquerade,
      dataPeer: network.dataPeer,
      logins: new LoginSlots(limits.maxLoginNum),
      tls: certificate && { ...config.tls, certificate },
    },
  });
  const { first, last } = network.passivePorts;
  log.info("cosftp serves FTP", {
    listen: formatAddress(listener.address),
    passive: `${first}-${last}`,
    masquerade: masquerade?.address ?? "none",
    tls: certificate ? config.tls.required : "none",
    implicitTls: implicitTls && formatAddress(implicitTls.address),
    accounts: config.accounts.map(({ name, bucket }) => `${name}=${bucket}`).join(" "),
  });
  for (const { name, users } of config.accounts) {
    if (users.every(({ password }) => password !== undefined)) continue;
    log.warning("Everybody may log in to an account, without a password", { account: name });
  }
  if (config.login.cosKeyAccount && config.tls.required === "no") {
    log.warning("SecretKeys are taken as passwords in clear text too: tls_required is no");
  }
  options.onReady?.(listener.address);
  const checking = checkBuckets(accounts, { log, signal: interrupted });
  await using _sweeping = sweepHourly(
    accounts.filter(({ authority }) => authority.write).map(({ transfers }) => transfers.records),
    { window: limits.resumeWindow },
  );
  await aborted(interrupted);
  log.info("Stopping: running transfers may end", { sessions: server.sessions });
  const stopped = Promise.all([server.shutDown(limits.drainTimeout), checking]);
  await Promise.race([stopped, aborted(killed)]);
  log.info("Stopped");
}

function openLog(config: LogConfig, { err }: Surroundings): { log: Logger } & Disposable {
  const { level } = config;
  const stderr: LogSink = { write: (line) => err(line) };
  if (!config.toFile) {
    const log = createLogger({ level, sinks: [stderr], clock: systemClock });
    return { log, [Symbol.dispose]() {} };
  }
  const file = new LogFile({
    directory: config.dir,
    rotateSize: config.rotateSize,
    backupCount: config.backupCount,
    clock: systemClock,
    trouble: createLogger({ level, sinks: [stderr], clock: systemClock }),
  });
  const log = createLogger({ level, sinks: [stderr, file], clock: systemClock });
  return { log, [Symbol.dispose]: () => file[Symbol.dispose]() };
}

function authenticatorOf(
  { login }: Config,
  { logins, open }: { logins: readonly Login[]; open: OpenAccount },
): Authenticator {
  const { cosKeyAccount } = login;
  const others = passwordAuthenticator(logins);
  if (!cosKeyAccount) return others;
  return cosKeyAuthenticator({
    open: ({ name, bucket, secretId, secretKey }) => {
      const keys = { secretId, secretKey, token: undefined };
      const credentials = { from: "configuration", ...keys } as const;
      return open({ ...cosKeyAccount, users: [], name, bucket, credentials });
    },
    others,
    clock: systemClock,
  });
}

function loginOf({ name, password }: UserConfig, account: Account): Login {
  return { name, account, password: password === undefined ? "any" : readPassword(password) };
}

/** @throws {StartError} */
async function openCertificate(
  { tls: { files } }: Config,
  { certificate, log }: { certificate: CertificatePair | undefined; log: Logger },
): Promise<ServerCertificate | undefined> {
  const source = certificate ? fixedCertificate(certificate) : files && certificateFiles(files);
  if (!source) return undefined;
  try {
    return await ServerCertificate.open({ source, clock: systemClock, log });
  } catch (error) {
    const message = `Cannot use the certificate: ${(error as Error).message}`;
    throw new StartError(message, { cause: error });
  }
}

/** Says which buckets cannot be used now. Never throws: they may come back, and the gateway serves the others. */
async function checkBuckets(
  accounts: readonly Account[],
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  await Promise.all(accounts.map(async ({ name, bucket, keyPrefix, transfers }) => {
    try {
      await transfers.store.list({ prefix: keyPrefix, limit: 1, signal });
      log.info("The bucket answers", { account: name, bucket });
    } catch (error) {
      if (signal.aborted) return;
      log.warning("The bucket cannot be listed now", {
        account: name,
        bucket,
        error: (error as Error).message,
      });
    }
  }));
}

const systemResolver: Resolver = async (name) =>
  (await lookup(name, { family: 4, all: true })).map(({ address }) => address);

async function startMasquerade(
  { network }: Config,
  log: Logger,
): Promise<Masquerade | undefined> {
  if (network.masqueradeAddress === undefined) return undefined;
  try {
    return await Masquerade.start({
      name: network.masqueradeAddress,
      except: network.masqueradeExcept,
      resolve: systemResolver,
      clock: systemClock,
      log,
    });
  } catch (error) {
    throw new StartError((error as Error).message, { cause: error });
  }
}

import { lookup } from "node:dns/promises";
import { type Login, passwordAuthenticator } from "./accounts/authenticator.ts";
import { staticCredentials } from "./accounts/credentials.ts";
import { gb18030, utf8 } from "./accounts/name_encoding.ts";
import { readPassword } from "./accounts/passwords.ts";
import { PartMemory } from "./checksum/part_memory.ts";
import { systemClock } from "./clock.ts";
import type { Config, LogConfig } from "./config/config.ts";
import { largestPart } from "./config/part_limits.ts";
import { type Emulator, startEmulator } from "./emulator/emulator.ts";
import { Masquerade, type Resolver } from "./ftp/data/masquerade.ts";
import { PortPool } from "./ftp/data/port_pool.ts";
import { LoginSlots } from "./ftp/login_slots.ts";
import { FtpServer } from "./ftp/server.ts";
import { ArrivalBarrier } from "./net/arrival_barrier.ts";
import {
  formatAddress,
  listen,
  type Listener,
  type SocketAddress,
  systemDialer,
} from "./net/connection.ts";
import { HttpClient } from "./net/http_client.ts";
import type { ProxySettings } from "./net/http_proxy.ts";
import { createCosStore } from "./store/cos/create.ts";
import { endpointsOf } from "./store/cos/endpoint.ts";
import { createLogger, type Logger, type LogLevel, type LogSink } from "./telemetry/log.ts";
import { LogFile } from "./telemetry/log_file.ts";
import { FileTimes } from "./vfs/file_times.ts";
import { SlicePool } from "./vfs/slice_pool.ts";
import { UploadRecords } from "./vfs/upload_records.ts";
import { sweepHourly } from "./vfs/upload_sweep.ts";

/** What a long-lived job needs of the process it runs in; a terminal has it. */
export interface Surroundings {
  /** Writes messages for people. Never throws. */
  err(text: string): void;
  /** Aborts when the job is to end in good order. */
  readonly interrupted: AbortSignal;
  /** Aborts when it is to end at once. */
  readonly killed: AbortSignal;
  readonly env: { get(name: string): string | undefined };
}

/** A job cannot start. The message is one clear line for the operator. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * Runs the gateway until it is interrupted; running transfers may then end.
 *
 * @param options.onReady called when clients can connect.
 * @throws {StartError} when it cannot start.
 */
export async function serve(options: {
  config: Config;
  surroundings: Surroundings;
  onReady?: (address: SocketAddress) => void;
}): Promise<void> {
  const { config, surroundings } = options;
  // Asked for before anybody is told that we serve: from here on Ctrl-C ends the gateway in good order.
  const { interrupted, killed } = surroundings;
  const { limits, network } = config;
  using journal = openLog(config.log, surroundings);
  const { log } = journal;
  using http = new HttpClient({
    dialer: systemDialer,
    clock: systemClock,
    proxy: proxyOf(surroundings),
  });
  using masquerade = await startMasquerade(config, log);
  const logins = await openAccounts(config, { http, log });
  using listener = openListener({
    hostname: network.listenAddress,
    port: network.listenPort,
  });
  using arrivals = await ArrivalBarrier.open();
  const server = new FtpServer(listener, {
    maxConnections: limits.maxConnectionNum,
    services: {
      ...limits,
      authenticator: passwordAuthenticator(logins),
      clock: systemClock,
      random: Math.random,
      dialer: systemDialer,
      arrivals,
      log,
      ports: new PortPool({ ...network.passivePorts, random: Math.random }),
      masquerade,
      dataPeer: network.dataPeer,
      logins: new LoginSlots(limits.maxLoginNum),
    },
  });
  const { first, last } = network.passivePorts;
  log.info("cosftp serves FTP", {
    listen: formatAddress(listener.address),
    passive: `${first}-${last}`,
    masquerade: masquerade?.address ?? "none",
    accounts: config.accounts.map(({ name, bucket }) => `${name}=${bucket}`).join(" "),
  });
  options.onReady?.(listener.address);
  const checking = checkBuckets(logins, { log, signal: interrupted });
  await using _sweeping = sweepHourly(
    logins.filter(({ account }) => account.authority.write)
      .map(({ account }) => account.transfers.records),
    { window: limits.resumeWindow },
  );
  await aborted(interrupted);
  log.info("Stopping: running transfers may end", { sessions: server.sessions });
  const stopped = Promise.all([server.shutDown(limits.drainTimeout), checking]);
  await Promise.race([stopped, aborted(killed)]);
  log.info("Stopped");
}

/**
 * Runs the embedded COS server until it is interrupted.
 *
 * @throws {StartError} when it cannot start.
 */
export async function runEmulator(options: {
  listen: SocketAddress;
  buckets: readonly string[];
  secretId: string;
  secretKey: string;
  dataDir: string | undefined;
  /** Milliseconds. */
  latency: number;
  logLevel: LogLevel;
  surroundings: Surroundings;
  /** Called when requests can come. */
  onReady: (address: SocketAddress) => void;
}): Promise<void> {
  const { surroundings } = options;
  const { interrupted } = surroundings;
  const log = createLogger({
    level: options.logLevel,
    sinks: [{ write: (line) => surroundings.err(line) }],
    clock: systemClock,
  });
  await using emulator = await openEmulator({ ...options, log });
  options.onReady(emulator.address);
  await aborted(interrupted);
}

/**
 * Runs the gateway on an embedded COS server of its own.
 *
 * @param options.dir where the bucket is kept; undefined: in memory.
 * @param options.configure makes the configuration, given where the embedded server listens and its keys.
 * @throws {StartError} when it cannot start.
 */
export async function serveDemo(options: {
  bucket: string;
  dir: string | undefined;
  configure: (cos: { endpoint: string; secretId: string; secretKey: string }) => Config;
  surroundings: Surroundings;
  onReady: (address: SocketAddress) => void;
}): Promise<void> {
  const { bucket, dir, configure, surroundings, onReady } = options;
  // Nobody but this process is to use it, although it listens on loopback.
  const keys = { secretId: crypto.randomUUID(), secretKey: crypto.randomUUID() };
  const log = createLogger({
    level: "WARNING",
    sinks: [{ write: (line) => surroundings.err(line) }],
    clock: systemClock,
  });
  await using emulator = await openEmulator({
    listen: { hostname: "127.0.0.1", port: 0 },
    buckets: [bucket],
    ...keys,
    dataDir: dir,
    latency: 0,
    log,
  });
  const config = configure({ endpoint: formatAddress(emulator.address), ...keys });
  await serve({ config, surroundings, onReady });
}

async function openEmulator(options: {
  listen: SocketAddress;
  buckets: readonly string[];
  secretId: string;
  secretKey: string;
  dataDir: string | undefined;
  latency: number;
  log: Logger;
}): Promise<Emulator> {
  const { secretId, secretKey, log: logger } = options;
  const listener = openListener(options.listen);
  try {
    return await startEmulator({
      ...options,
      listener,
      credentials: [{ secretId, secretKey }],
      clock: systemClock,
      logger,
    });
  } catch (error) {
    listener.close();
    throw new StartError((error as Error).message, { cause: error });
  }
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

/** The accounts, each with the store of its bucket. One memory serves the uploads of all. */
async function openAccounts(
  config: Config,
  { http, log }: { http: HttpClient; log: Logger },
): Promise<Login[]> {
  const { limits, clusterName: cluster = Deno.hostname() } = config;
  const { uploadMemoryMax: memory, uploadThreadNum: threads } = limits;
  const pool = new SlicePool(new PartMemory({ bytes: memory }));
  const plan = {
    minPartSize: limits.minPartSize,
    maxPartSize: largestPart({ memory, threads }),
    maxFileSize: limits.singleFileMaxSize,
  };
  return await Promise.all(config.accounts.map(async (account) => {
    const { name, password, secretId, secretKey, token } = account;
    const store = createCosStore({
      location: account,
      credentials: staticCredentials({ secretId, secretKey, token }),
      http,
      dialer: systemDialer,
      clock: systemClock,
      random: Math.random,
      log: log.with({ account: name, bucket: account.bucket }),
    });
    const contentMd5 = account.protocol === "http";
    const records = new UploadRecords({
      store,
      keyPrefix: account.keyPrefix,
      account: name,
      cluster,
      interrupted: limits.interruptedUpload,
      clock: systemClock,
      log,
    });
    const headers = { storageClass: account.storageClass, encryption: account.encryption };
    return {
      password: readPassword(password),
      account: {
        ...account,
        nameEncoding: account.pathEncoding === "gb18030" ? await gb18030() : utf8,
        times: account.preserveMtime ? new FileTimes(store) : undefined,
        transfers: { store, records, pool, plan, threads, headers, contentMd5, log },
      },
    };
  }));
}

/** Where each account's bucket is served: the internal domain and the public one, or the endpoint that it names. */
export function bucketHosts(
  config: Config,
): readonly { account: string; hosts: readonly SocketAddress[] }[] {
  return config.accounts.map((account) => ({
    account: account.name,
    hosts: endpointsOf({ ...account, network: "auto" }),
  }));
}

/** Says which buckets cannot be used now. Never throws: they may come back, and the gateway serves the others. */
async function checkBuckets(
  logins: readonly Login[],
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  await Promise.all(logins.map(async ({ account: { name, bucket, keyPrefix, transfers } }) => {
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

/** @throws {StartError} */
function openListener(address: SocketAddress): Listener {
  try {
    return listen(address);
  } catch (cause) {
    const where = formatAddress(address);
    throw new StartError(`Cannot listen on ${where}: ${listenProblem(cause)}`, { cause });
  }
}

function listenProblem(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "the port is taken, stop the other program or choose another port with --listen";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address, use 0.0.0.0 for all of its addresses";
  }
  return (error as Error).message;
}

function proxyOf({ env }: Surroundings): ProxySettings {
  return {
    http: env.get("http_proxy"),
    https: env.get("https_proxy") ?? env.get("HTTPS_PROXY"),
    noProxy: env.get("no_proxy") ?? env.get("NO_PROXY"),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

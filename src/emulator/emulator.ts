import type { Clock } from "../clock.ts";
import type { Listener, SocketAddress } from "../net/connection.ts";
import type { IncomingRequest } from "../net/http_server.ts";
import { HttpServer } from "../net/http_server.ts";
import type { Logger } from "../telemetry/log.ts";
import { checkBucketName } from "./api/bucket_operations.ts";
import type { Credential } from "./api/signature.ts";
import { Faults } from "./faults.ts";
import { handle } from "./handle.ts";
import { Storage } from "./storage/storage.ts";
import { Traffic } from "./traffic.ts";

export interface EmulatorOptions {
  /** Where requests come in; closed with the emulator, and when it cannot be started. */
  readonly listener: Listener;
  /** Buckets that are there from the start, `examplebucket-1250000000`. */
  readonly buckets: readonly string[];
  /** Where the buckets are: at another region's host there are none. @default everywhere */
  readonly region?: string;
  /** Who may sign requests; everyone may do everything. Looked at for each request: keys may come, end and go meanwhile. */
  readonly credentials: readonly Credential[];
  /** Where everything is kept, safe from crashes. @default in memory */
  readonly dataDir?: string;
  /** Milliseconds that every request waits before it takes effect. @default 0 */
  readonly latency?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A running COS-compatible server. */
export interface Emulator extends AsyncDisposable {
  readonly address: SocketAddress;
  readonly faults: Faults;
  readonly traffic: Traffic;
  /** Closes every connection at once. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a COS-compatible server; README.md says what it can.
 *
 * @throws Error when the data directory cannot be used; CosError for an impossible bucket name.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { listener, clock, logger } = options;
  let storage: Storage;
  try {
    storage = await openStorage(options);
  } catch (error) {
    listener.close();
    throw error;
  }
  const faults = new Faults();
  const traffic = new Traffic();
  const context = { ...options, storage, faults, traffic };
  const handler = (request: IncomingRequest) => handle(request, context);
  const server = new HttpServer({ listener, handler, clock, logger });
  let closed: Promise<void> | undefined;
  const close = () =>
    closed ??= server[Symbol.asyncDispose]().finally(() => storage[Symbol.asyncDispose]());
  return { address: listener.address, faults, traffic, close, [Symbol.asyncDispose]: close };
}

async function openStorage(
  { buckets, dataDir, clock, logger }: EmulatorOptions,
): Promise<Storage> {
  buckets.forEach(checkBucketName);
  const storage = await Storage.open(dataDir, logger);
  for (const bucket of new Set(buckets)) {
    if (storage.buckets.has(bucket)) continue;
    storage.apply({ type: "create-bucket", bucket, created: clock.now() });
  }
  return storage;
}

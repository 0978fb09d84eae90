import { createHash } from "node:crypto";
import { staticCredentials } from "../../src/accounts/credentials.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { Faults } from "../../src/emulator/faults.ts";
import type { Traffic } from "../../src/emulator/traffic.ts";
import { formatAddress, listen, systemDialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import { type ObjectInfo, type ObjectStore, uninterrupted } from "../../src/store/object_store.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { type Digests, digests } from "./file_tree.ts";

/** Of every bucket. */
export const KEYS = { secretId: "AKIDexample", secretKey: "secretOfTheTests" };
const NAME = "examplebucket-1250000000";

/** Operations that can be held. */
type Operation = Parameters<Traffic["begun"]>[0];

/** A bucket on an emulator in the test's own process: where tests look what clients have really done. */
export class Bucket implements AsyncDisposable {
  readonly name = NAME;
  readonly keys = KEYS;
  /** `127.0.0.1:9000`, for `cos_endpoint`. */
  readonly endpoint: string;
  readonly faults: Faults;
  readonly traffic: Traffic;
  readonly #resources: AsyncDisposableStack;
  readonly #store: ObjectStore;
  readonly #gate: Gate;

  private constructor(options: {
    resources: AsyncDisposableStack;
    emulator: Awaited<ReturnType<typeof startEmulator>>;
    store: ObjectStore;
    gate: Gate;
  }) {
    const { emulator } = options;
    this.endpoint = formatAddress(emulator.address);
    this.faults = emulator.faults;
    this.traffic = emulator.traffic;
    this.#resources = options.resources;
    this.#store = options.store;
    this.#gate = options.gate;
  }

  static async start(): Promise<Bucket> {
    await using resources = new AsyncDisposableStack();
    const gate = new Gate();
    const log = createLogger({ level: "CRITICAL", sinks: [], clock: systemClock });
    const emulator = resources.use(
      await startEmulator({
        listener: listen({ hostname: "127.0.0.1", port: 0 }),
        buckets: [NAME],
        credentials: [KEYS],
        clock: gate,
        logger: log,
      }),
    );
    const http = resources.use(new HttpClient({ dialer: systemDialer, clock: systemClock }));
    const store = createCosStore({
      location: {
        bucket: NAME,
        endpoint: formatAddress(emulator.address),
        region: undefined,
        protocol: "http",
        network: "public",
      },
      credentials: staticCredentials({ ...KEYS, token: undefined }),
      http,
      dialer: systemDialer,
      clock: systemClock,
      random: Math.random,
      log,
    });
    return new Bucket({ resources: resources.move(), emulator, store, gate });
  }

  put(key: string, bytes: Uint8Array): Promise<unknown> {
    return this.#store.put(key, [bytes], uninterrupted());
  }

  /** @throws {StoreError} `not-found`. */
  head(key: string): Promise<ObjectInfo> {
    return this.#store.head(key, uninterrupted());
  }

  /** The SHA-256 of an object. @throws {StoreError} `not-found`. */
  async sha256(key: string): Promise<string> {
    using body = await this.#store.get(key, uninterrupted());
    const hash = createHash("sha256");
    const buffer = new Uint8Array(1024 * 1024);
    for (;;) {
      const count = await body.read(buffer);
      if (count === null) return hash.digest("hex");
      hash.update(buffer.subarray(0, count));
    }
  }

  /** All objects; markers of directories that hold anything are left out. */
  async digests(): Promise<Digests> {
    const found: [string, string][] = [];
    for await (const key of this.#keys()) found.push([key, await this.sha256(key)]);
    return digests(found);
  }

  /** The keys of multipart uploads that were begun and neither completed nor aborted. */
  async pendingUploads(): Promise<string[]> {
    const pending = await this.#store.listUploads({ prefix: "", ...uninterrupted() });
    return pending.map(({ key }) => key);
  }

  /** How often an object was to be stored since the start. */
  get stores(): number {
    return this.traffic.count("PutObject").begun +
      this.traffic.count("CompleteMultipartUpload").begun;
  }

  /**
   * Lets requests of `operation` arrive, but not take effect until the result is disposed of.
   *
   * @param skip how many are not held.
   */
  hold(operation: Operation, skip = 0): Disposable {
    const latency = { kind: "latency", milliseconds: 1 } as const;
    const fault = this.faults.add({ operation, skip, fault: latency });
    return {
      [Symbol.dispose]: () => {
        fault[Symbol.dispose]();
        this.#gate.open();
      },
    };
  }

  async *#keys(): AsyncGenerator<string> {
    let marker: string | undefined;
    do {
      const page = await this.#store.list({ prefix: "", marker, ...uninterrupted() });
      for (const { key } of page.objects) yield key;
      marker = page.nextMarker;
    } while (marker !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}

/** The emulator's clock: it shows the time, and what waits for time waits for {@linkcode Gate.open}. */
class Gate implements Clock {
  readonly #waiting = new Set<() => void>();

  now(): number {
    return Date.now();
  }

  schedule(_milliseconds: number, callback: () => void): Disposable {
    this.#waiting.add(callback);
    return { [Symbol.dispose]: () => void this.#waiting.delete(callback) };
  }

  open(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of waiting) callback();
  }
}

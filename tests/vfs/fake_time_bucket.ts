import { staticCredentials } from "../../src/accounts/credentials.ts";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { formatAddress, listen, systemDialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import { type ObjectStore, uninterrupted } from "../../src/store/object_store.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";

const NAME = "examplebucket-1250000000";
const KEYS = { secretId: "id", secretKey: "key", token: undefined };

/** A bucket on an emulator whose time, like that of its client, is turned by hand. */
export class FakeTimeBucket implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly log = new MemoryLog();
  readonly emulator: Emulator;
  readonly store: ObjectStore;
  readonly #http: HttpClient;

  private constructor(clock: FakeClock, emulator: Emulator) {
    this.clock = clock;
    this.emulator = emulator;
    this.#http = new HttpClient({ dialer: systemDialer, clock: new FakeClock() });
    this.store = createCosStore({
      location: {
        bucket: NAME,
        region: undefined,
        endpoint: formatAddress(emulator.address),
        protocol: "http",
        network: "public",
      },
      credentials: staticCredentials(KEYS),
      http: this.#http,
      dialer: systemDialer,
      clock,
      random: () => 0,
      log: this.log,
    });
  }

  static async start(): Promise<FakeTimeBucket> {
    const clock = new FakeClock();
    const emulator = await startEmulator({
      listener: listen({ hostname: "127.0.0.1", port: 0 }),
      buckets: [NAME],
      credentials: [KEYS],
      clock,
      logger: new MemoryLog(),
    });
    return new FakeTimeBucket(clock, emulator);
  }

  /** Begins an upload of `key` with so many parts. @returns its UploadId. */
  async begin(key: string, parts = 0): Promise<string> {
    const uploadId = await this.store.initiateUpload(key, uninterrupted());
    for (let partNumber = 1; partNumber <= parts; partNumber++) {
      const bytes = new Uint8Array(partNumber);
      await this.store.uploadPart({ key, uploadId, partNumber }, [bytes], uninterrupted());
    }
    return uploadId;
  }

  /** The UploadIds of all unfinished uploads. */
  async uploads(): Promise<string[]> {
    const uploads = await this.store.listUploads({ prefix: "", ...uninterrupted() });
    return uploads.map(({ uploadId }) => uploadId);
  }

  /** All keys. */
  async keys(): Promise<string[]> {
    const { objects } = await this.store.list({ prefix: "", ...uninterrupted() });
    return objects.map(({ key }) => key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http[Symbol.dispose]();
    await this.emulator.close();
  }
}

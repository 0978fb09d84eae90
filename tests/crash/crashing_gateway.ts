import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { staticCredentials } from "../../src/accounts/credentials.ts";
import { systemClock } from "../../src/clock.ts";
import { systemDialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import { type ObjectStore, uninterrupted } from "../../src/store/object_store.ts";
import { UploadRecords } from "../../src/vfs/upload_records.ts";
import { sweepUploads } from "../../src/vfs/upload_sweep.ts";
import { GatewayProcess } from "../clients/gateway_process.ts";
import { FakeClock } from "../fake_clock.ts";
import { freePorts } from "../ftp/free_ports.ts";
import { FtpPeer, sendAll } from "../ftp/ftp_peer.ts";
import { MemoryLog } from "../memory_log.ts";
import { laterStore } from "../vfs/later_store.ts";

const BUCKET = "examplebucket-1250000000";
const KEYS = { secretId: "AKIDemulator", secretKey: "emulator", token: undefined };
const CLUSTER = "crashing";

export const PART_SIZE = 1024 * 1024;

/** Milliseconds that COS takes for each answer: long enough to be killed while it is awaited. */
const LATENCY = 5;

/** The `resume_window`: short, so that gateways sweep what those before them left. Milliseconds. */
const WINDOW = 1_000;

/** How the gateways and the emulator are set up. */
export interface CrashOptions {
  readonly latency?: number;
  /** `min_part_size`. Bytes. @default PART_SIZE */
  readonly partSize?: number;
  /** `resume_window`. Milliseconds. @default a second */
  readonly window?: number;
}

const DAY = 24 * 60 * 60_000;

/** The objects of a bucket, by key. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** A gateway and the emulator, each a process of its own; the gateway is killed again and again, the bucket stays. */
export class CrashingGateway implements AsyncDisposable {
  readonly store: ObjectStore;
  readonly #resources: AsyncDisposableStack;
  readonly #configuration: string;
  #process: GatewayProcess;
  #port = 0;
  #said = "";

  private constructor(options: {
    store: ObjectStore;
    resources: AsyncDisposableStack;
    configuration: string;
  }) {
    this.store = options.store;
    this.#resources = options.resources;
    this.#configuration = options.configuration;
    this.#process = this.#start();
  }

  /** @param options.latency of COS, milliseconds. @default 5, long enough to be killed while an answer is awaited */
  static async start(options: CrashOptions = {}): Promise<CrashingGateway> {
    const { latency = LATENCY } = options;
    await using resources = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "cosftp-crash-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    const flags = ["--listen", "127.0.0.1:0", "--data-dir", `${folder}/cos`];
    const emulator = resources.use(
      new GatewayProcess(["emulator", ...flags, "--latency", `${latency}`]),
    );
    const [, endpoint] = await emulator.said(/COS emulator: http:\/\/([\d.:]+)/);
    const http = resources.use(new HttpClient({ dialer: systemDialer, clock: systemClock }));
    const location = {
      bucket: BUCKET,
      region: undefined,
      endpoint,
      protocol: "http",
      network: "public",
    } as const;
    const store = createCosStore({
      location,
      credentials: staticCredentials(KEYS),
      http,
      dialer: systemDialer,
      clock: systemClock,
      random: Math.random,
      log: new MemoryLog(),
    });
    const configuration = `${folder}/vsftpd.conf`;
    await Deno.writeTextFile(configuration, configurationText(endpoint!, options));
    const gateway = new CrashingGateway({
      store,
      resources: resources.move(),
      configuration,
    });
    await gateway.#isReady();
    return gateway;
  }

  /** Another gateway with the same configuration; it must be disposed of before this one. */
  async another(): Promise<CrashingGateway> {
    const { store } = this;
    const resources = new AsyncDisposableStack();
    const gateway = new CrashingGateway({ store, resources, configuration: this.#configuration });
    await gateway.#isReady();
    return gateway;
  }

  /** All that the gateways have said. */
  get said(): string {
    return this.#said + this.#process.stderr;
  }

  /** A session of the account, in TYPE I. */
  async logIn(): Promise<FtpPeer> {
    const peer = await FtpPeer.connect({ hostname: "127.0.0.1", port: this.#port });
    await peer.expect(220);
    await peer.logIn("demo", "secret");
    return peer;
  }

  /** Kills the gateway for good. */
  async kill(): Promise<void> {
    await this.#process.crash();
  }

  /** Kills the gateway and starts another one. */
  async crash(): Promise<void> {
    await this.kill();
    this.#said += this.#process.stderr;
    this.#process = this.#start();
    await this.#isReady();
  }

  /** Puts an object. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.store.put(key, [bytes], uninterrupted());
  }

  /** All objects but records of uploads. */
  async files(): Promise<Files> {
    const { objects } = await this.store.list({ prefix: "", ...uninterrupted() });
    const keys = objects.map(({ key }) => key).filter((key) => !key.startsWith(".cosftp/"));
    const contents = keys.map(async (key) => [key, await this.#read(key)] as const);
    return Object.fromEntries(await Promise.all(contents));
  }

  /** The UploadIds of all unfinished uploads. */
  async uploads(): Promise<string[]> {
    const uploads = await this.store.listUploads({ prefix: "", ...uninterrupted() });
    return uploads.map(({ uploadId }) => uploadId);
  }

  /** Sweeps as another gateway of the cluster would do some time later. @returns what is left: UploadIds and keys of records. */
  async sweep(): Promise<string[]> {
    const records = this.#records(laterStore(this.store, 2 * DAY));
    await sweepUploads(records, { window: DAY, ...uninterrupted() });
    return await this.left();
  }

  /** What is left of uploads: UploadIds and keys of records. */
  async left(): Promise<string[]> {
    const { prefix } = this.#records(this.store);
    const { objects } = await this.store.list({ prefix, ...uninterrupted() });
    return [...await this.uploads(), ...objects.map(({ key }) => key)];
  }

  #records(store: ObjectStore): UploadRecords {
    return new UploadRecords({
      store,
      keyPrefix: "",
      account: "other",
      cluster: CLUSTER,
      interrupted: "resume",
      clock: new FakeClock(),
      log: new MemoryLog(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#process[Symbol.asyncDispose]();
    } finally {
      await this.#resources.disposeAsync();
    }
  }

  #start(): GatewayProcess {
    return new GatewayProcess(["serve", "--config", this.#configuration]);
  }

  async #isReady(): Promise<void> {
    const [, port] = await this.#process.said(/cosftp serves FTP listen=127\.0\.0\.1:(\d+)/);
    this.#port = Number(port);
  }

  async #read(key: string): Promise<Uint8Array> {
    using body = await this.store.get(key, uninterrupted());
    const bytes = new Uint8Array(body.length);
    for (let at = 0; at < bytes.length;) at += (await body.read(bytes.subarray(at)))!;
    return bytes;
  }
}

function configurationText(
  endpoint: string,
  { partSize = PART_SIZE, window = WINDOW }: CrashOptions,
): string {
  const { first, last } = freePorts(50);
  return `
[COS_ACCOUNT_0]
cos_secretid = ${KEYS.secretId}
cos_secretkey = ${KEYS.secretKey}
cos_bucket = ${BUCKET}
cos_endpoint = ${endpoint}
cos_protocol = http
ftp_login_user_name = demo
ftp_login_user_password = secret
[NETWORK]
listen_address = 127.0.0.1
listen_port = 0
passive_port = ${first}-${last}
[OPTIONAL]
min_part_size = ${partSize}
cluster_name = ${CLUSTER}
resume_window = ${window / 1000}s
log_file_enabled = false
`;
}

/** Stores by `line`. @returns the last reply's code. @throws when the gateway was killed. */
export async function store(peer: FtpPeer, line: string, bytes: Uint8Array): Promise<number> {
  using data = await peer.openData();
  await peer.ask(line, 150);
  await sendAll(data, bytes);
  data.close();
  return (await peer.reply()).code;
}

export async function rename(peer: FtpPeer, from: string, to: string): Promise<number> {
  await peer.ask(`RNFR ${from}`, 350);
  return (await peer.command(`RNTO ${to}`)).code;
}

/**
 * Does the same in so many rounds, and kills the gateway in the midst of each, at a moment that chance chooses.
 *
 * @param round.act what is done, in a session; @returns the last reply's code.
 * @param round.check looks at the bucket after the kill, and is told the code, if the client heard one.
 */
export async function killInEach(
  gateway: CrashingGateway,
  { rounds, random, prepare, act, check }: {
    rounds: number;
    random: () => number;
    prepare: (round: number) => Promise<void>;
    act: (peer: FtpPeer, round: number) => Promise<number>;
    check: (round: number, code: number | undefined) => Promise<void>;
  },
): Promise<void> {
  await prepare(0);
  const duration = await undisturbed(gateway, (peer) => act(peer, 0));
  for (let round = 1; round <= rounds; round++) {
    await prepare(round);
    using peer = await gateway.logIn();
    const acting = act(peer, round).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, random() * duration));
    await gateway.crash();
    try {
      await check(round, await acting);
    } catch (error) {
      const last = gateway.said.split("\n").slice(-40).join("\n");
      throw new Error(`In round ${round}; the gateways said last:\n${last}`, { cause: error });
    }
  }
}

/** How long it takes when nobody is killed. Milliseconds. */
async function undisturbed(
  gateway: CrashingGateway,
  act: (peer: FtpPeer) => Promise<number>,
): Promise<number> {
  using peer = await gateway.logIn();
  const begin = performance.now();
  const code = await act(peer);
  assert.ok(code < 300, `${code}`);
  return performance.now() - begin;
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (!a || !b) return a === b;
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(b);
}

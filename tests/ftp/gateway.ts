import assert from "node:assert/strict";
import { passwordAuthenticator } from "../../src/accounts/authenticator.ts";
import { staticCredentials } from "../../src/accounts/credentials.ts";
import { LoginGuard } from "../../src/accounts/login_guard.ts";
import { utf8 } from "../../src/accounts/name_encoding.ts";
import { readPassword } from "../../src/accounts/passwords.ts";
import { PartMemory } from "../../src/checksum/part_memory.ts";
import { systemClock } from "../../src/clock.ts";
import { type Emulator, startEmulator } from "../../src/emulator/emulator.ts";
import { PortPool } from "../../src/ftp/data/port_pool.ts";
import { LoginSlots } from "../../src/ftp/login_slots.ts";
import { FtpServer } from "../../src/ftp/server.ts";
import { ArrivalBarrier } from "../../src/net/arrival_barrier.ts";
import {
  formatAddress,
  listen,
  type Listener,
  nextTurn,
  type SocketAddress,
  systemDialer,
} from "../../src/net/connection.ts";
import { TokenBucket } from "../../src/net/token_bucket.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { fixedCertificate, ServerCertificate } from "../../src/net/server_certificate.ts";
import type { Credentials } from "../../src/store/credentials.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import { type ObjectStore, uninterrupted } from "../../src/store/object_store.ts";
import { FileTimes } from "../../src/vfs/file_times.ts";
import { SlicePool } from "../../src/vfs/slice_pool.ts";
import { UploadRecords } from "../../src/vfs/upload_records.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";
import { LOCALHOST } from "../net/localhost_certificate.ts";
import { freePorts } from "./free_ports.ts";
import { FtpPeer } from "./ftp_peer.ts";
import type { GatewayOptions } from "./gateway_options.ts";

export const BUCKET = "examplebucket-1250000000";
export const KEYS = { secretId: "id", secretKey: "key", token: undefined };

export const MIB = 1024 ** 2;

/** Of every gateway under test. Bytes; files longer than a part are multipart uploads. */
export const PART_SIZE = MIB;
export const MAX_FILE_SIZE = 24 * MIB;
const MEMORY = 8 * MIB;

/**
 * The FTP engine as the program runs it, on real sockets, with the emulator behind it. The engine's clock stands still
 * until the test turns it; the COS client's and the emulator's runs, without pauses between retries. When it is disposed
 * of, nothing may be left: no session, port, part memory, login or multipart upload.
 */
export class Gateway implements AsyncDisposable {
  readonly address: SocketAddress;
  /** Where clients begin with TLS, if there is TLS. */
  readonly implicitAddress: SocketAddress | undefined;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  /** What the emulator logs: each of its requests, at level debug. */
  readonly requests = new MemoryLog();
  readonly emulator: Emulator;
  /** The whole bucket, for the test to arrange and look at. */
  readonly store: ObjectStore;
  readonly pool: SlicePool;
  /** Of the account's multipart uploads. */
  readonly records: UploadRecords;
  readonly ports: PortPool;
  readonly logins: LoginSlots;
  readonly guard: LoginGuard;
  readonly server: FtpServer;
  readonly #arrivals: ArrivalBarrier;
  readonly #certificate: ServerCertificate | undefined;
  readonly #http: HttpClient;
  readonly #slices: number;
  /** Whether another gateway looks for what is left in the bucket, and ends the emulator. */
  readonly #isReplica: boolean;

  private constructor(
    { clock, log, emulator, requests, arrivals, certificate }: {
      clock: FakeClock;
      log: MemoryLog;
      emulator: Emulator;
      requests: MemoryLog;
      arrivals: ArrivalBarrier;
      certificate: ServerCertificate | undefined;
    },
    options: GatewayOptions,
  ) {
    this.clock = clock;
    this.log = log;
    this.#certificate = certificate;
    this.emulator = emulator;
    this.requests = requests;
    this.#arrivals = arrivals;
    this.#isReplica = options.besides !== undefined;
    this.#http = new HttpClient({
      dialer: systemDialer,
      clock: options.httpClock ?? systemClock,
      timeouts: options.timeouts,
    });
    const storeWith = (credentials: Credentials) =>
      createCosStore({
        location: {
          bucket: BUCKET,
          region: undefined,
          endpoint: formatAddress(emulator.address),
          protocol: "http",
          network: "public",
        },
        credentials,
        http: this.#http,
        dialer: systemDialer,
        clock: systemClock,
        random: () => 0,
        log: this.log,
      });
    this.store = storeWith(staticCredentials(KEYS));
    const store = options.credentials ? storeWith(options.credentials) : this.store;
    this.pool = new SlicePool(new PartMemory({ bytes: MEMORY }));
    this.#slices = this.pool.free;
    const { decorate = (listener: Listener) => listener } = options;
    const open = (address: SocketAddress) =>
      decorate(listen(address), { clock: this.clock, log: this.log });
    this.ports = new PortPool({
      ...freePorts(options.passivePorts ?? 20),
      random: Math.random,
      listen: open,
    });
    this.logins = new LoginSlots(options.maxLogins ?? 100);
    this.guard = new LoginGuard({
      threshold: 0,
      window: 600_000,
      ban: 600_000,
      except: [],
      clock: this.clock,
      log: this.log,
      ...options.loginGuard,
    });
    const { authority = "RW", deleteEnable = true, keyPrefix = "" } = options;
    this.records = new UploadRecords({
      store,
      keyPrefix,
      account: "alice",
      cluster: "tests",
      interrupted: options.interrupted ?? "discard",
      clock: this.clock,
      log: this.log,
    });
    const account = {
      name: "alice",
      bucket: BUCKET,
      keyPrefix,
      authority: { read: authority.includes("R"), write: authority.includes("W") },
      deleteEnable,
      renameEnable: options.renameEnable ?? true,
      overwriteEnable: options.overwriteEnable ?? true,
      allowFrom: options.allowFrom,
      maxSessions: options.maxSessions,
      upload: this.#tokenBucket(options.uploadRate),
      download: this.#tokenBucket(options.downloadRate),
      nameEncoding: options.nameEncoding ?? utf8,
      requireTls: options.requireTls ?? false,
      times: options.preserveMtime ? new FileTimes(store) : undefined,
      transfers: {
        store,
        records: this.records,
        pool: this.pool,
        plan: {
          minPartSize: options.partSize ?? PART_SIZE,
          maxPartSize: Math.max(options.partSize ?? PART_SIZE, 2 * MIB),
          maxFileSize: MAX_FILE_SIZE,
        },
        threads: 2,
        contentMd5: options.contentMd5 ?? false,
        forbidOverwrite: options.overwriteEnable === false,
        headers: options.headers,
        copyMax: options.copyMax,
        log: this.log,
      },
    };
    const listener = open({ hostname: options.hostname ?? "127.0.0.1", port: 0 });
    this.address = listener.address;
    const implicitTls = certificate && listen({ hostname: "127.0.0.1", port: 0 });
    this.implicitAddress = implicitTls?.address;
    const { required = "no", truncation = "reject" } = options.ftps ?? {};
    this.server = new FtpServer(listener, {
      implicitTls,
      limits: {
        maxConnections: options.maxConnections ?? 0,
        maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? 0,
        maxUnauthenticated: options.maxUnauthenticated ?? 0,
      },
      services: {
        authenticator: passwordAuthenticator([{
          name: "alice",
          account,
          password: readPassword("secret"),
        }]),
        guard: this.guard,
        clock: this.clock,
        random: Math.random,
        dialer: systemDialer,
        arrivals,
        log: this.log,
        ports: this.ports,
        masquerade: undefined,
        dataPeer: "same",
        logins: this.logins,
        tls: certificate && { certificate, required, truncation },
        maxListFile: 10_000,
        renameMaxFiles: 100,
        idleTimeout: 300_000,
        loginTimeout: 30_000,
        dataConnectTimeout: 30_000,
        stallTimeout: 120_000,
        ...options,
      },
    });
  }

  #tokenBucket(rate: number | undefined): TokenBucket | undefined {
    return rate === undefined ? undefined : new TokenBucket({ rate, clock: this.clock });
  }

  static async start(options: GatewayOptions = {}): Promise<Gateway> {
    const { besides, emulatorKeys = [KEYS] } = options;
    const [clock, log] = [new FakeClock(), new MemoryLog()];
    const requests = besides?.requests ?? new MemoryLog();
    const emulator = besides?.emulator ?? await startEmulator({
      listener: listen({ hostname: "127.0.0.1", port: 0 }),
      buckets: [BUCKET],
      credentials: emulatorKeys,
      clock: systemClock,
      logger: requests,
    });
    const arrivals = await ArrivalBarrier.open();
    const source = options.ftps?.source ?? fixedCertificate(LOCALHOST);
    const certificate = options.ftps && await ServerCertificate.open({ source, clock, log });
    return new Gateway({ clock, log, emulator, requests, arrivals, certificate }, options);
  }

  /** A control connection whose 220 has been read. */
  async connect(): Promise<FtpPeer> {
    const peer = await FtpPeer.connect(this.address);
    await peer.expect(220);
    return peer;
  }

  /** A control connection that has begun with TLS and whose 220 has been read. */
  async connectImplicit(): Promise<FtpPeer> {
    const peer = await FtpPeer.connect(this.implicitAddress!);
    await peer.startTls();
    await peer.expect(220);
    return peer;
  }

  /** A session of the account, in TYPE I. */
  async logIn(): Promise<FtpPeer> {
    const peer = await this.connect();
    await peer.logIn();
    return peer;
  }

  /** Turns the engine's clock, after what has already happened was handled, and lets it have its effect. */
  async turn(milliseconds: number): Promise<void> {
    await nextTurn();
    this.clock.advance(milliseconds);
    await nextTurn();
  }

  /** Waits until so many sessions are left. */
  async sessionsLeft(count: number): Promise<void> {
    while (this.server.sessions > count) await nextTurn();
  }

  /** Puts an object into the bucket, whatever the account sees. */
  async put(key: string, content: string | Uint8Array = ""): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await this.store.put(key, [bytes], uninterrupted());
  }

  /** An object's bytes, or undefined. */
  async get(key: string): Promise<Uint8Array | undefined> {
    if (!(await this.keys(key)).includes(key)) return undefined;
    using body = await this.store.get(key, uninterrupted());
    const bytes = new Uint8Array(body.length);
    for (let at = 0; at < bytes.length;) at += (await body.read(bytes.subarray(at)))!;
    return bytes;
  }

  /** An object's bytes as text, or undefined. */
  async text(key: string): Promise<string | undefined> {
    const bytes = await this.get(key);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** All keys of the bucket that begin with `prefix`, in their order. */
  async keys(prefix = ""): Promise<string[]> {
    const keys: string[] = [];
    let marker: string | undefined;
    do {
      const page = await this.store.list({ prefix, marker, ...uninterrupted() });
      keys.push(...page.objects.map(({ key }) => key));
      marker = page.nextMarker;
    } while (marker !== undefined);
    return keys;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.emulator.faults.clear();
      await this.server.shutDown(0);
      assert.equal(this.server.sessions, 0, "sessions are left");
      assert.equal(this.ports.taken, 0, "passive ports are left");
      assert.equal(this.pool.free, this.#slices, "part memory is left");
      assert.equal(this.logins.taken, 0, "logins are left");
      assert.equal(this.clock.pending, 0, "timers are left");
      if (this.#isReplica) return;
      const uploads = await this.store.listUploads({ prefix: "", ...uninterrupted() });
      assert.deepEqual(uploads, [], "multipart uploads are left");
      assert.deepEqual(await this.keys(this.records.prefix), [], "records of uploads are left");
    } finally {
      this.#certificate?.[Symbol.dispose]();
      this.#arrivals[Symbol.dispose]();
      this.#http[Symbol.dispose]();
      if (!this.#isReplica) await this.emulator.close();
    }
  }
}

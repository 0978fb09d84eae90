/**
 * npm:ftp-srv on the store, as a process of its own: cosftp's COS client below a file system of its kind, without
 * checksums. Its argument is where the store listens; says on stdout where it listens itself.
 */
import { Buffer } from "node:buffer";
import { Readable, Writable } from "node:stream";
// deno-lint-ignore no-import-prefix -- only the benchmark needs it: it must not be resolved for the product
import { FileSystem, type FtpConnection, FtpSrv } from "npm:ftp-srv@4.6.3";
import { systemClock } from "../../src/clock.ts";
import { systemDialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import { type ObjectBody, uninterrupted } from "../../src/store/object_store.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { announceReady } from "./ready.ts";

const PART = 8 * 1024 * 1024;
const CHUNK = 256 * 1024;

const log = createLogger({ level: "ERROR", sinks: [], clock: systemClock });
const store = createCosStore({
  location: {
    bucket: "bench-1250000000",
    region: undefined,
    endpoint: Deno.args[0]!,
    protocol: "http",
    network: "public",
  },
  credentials: () => Promise.resolve({ secretId: "bench", secretKey: "bench", token: undefined }),
  http: new HttpClient({ dialer: systemDialer, clock: systemClock }),
  dialer: systemDialer,
  clock: systemClock,
  random: Math.random,
  log,
});

/** What ftp-srv wants to know of a file or directory. */
class Entry {
  readonly uid = 0;
  readonly gid = 0;
  readonly mtime = new Date(0);
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly #isDirectory: boolean;

  constructor(name: string, options: { isDirectory: boolean; size: number }) {
    this.name = name;
    this.size = options.size;
    this.#isDirectory = options.isDirectory;
    this.mode = options.isDirectory ? 0o755 : 0o644;
  }

  isDirectory(): boolean {
    return this.#isDirectory;
  }
}

/** A bucket as ftp-srv sees it; only what the benchmark asks for. */
class BucketFileSystem extends FileSystem {
  constructor(connection: FtpConnection) {
    super(connection, { root: "/", cwd: "/" });
  }

  override currentDirectory(): string {
    return "/";
  }

  override async get(path: string): Promise<Entry> {
    const key = keyOf(path);
    if (key === "" || key.startsWith("list/")) {
      return new Entry(path, { isDirectory: true, size: 0 });
    }
    const { size } = await store.head(key, uninterrupted());
    return new Entry(path, { isDirectory: false, size });
  }

  override async list(path = "."): Promise<Entry[]> {
    const prefix = `${keyOf(path)}/`;
    const entries: Entry[] = [];
    let marker: string | undefined;
    do {
      const page = await store.list({ ...uninterrupted(), prefix, delimiter: "/", marker });
      for (const { key, size } of page.objects) {
        entries.push(new Entry(key.slice(prefix.length), { isDirectory: false, size }));
      }
      marker = page.nextMarker;
    } while (marker !== undefined);
    return entries;
  }

  override async read(path: string): Promise<{ stream: Readable; clientPath: string }> {
    const body = await store.get(keyOf(path), uninterrupted());
    return { stream: Readable.from(chunksOf(body)), clientPath: path };
  }

  override write(path: string): { stream: Writable; clientPath: string } {
    return { stream: new UploadStream(keyOf(path)), clientPath: path };
  }
}

/** Collects parts and stores them one after the other: one PUT for what fits into the first. */
class UploadStream extends Writable {
  readonly #key: string;
  readonly #etags: string[] = [];
  #part: Uint8Array[] = [];
  #size = 0;
  #uploadId: string | undefined;

  constructor(key: string) {
    super({ highWaterMark: 1024 * 1024 });
    this.#key = key;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#part.push(chunk);
    this.#size += chunk.length;
    if (this.#size < PART) return done();
    this.#sendPart().then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#finish().then(() => done(), done);
  }

  async #sendPart(): Promise<void> {
    this.#uploadId ??= await store.initiateUpload(this.#key, uninterrupted());
    const part = {
      key: this.#key,
      uploadId: this.#uploadId,
      partNumber: this.#etags.length + 1,
    };
    const { etag } = await store.uploadPart(part, this.#part, uninterrupted());
    this.#etags.push(etag);
    this.#part = [];
    this.#size = 0;
  }

  async #finish(): Promise<void> {
    if (this.#uploadId === undefined) {
      await store.put(this.#key, this.#part, uninterrupted());
      return;
    }
    if (this.#size > 0) await this.#sendPart();
    const parts = this.#etags.map((etag, index) => ({ partNumber: index + 1, etag }));
    const upload = { key: this.#key, uploadId: this.#uploadId };
    await store.completeUpload(upload, parts, uninterrupted());
  }
}

async function* chunksOf(body: ObjectBody): AsyncGenerator<Buffer> {
  using open = body;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const count = await open.read(chunk);
    if (count === null) return;
    yield chunk.subarray(0, count);
  }
}

function keyOf(path: string): string {
  return path.replace(/^[./]+|\/+$/g, "");
}

/** A port that nobody listens on now: ftp-srv does not say which one it got. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const port = freePort();
const server = new FtpSrv({
  url: `ftp://127.0.0.1:${port}`,
  pasv_url: "127.0.0.1",
  pasv_min: 30_000,
  pasv_max: 31_999,
});
server.on("login", ({ connection }, resolve) => {
  resolve({ fs: new BucketFileSystem(connection) });
});
await server.listen();
announceReady(port);

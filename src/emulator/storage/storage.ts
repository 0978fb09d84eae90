import type { Logger } from "../../telemetry/log.ts";
import type { ByteRun, ByteStore, Slice } from "./byte_store.ts";
import { MemoryByteStore } from "./byte_store.ts";
import type { Change, StoredObject, StoredPart, UploadStart } from "./change.ts";
import type { ByteSource, Content } from "./content.ts";
import { readSlices, receiveContent } from "./content.ts";
import { DiskByteStore } from "./disk_byte_store.ts";
import { Journal } from "./journal.ts";
import { OrderedMap } from "./ordered_map.ts";

/** An unfinished multipart upload. */
export interface Upload extends UploadStart {
  readonly parts: ReadonlyMap<number, StoredPart>;
}

export interface Bucket {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly objects: Pick<OrderedMap<StoredObject>, "get" | "size" | "entries">;
  /** By UploadId. */
  readonly uploads: ReadonlyMap<string, Upload>;
}

interface BucketState extends Bucket {
  readonly objects: OrderedMap<StoredObject>;
  readonly uploads: Map<string, Upload & { readonly parts: Map<number, StoredPart> }>;
}

/** Bytes that are kept at least until it is disposed of. */
export interface HeldContent extends Disposable {
  readonly content: Content;
}

/**
 * Buckets, their objects and multipart uploads: the state in memory, bytes in memory or on disk. A change takes effect at
 * once and whole; with a data directory it is safe from crashes when {@linkcode Storage.settled} resolves, so every answer,
 * also to a reader, waits for that and never tells what a crash could take back.
 */
export class Storage implements AsyncDisposable {
  readonly #buckets = new Map<string, BucketState>();
  readonly #bytes: ByteStore;
  readonly #logger: Logger;
  /** How often each run is in use, by its id. */
  readonly #uses = new Map<string, number>();
  readonly #removals = new Set<Promise<void>>();
  #journal: Journal | undefined;
  #lock: Disposable | undefined;

  private constructor(bytes: ByteStore, logger: Logger) {
    this.#bytes = bytes;
    this.#logger = logger;
  }

  /**
   * @param dataDir Where everything is kept, made if need be; undefined keeps it in memory only.
   * @throws when the directory cannot be used, or another process uses it.
   */
  static async open(dataDir: string | undefined, logger: Logger): Promise<Storage> {
    if (dataDir === undefined) return new Storage(new MemoryByteStore(), logger);
    await Deno.mkdir(dataDir, { recursive: true });
    const lock = await lockDirectory(dataDir);
    try {
      const bytes = new DiskByteStore(`${dataDir}/runs`);
      const storage = new Storage(bytes, logger);
      storage.#lock = lock;
      for await (const change of Journal.read(dataDir, logger)) storage.#reduce(change);
      storage.#journal = await Journal.replace(dataDir, storage.#state());
      await bytes.sweep((id) => storage.#uses.has(id));
      return storage;
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  get buckets(): ReadonlyMap<string, Bucket> {
    return this.#buckets;
  }

  /** Makes `change`, whose bucket and upload must exist. */
  apply(change: Change): void {
    this.#journal?.append(change);
    this.#reduce(change);
  }

  /** Resolves when all that was applied so far would survive a crash. @throws when it never will (the disk is full). */
  settled(): Promise<void> {
    return this.#journal?.flushed() ?? Promise.resolve();
  }

  /** Takes in the bytes that `source` brings; `expected` of them, where that is known. @throws what `source` throws. */
  async receive(source: ByteSource, expected?: number): Promise<HeldContent> {
    await using writer = this.#bytes.write(expected);
    const content = await receiveContent(source, writer);
    return this.#held(content);
  }

  /** Keeps the bytes of `content` readable even when its object is replaced or deleted meanwhile. */
  hold(content: Content): HeldContent {
    return this.#held(content);
  }

  /** The bytes of `slices`, which somebody must hold; each piece is valid until the next one is asked for. */
  read(slices: readonly Slice[]): AsyncIterable<Uint8Array> {
    return readSlices(this.#bytes, slices);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Promise.all(this.#removals);
      await this.#journal?.[Symbol.asyncDispose]();
    } finally {
      this.#lock?.[Symbol.dispose]();
    }
  }

  #held(content: Content): HeldContent {
    this.#retain(content);
    return { content, [Symbol.dispose]: () => this.#release(content) };
  }

  #reduce(change: Change): void {
    if (change.type === "create-bucket") {
      const { bucket: name, created } = change;
      this.#buckets.set(name, { name, created, objects: new OrderedMap(), uploads: new Map() });
      return;
    }
    const bucket = this.#buckets.get(change.bucket)!;
    switch (change.type) {
      case "delete-bucket":
        this.#buckets.delete(change.bucket);
        break;
      case "put-object":
        this.#retain(change.object);
        this.#release(bucket.objects.set(change.object.key, change.object));
        break;
      case "delete-object":
        this.#release(bucket.objects.delete(change.key));
        break;
      case "initiate-upload":
        bucket.uploads.set(change.upload.uploadId, { ...change.upload, parts: new Map() });
        break;
      case "put-part": {
        const { parts } = bucket.uploads.get(change.uploadId)!;
        this.#retain(change.part);
        this.#release(parts.get(change.part.partNumber));
        parts.set(change.part.partNumber, change.part);
        break;
      }
      case "complete-upload":
        this.#retain(change.object);
        this.#release(bucket.objects.set(change.object.key, change.object));
        this.#dropUpload(bucket, change.uploadId);
        break;
      case "abort-upload":
        this.#dropUpload(bucket, change.uploadId);
        break;
    }
  }

  #dropUpload(bucket: BucketState, uploadId: string): void {
    const upload = bucket.uploads.get(uploadId)!;
    bucket.uploads.delete(uploadId);
    for (const part of upload.parts.values()) this.#release(part);
  }

  /** The shortest list of changes that leads to the present state. */
  *#state(): Iterable<Change> {
    for (const { name: bucket, created, objects, uploads } of this.#buckets.values()) {
      yield { type: "create-bucket", bucket, created };
      for (const [, object] of objects.entries()) yield { type: "put-object", bucket, object };
      for (const { parts, ...upload } of uploads.values()) {
        yield { type: "initiate-upload", bucket, upload };
        for (const part of parts.values()) {
          yield { type: "put-part", bucket, uploadId: upload.uploadId, part };
        }
      }
    }
  }

  #retain(content: Content): void {
    for (const { run } of content.slices) {
      this.#uses.set(run.id, (this.#uses.get(run.id) ?? 0) + 1);
    }
  }

  #release(content: Content | undefined): void {
    for (const { run } of content?.slices ?? []) {
      const uses = this.#uses.get(run.id)! - 1;
      if (uses > 0) this.#uses.set(run.id, uses);
      else {
        this.#uses.delete(run.id);
        this.#remove(run);
      }
    }
  }

  /** Removes a run, not before the journal has forgotten it. While the journal is read, the sweep that follows does it. */
  #remove(run: ByteRun): void {
    if (this.#lock && !this.#journal) return;
    const removal = this.settled().then(() => this.#bytes.remove(run)).catch((error) =>
      this.#logger.warning("Could not remove bytes that are no longer used", {
        run: run.id,
        reason: String(error),
      })
    ).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}

async function lockDirectory(directory: string): Promise<Disposable> {
  const file = await Deno.open(`${directory}/lock`, { write: true, create: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new Error(`Cannot use the data directory "${directory}": another emulator is using it`);
}

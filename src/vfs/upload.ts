import { createHash } from "node:crypto";
import { combineCrc64 } from "../checksum/crc64.ts";
import { PART_COUNT_MAX } from "../config/part_limits.ts";
import { nextTurn } from "../net/connection.ts";
import {
  type ObjectHeaders,
  type Payload,
  type Stored,
  StoreError,
  uninterrupted,
} from "../store/object_store.ts";
import { contentTypeOf } from "./content_type.ts";
import { type MultipartResources, MultipartUpload } from "./multipart_upload.ts";
import { mayCommitShort, nextPartSize, type PartPlan } from "./part_plan.ts";
import { confirm, damaged, settleDamage } from "./publication.ts";
import type { SlicePool } from "./slice_pool.ts";
import { TreeError } from "./tree_error.ts";

/** How often bytes that COS received damaged are sent before the upload fails. */
const DAMAGED_TRIES = 3;

/** What all uploads of a gateway share. */
export interface UploadResources extends MultipartResources {
  readonly pool: SlicePool;
  readonly plan: PartPlan;
  /** Parts of one upload in flight. */
  readonly threads: number;
  /** Whether a PUT carries Content-MD5: where no TLS protects the bytes, COS then refuses damaged ones before publishing. */
  readonly contentMd5: boolean;
  /** Whether an object that exists is never replaced. @default false */
  readonly forbidOverwrite?: boolean;
  /** What every new object gets besides the content type that its name tells. @default COS's defaults */
  readonly headers?: Pick<ObjectHeaders, "storageClass" | "encryption">;
}

/** What was published. */
export interface Published {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly crc64: bigint;
  /** COS's name for the request that published it, for the log. */
  readonly requestId: string | undefined;
}

/**
 * Streams one file into an object. The caller asks for {@linkcode Upload.space}, fills it, says how much by
 * {@linkcode Upload.advance}, and at the end calls {@linkcode Upload.publish}. Until then nothing is visible under the key
 * and an old object stays; disposing of an upload that was not published leaves nothing behind.
 *
 * What ends within the first part is stored by one PUT; what is longer becomes a multipart upload with `threads` parts in
 * flight. Memory is one part and one slice more than that, in slices of the shared pool.
 */
export class Upload implements AsyncDisposable {
  readonly #resources: UploadResources;
  readonly #key: string;
  readonly #headers: ObjectHeaders;
  readonly #failing = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #sent: { etag: string; crc64: bigint; size: number }[] = [];
  readonly #committed = { parts: 0, bytes: 0 };
  #multipart: Promise<MultipartUpload> | undefined;
  #part: Part;
  /** The slice being filled, not yet in the part: what follows a full first part decides between PUT and multipart. */
  #filling: Uint8Array | undefined;
  #filled = 0;

  /** Aborts when the upload can only fail: a part failed for good, or the signal given to the constructor aborted. */
  readonly signal: AbortSignal;

  /** @param options.signal gives the upload up, until publishing begins. */
  constructor(resources: UploadResources, options: { key: string; signal: AbortSignal }) {
    this.#resources = resources;
    this.#key = options.key;
    this.#headers = { ...resources.headers, contentType: contentTypeOf(options.key) };
    this.signal = AbortSignal.any([options.signal, this.#failing.signal]);
    this.#part = this.#nextPart();
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#committed.bytes + this.#part.size + this.#filled;
  }

  /**
   * Memory for the next bytes, at least one. Waits while no memory is free, and while enough parts are in flight.
   *
   * @throws what made a part fail, or the signal's reason.
   */
  async space(): Promise<Uint8Array> {
    await this.#settle();
    this.#filling ??= this.#resources.pool.tryAcquire() ?? await this.#waitForSlice();
    return this.#filling.subarray(this.#filled);
  }

  /**
   * Takes over the first `count` bytes of the memory that {@linkcode Upload.space} returned last.
   *
   * @throws {TreeError} `too-large` above the largest file allowed.
   */
  advance(count: number): void {
    this.#filled += count;
    const { maxFileSize } = this.#resources.plan;
    if (this.size > maxFileSize) {
      throw new TreeError("too-large", `Files above ${maxFileSize} bytes are not accepted`);
    }
  }

  /** Takes over all of `bytes`, copying them. @throws as {@linkcode Upload.space} and {@linkcode Upload.advance}. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.length;) {
      const space = await this.space();
      const next = bytes.subarray(taken, taken + space.length);
      space.set(next);
      this.advance(next.length);
      taken += next.length;
    }
  }

  /**
   * Makes the file visible, whole, and proves that COS holds what was taken: size and CRC64 agree. From here on the
   * constructor's signal has no effect any more.
   *
   * @throws {StoreError} when COS refused, or it could not be found out whether it did.
   */
  async publish(): Promise<Published> {
    await this.#settle();
    if (this.#filled > 0) this.#part.push(this.#filling!, this.#filled, this.#resources.pool);
    else if (this.#filling) this.#resources.pool.release(this.#filling);
    this.#filling = undefined;
    this.#filled = 0;
    return await (this.#multipart ? this.#complete(await this.#multipart) : this.#put());
  }

  /** Gives up what was not published: no parts, no multipart upload, no memory stay behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failing.abort(new Error("The upload was given up"));
    await Promise.allSettled(this.#inFlight);
    const { pool } = this.#resources;
    if (this.#filling) pool.release(this.#filling);
    this.#filling = undefined;
    this.#part.release(pool);
    const multipart = await this.#multipart?.catch(() => undefined);
    await multipart?.[Symbol.asyncDispose]();
  }

  /** Moves a full slice into its part, and a full part that has a successor on its way. */
  async #settle(): Promise<void> {
    this.signal.throwIfAborted();
    if (this.#part.isFull && this.#filled > 0) await this.#commit();
    if (this.#filled === this.#resources.pool.sliceSize) {
      this.#part.push(this.#filling!, this.#filled, this.#resources.pool);
      this.#filling = undefined;
      this.#filled = 0;
    }
  }

  /** Memory is short: sends what there is, if parts of that size can still make the largest file, and waits its turn. */
  async #waitForSlice(): Promise<Uint8Array> {
    const { pool, plan } = this.#resources;
    if (this.#part.isFull || mayCommitShort(plan, this.#committed, this.#part.size)) {
      await this.#commit();
    }
    return await pool.acquire(this.signal);
  }

  /** Sends the current part and begins the next one. Waits while enough parts are in flight. */
  async #commit(): Promise<void> {
    while (this.#inFlight.size >= this.#resources.threads) await Promise.race(this.#inFlight);
    this.signal.throwIfAborted();
    const part = this.#part;
    if (part.number > PART_COUNT_MAX) {
      throw new TreeError("too-large", `Files of more than ${PART_COUNT_MAX} parts are not stored`);
    }
    this.#committed.parts++;
    this.#committed.bytes += part.size;
    this.#part = this.#nextPart();
    const sending = this.#sendPart(part)
      .catch((error) => this.#failing.abort(error))
      .finally(() => {
        part.release(this.#resources.pool);
        this.#inFlight.delete(sending);
      });
    this.#inFlight.add(sending);
  }

  async #sendPart(part: Part): Promise<void> {
    const { store } = this.#resources;
    const options = { signal: this.signal };
    this.#multipart ??= MultipartUpload.begin(this.#resources, {
      key: this.#key,
      headers: this.#headers,
    });
    const { key, uploadId } = await this.#multipart;
    const target = { key, uploadId, partNumber: part.number };
    const stored = await this.#undamaged(
      part,
      () => store.uploadPart(target, part.payload, options),
    );
    if (differs(stored, part)) throw damaged(this.#key);
    this.#sent[part.number - 1] = { etag: stored.etag, crc64: part.crc64, size: part.size };
  }

  async #put(): Promise<Published> {
    const { store } = this.#resources;
    const part = this.#part;
    const { size, crc64 } = part;
    const publication = { key: this.#key, size, crc64 };
    const contentMd5 = this.#resources.contentMd5 ? await md5(part.payload) : undefined;
    let stored = await this.#undamaged(part, async () => {
      try {
        const { forbidOverwrite } = this.#resources;
        const options = { ...uninterrupted(), ...this.#headers, contentMd5, forbidOverwrite };
        return await store.put(this.#key, part.payload, options);
      } catch (error) {
        const inDoubt = error instanceof StoreError && error.mayHaveHappened;
        if (!inDoubt) throw error;
        return await confirm(this.#resources, publication, error);
      }
    });
    if (differs(stored, part)) stored = await settleDamage(this.#resources, publication, stored);
    part.release(this.#resources.pool);
    const { etag, requestId } = stored;
    return { size, etag, crc64, requestId };
  }

  async #complete(multipart: MultipartUpload): Promise<Published> {
    if (this.#part.size > 0) await this.#commit();
    while (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
    this.signal.throwIfAborted();
    const whole = this.#sent.reduce((before, { crc64, size }) => ({
      crc64: combineCrc64(before.crc64, crc64, size),
      size: before.size + size,
    }), { crc64: 0n, size: 0 });
    const etags = this.#sent.map(({ etag }) => etag);
    const { forbidOverwrite } = this.#resources;
    const { etag, requestId } = await multipart.complete(whole, { etags, forbidOverwrite });
    return { ...whole, etag, requestId };
  }

  /**
   * Sends until COS answers with the CRC64 of what was sent.
   *
   * @returns the last answer, which may still tell another one.
   */
  async #undamaged(part: Part, send: () => Promise<Stored>): Promise<Stored> {
    for (let tries = 1;; tries++) {
      const stored = await send();
      if (tries === DAMAGED_TRIES || !differs(stored, part)) return stored;
      const { log } = this.#resources;
      log.warning("COS received damaged bytes", { key: this.#key, part: part.number, tries });
    }
  }

  #nextPart(): Part {
    const { plan, pool } = this.#resources;
    const number = this.#committed.parts + 1;
    return new Part(number, Math.ceil(nextPartSize(plan, this.#committed) / pool.sliceSize));
  }
}

/** Bytes on their way into one part: a chain of slices, all full but the last. */
class Part {
  readonly number: number;
  readonly payload: Uint8Array[] = [];
  size = 0;
  /** Of all bytes in it, kept up to date slice by slice. */
  crc64 = 0n;
  readonly #slices: Uint8Array[] = [];
  readonly #capacity: number;

  /** @param capacity slices that it takes before it is sent. */
  constructor(number: number, capacity: number) {
    this.number = number;
    this.#capacity = capacity;
  }

  get isFull(): boolean {
    return this.#slices.length >= this.#capacity;
  }

  push(slice: Uint8Array, length: number, pool: SlicePool): void {
    const filled = slice.subarray(0, length);
    this.#slices.push(slice);
    this.payload.push(filled);
    this.size += length;
    this.crc64 = pool.crc64(filled, this.crc64);
  }

  /** Gives its memory back. Idempotent. */
  release(pool: SlicePool): void {
    for (const slice of this.#slices.splice(0)) pool.release(slice);
    this.payload.length = 0;
  }
}

/** Two milliseconds a slice, between which others have their turn. */
async function md5(payload: Payload): Promise<string> {
  const hash = createHash("md5");
  for (const [index, bytes] of payload.entries()) {
    if (index > 0) await nextTurn();
    hash.update(bytes);
  }
  return hash.digest("base64");
}

/** Whether COS tells another CRC64 than that of what was sent. */
function differs(stored: Stored, sent: { crc64: bigint }): boolean {
  return stored.crc64 !== undefined && stored.crc64 !== sent.crc64;
}

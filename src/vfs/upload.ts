import { Deadline } from "../clock.ts";
import { PART_COUNT_MAX, PART_SIZE_MIN } from "../config/part_limits.ts";
import { type ObjectHeaders, type ObjectInfo, StoreError } from "../store/object_store.ts";
import { contentTypeOf } from "./content_type.ts";
import { copyFile, resendFile } from "./finished_file.ts";
import { supersedeKept } from "./kept_upload.ts";
import { type MultipartResources, MultipartUpload } from "./multipart_upload.ts";
import { Part } from "./part.ts";
import { COPY_MAX, countCopies } from "./part_copies.ts";
import { mayCommitShort, nextPartSize, type PartPlan } from "./part_plan.ts";
import { putObject } from "./put_object.ts";
import type { SlicePool } from "./slice_pool.ts";
import { takenOver, TreeError } from "./tree_error.ts";
import type { UploadHolder } from "./upload_records.ts";
import type { UploadStart } from "./upload_start.ts";

/** How long what is in flight when an upload breaks off may take to arrive and be written down. Milliseconds. */
const KEEP_MAX = 10_000;

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
  /** COS's name for the request that published it, for the log. */
  readonly requestId?: string;
}

/**
 * Streams one file into an object. The caller asks for {@linkcode Upload.space}, fills it, says how much by
 * {@linkcode Upload.advance}, and at the end calls {@linkcode Upload.publish}. Until then nothing is visible under the key
 * and an old object stays. Disposing of an upload that was not published leaves nothing behind but, where uploads can be
 * resumed, the parts that COS has, with their record.
 *
 * What ends within the first part is stored by one PUT; what is longer becomes a multipart upload with `threads` parts in
 * flight. Memory is one part and one slice more than that, in slices of the shared pool.
 */
export class Upload implements UploadHolder, AsyncDisposable {
  readonly #resources: UploadResources;
  readonly #key: string;
  readonly #headers: ObjectHeaders;
  readonly #failing = new AbortController();
  /** Aborts what is in flight, which outlives {@linkcode Upload.signal}: it may be kept. */
  readonly #sending = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  /** What is sent, or is on its way. */
  readonly #committed = { parts: 0, bytes: 0 };
  #multipart: Promise<MultipartUpload> | undefined;
  /** Whether it goes on after a finished file: then it is never kept. */
  #isAppending = false;
  /** What COS copies of that file. */
  #copied: { parts: number; size: number; crc64: bigint | undefined } | undefined;
  #part: Part;
  /** The slice being filled, not yet in the part: what follows a full first part decides between PUT and multipart. */
  #filling: Uint8Array | undefined;
  #filled = 0;
  /** Bytes that the client sends again although they are kept. */
  #skipping = 0;
  #isPublished = false;
  /** Whether a failure leaves nothing that it would make sense to go on with. */
  #isHopeless = false;

  /** Aborts when the upload can only fail: a part failed for good, or the signal given to {@linkcode Upload.open} aborted. */
  readonly signal: AbortSignal;

  private constructor(resources: UploadResources, options: { key: string; signal: AbortSignal }) {
    this.#resources = resources;
    this.#key = options.key;
    this.#headers = { ...resources.headers, contentType: contentTypeOf(options.key) };
    this.signal = AbortSignal.any([options.signal, this.#failing.signal]);
    this.#part = this.#nextPart();
  }

  /**
   * @param options.signal gives the upload up, until publishing begins.
   * @param options.start what the client's bytes come after.
   * @throws {StoreError} when that cannot be read; {TreeError} `changed`, `too-large`.
   */
  static async open(
    resources: UploadResources,
    { key, signal, start }: { key: string; signal: AbortSignal; start: UploadStart },
  ): Promise<Upload> {
    const upload = new Upload(resources, { key, signal });
    try {
      switch (start.kind) {
        case "kept":
          await upload.#resume(start);
          break;
        case "finished":
          await upload.#append(start.info);
      }
      return upload;
    } catch (error) {
      await upload[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Bytes taken so far, with those that it goes on after. */
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
    const skipped = Math.min(this.#skipping, count);
    if (skipped > 0) {
      this.#skipping -= skipped;
      this.#filling!.copyWithin(this.#filled, this.#filled + skipped, this.#filled + count);
    }
    this.#filled += count - skipped;
    const { maxFileSize } = this.#resources.plan;
    if (this.size > maxFileSize) {
      this.#isHopeless = true;
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
   * Makes the file visible, whole, and proves that COS holds what was taken: size and CRC64 agree. From here on the signal
   * has no effect any more.
   *
   * @throws {StoreError} when COS refused, or it could not be found out whether it did.
   * @throws {TreeError} `too-short` when the client sent less again than is kept; `taken-over`.
   */
  async publish(): Promise<Published> {
    if (this.#skipping > 0) {
      throw new TreeError(
        "too-short",
        "The file ends before what is kept of it: nothing is changed",
      );
    }
    await this.#settle();
    this.#moveFilled();
    try {
      const published =
        await (this.#multipart ? this.#complete(await this.#multipart) : this.#put());
      this.#isPublished = true;
      return published;
    } catch (error) {
      this.#isHopeless ||= isFinal(error);
      throw error;
    }
  }

  giveUp(): void {
    this.#failing.abort(takenOver());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const multipart = await this.#multipart?.catch(() => undefined);
    const isWorthKeeping = !this.#isPublished && !this.#isHopeless;
    if (multipart?.isResumable && isWorthKeeping) await this.#keep(multipart);
    this.#sending.abort(new Error("The upload was given up"));
    await Promise.allSettled(this.#inFlight);
    this.#dropFilling();
    this.#part.release();
    await multipart?.[Symbol.asyncDispose]();
  }

  /** Goes on after the part that holds the marker: the client sends the rest of that part again, which is skipped. */
  async #resume({ kept, marker }: UploadStart & { kind: "kept" }): Promise<void> {
    const parts = [];
    let end = 0;
    for (const part of kept.parts) {
      if (end > marker) break;
      parts.push(part);
      end += part.size;
    }
    this.#skipping = end - marker;
    this.#multipart = MultipartUpload.resume(this.#resources, { kept, parts, holder: this });
    await this.#multipart;
    this.#goOnAfter(parts.length, end);
  }

  /** Goes on after a finished file: has COS copy it, or sends it again where that is less than COS lets a part be. */
  async #append(info: ObjectInfo): Promise<void> {
    this.#isAppending = true;
    const key = this.#key;
    if (info.size < PART_SIZE_MIN) return await resendFile(this.#resources, { key, info }, this);
    const { copyMax = COPY_MAX } = this.#resources;
    const count = countCopies(info.size, copyMax);
    this.#copied = { parts: count, size: info.size, crc64: info.crc64 };
    const headers = this.#headers;
    const multipart = this.#multipart = MultipartUpload.begin(this.#resources, { key, headers });
    this.#goOnAfter(count, info.size);
    const { signal } = this.#sending;
    this.#track(copyFile(multipart, { key, info }, { count, signal }));
  }

  #goOnAfter(parts: number, bytes: number): void {
    this.#committed.parts = parts;
    this.#committed.bytes = bytes;
    this.#part = this.#nextPart();
  }

  /** Moves a full slice into its part, and a full part that has a successor on its way. */
  async #settle(): Promise<void> {
    this.signal.throwIfAborted();
    if (this.#part.isFull && this.#filled > 0) await this.#commit();
    if (this.#filled === this.#resources.pool.sliceSize) this.#moveFilled();
  }

  /** Moves what was filled into the part. */
  #moveFilled(): void {
    if (this.#filled === 0) return this.#dropFilling();
    this.#part.push(this.#filling!, this.#filled);
    this.#filling = undefined;
    this.#filled = 0;
  }

  #dropFilling(): void {
    if (this.#filling) this.#resources.pool.release(this.#filling);
    this.#filling = undefined;
    this.#filled = 0;
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
    while (this.#inFlight.size >= this.#resources.threads) await this.#arrival();
    if (this.#part.number > PART_COUNT_MAX) {
      this.#isHopeless = true;
      throw new TreeError("too-large", `Files of more than ${PART_COUNT_MAX} parts are not stored`);
    }
    this.#sendCurrent();
  }

  /** Waits until something in flight has arrived. @throws the signal's reason, which does not wait for that. */
  async #arrival(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    this.signal.addEventListener("abort", stop, { once: true });
    await Promise.race([promise, ...this.#inFlight]);
    this.signal.removeEventListener("abort", stop);
    this.signal.throwIfAborted();
  }

  #sendCurrent(): void {
    const part = this.#part;
    this.#committed.parts++;
    this.#committed.bytes += part.size;
    this.#part = this.#nextPart();
    this.#track(this.#send(part).finally(() => part.release()));
  }

  async #send(part: Part): Promise<void> {
    this.#multipart ??= MultipartUpload.begin(this.#resources, {
      key: this.#key,
      headers: this.#headers,
      holder: this.#isAppending ? undefined : this,
    });
    await (await this.#multipart).send(part, { signal: this.#sending.signal });
  }

  /** When it fails, the upload does. */
  #track(sending: Promise<void>): void {
    const tracked = sending
      .catch((error) => {
        this.#isHopeless ||= isFinal(error);
        this.#failing.abort(error);
      })
      .finally(() => this.#inFlight.delete(tracked));
    this.#inFlight.add(tracked);
  }

  async #put(): Promise<Published> {
    const { records, contentMd5 } = this.#resources;
    const key = this.#key;
    const part = this.#part;
    const { size, crc64, payload } = part;
    const stored = await putObject(this.#resources, { key, size, crc64, payload }, {
      headers: this.#headers,
      contentMd5,
      forbidOverwrite: this.#resources.forbidOverwrite,
    });
    part.release();
    if (records.isSeen(key)) await supersedeKept(records, { key });
    return { ...stored, size };
  }

  async #complete(multipart: MultipartUpload): Promise<Published> {
    if (this.#part.size > 0) await this.#commit();
    while (this.#inFlight.size > 0) await this.#arrival();
    const { forbidOverwrite } = this.#resources;
    return await multipart.complete({ copied: this.#copied, forbidOverwrite });
  }

  /**
   * Lets what is in flight arrive, sends what was taken since, and leaves it all for a later session. Not the last byte: a
   * client whose file ends there must have something left to send, or it takes the file for stored.
   */
  async #keep(multipart: MultipartUpload): Promise<void> {
    const { log, records: { options: { account, clock } } } = this.#resources;
    using deadline = new Deadline({
      clock,
      milliseconds: KEEP_MAX,
      error: () => new Error(`COS did not take what is to be kept within ${KEEP_MAX / 1000} s`),
    });
    deadline.signal.addEventListener("abort", () => this.#sending.abort(deadline.signal.reason));
    const received = this.size;
    const isSendable = this.#part.size + this.#filled > PART_SIZE_MIN &&
      this.#part.number <= PART_COUNT_MAX && !this.#hasSendingFailed;
    if (isSendable && !await multipart.isAnothers()) {
      this.#moveFilled();
      this.#part.dropLastByte();
      this.#sendCurrent();
      this.#committed.bytes++; // that byte, which was received
    }
    await Promise.allSettled(this.#inFlight);
    const kept = await multipart.keep();
    if (kept !== undefined) {
      log.info("Kept an interrupted upload", { account, key: this.#key, received, kept });
    }
  }

  /** Whether COS, not the client, is why the upload breaks off. */
  get #hasSendingFailed(): boolean {
    return this.#failing.signal.reason instanceof StoreError;
  }

  #nextPart(): Part {
    const { plan, pool } = this.#resources;
    const size = nextPartSize(plan, this.#committed);
    return new Part(pool, { number: this.#committed.parts + 1, size });
  }
}

/** Whether COS would say the same again. Not where a part is not what it was: then another one goes on with the upload. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof StoreError)) {
    return error instanceof TreeError && error.kind !== "taken-over";
  }
  const { kind, code } = error;
  return code !== "InvalidPart" && ["not-found", "denied", "conflict", "invalid"].includes(kind);
}

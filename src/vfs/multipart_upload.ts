import { combineCrc64 } from "../checksum/crc64.ts";
import {
  type CallOptions,
  type ObjectHeaders,
  type ObjectInfo,
  type ObjectStore,
  type Payload,
  type Stored,
  StoreError,
  uninterrupted,
} from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";
import { type KeptUpload, listPartsOf, supersedeKept } from "./kept_upload.ts";
import {
  confirm,
  damaged,
  isDamaged,
  type Publication,
  sendUndamaged,
  settleDamage,
} from "./publication.ts";
import type { RunningRecord } from "./running_record.ts";
import { takenOver } from "./tree_error.ts";
import { type ObjectVersion, type VerifiedPart, versionOf } from "./upload_record.ts";
import type { UploadHolder, UploadRecords } from "./upload_records.ts";

/** How often Initiate is sent while its answers are lost. Each may leave an upload that only the sweep can find. */
const INITIATE_TRIES = 3;

/** How often Complete is sent while its answers are lost and the upload is still unfinished. */
const COMPLETE_TRIES = 3;

/** What multipart uploads work with. */
export interface MultipartResources {
  readonly store: ObjectStore;
  readonly records: UploadRecords;
  /** What is larger is copied in parts. Bytes. @default 5 GiB, the most that COS copies in one request */
  readonly copyMax?: number;
  readonly log: Logger;
}

/** A part that COS holds. Of a copied one no CRC-64 is known. */
type SentPart = Omit<VerifiedPart, "crc64"> & { readonly crc64: bigint | undefined };

/** The bytes of one part. */
export interface PartBytes {
  /** From 1. */
  readonly number: number;
  readonly payload: Payload;
  readonly size: number;
  readonly crc64: bigint;
}

/**
 * A multipart upload of COS, the parts of it that COS holds, and its record. Disposing of it aborts it, unless it was
 * completed or kept, or another one goes on with it; where COS does not let it be aborted, the record stays and a sweep
 * aborts it.
 */
export class MultipartUpload implements AsyncDisposable {
  readonly key: string;
  readonly uploadId: string;
  readonly #resources: MultipartResources;
  readonly #record: RunningRecord;
  readonly #holder: UploadHolder | undefined;
  /** By number, from 0; with gaps while parts are in flight. */
  readonly #parts: SentPart[];
  /** How many of them an earlier session has sent. */
  readonly #inherited: number;
  readonly #superseding: Promise<unknown>;
  #fate: "open" | "completed" | "kept" = "open";

  private constructor(resources: MultipartResources, options: {
    key: string;
    uploadId: string;
    record: RunningRecord;
    holder?: UploadHolder;
    parts?: readonly VerifiedPart[];
    superseding?: Promise<unknown>;
  }) {
    this.#resources = resources;
    this.#record = options.record;
    this.#holder = options.holder;
    this.#parts = [...options.parts ?? []];
    this.#inherited = this.#parts.length;
    this.#superseding = options.superseding ?? Promise.resolve();
    this.key = options.key;
    this.uploadId = options.uploadId;
  }

  /**
   * Begins an upload. Not to be given up half way: one whose UploadId never arrived cannot be aborted.
   *
   * @param options.holder of an upload that may be resumed when it is interrupted. What was kept of earlier ones is discarded.
   * @throws {StoreError}
   */
  static async begin(
    resources: MultipartResources,
    { key, headers, holder }: { key: string; headers: ObjectHeaders; holder?: UploadHolder },
  ): Promise<MultipartUpload> {
    const { store, records, log } = resources;
    const keeper = records.areKept ? holder : undefined;
    const replacing = keeper ? versionNow(store, key) : Promise.resolve(undefined);
    for (let tries = 1;; tries++) {
      const record = await records.begin(key, keeper);
      try {
        const uploadId = await store.initiateUpload(key, { ...uninterrupted(), ...headers });
        record.name(uploadId, await replacing);
        return new MultipartUpload(resources, {
          key,
          uploadId,
          record,
          holder: keeper,
          superseding: keeper && supersedeKept(records, { key, except: record.recordKey }),
        });
      } catch (error) {
        const inDoubt = error instanceof StoreError && error.mayHaveHappened;
        await (inDoubt ? record.leave() : record.remove());
        if (!inDoubt || tries === INITIATE_TRIES) throw error;
        log.info("The answer to an Initiate was lost: another upload is begun", { key, tries });
      }
    }
  }

  /** Goes on with an interrupted upload, after these of its parts. */
  static async resume(
    resources: MultipartResources,
    { kept, parts, holder }: {
      kept: KeptUpload;
      parts: readonly VerifiedPart[];
      holder: UploadHolder;
    },
  ): Promise<MultipartUpload> {
    const { key, uploadId } = kept.record;
    const claim = { ...kept.record, parts };
    const record = await resources.records.claim(kept.recordKey, claim, holder);
    return new MultipartUpload(resources, { key, uploadId, record, holder, parts });
  }

  /** Whether it can be kept when it is interrupted. */
  get isResumable(): boolean {
    return this.#holder !== undefined;
  }

  /** Whether, by its record, somebody else goes on with the upload now. */
  async isAnothers(): Promise<boolean> {
    await this.#record.isOurs();
    return this.#record.isAnothers;
  }

  /**
   * Sends a part until COS answers with its CRC-64.
   *
   * @throws {StoreError} `corrupt` when it does not; {TreeError} `taken-over`.
   */
  async send(part: PartBytes, options: CallOptions): Promise<void> {
    const { key, uploadId } = this;
    const { number: partNumber, payload, size, crc64 } = part;
    // Two gateways that resumed one upload at the same time would replace each other's parts.
    if (this.#inherited > 0 && partNumber === this.#inherited + 1 && await this.isAnothers()) {
      throw takenOver();
    }
    const stored = await sendUndamaged(
      this.#resources,
      { key, part: partNumber, crc64 },
      () => this.#resources.store.uploadPart({ key, uploadId, partNumber }, payload, options),
    );
    if (isDamaged(stored, part)) throw damaged(key);
    const { etag } = stored;
    this.#parts[partNumber - 1] = { size, crc64, etag };
    this.#record.update(this.#keepable());
  }

  /** Makes a part of bytes `start` to `end` (inclusive) of another object. @throws {StoreError} */
  async copy(
    partNumber: number,
    source: { key: string; start: number; end: number; ifMatch: string },
    options: CallOptions,
  ): Promise<void> {
    const { key, uploadId } = this;
    const part = { key, uploadId, partNumber };
    const { etag } = await this.#resources.store.uploadPartCopy(part, source, options);
    const size = source.end - source.start + 1;
    this.#parts[partNumber - 1] = { size, crc64: undefined, etag };
  }

  /**
   * Publishes the object that the parts make, as this session knows them, and says Complete until it is known whether that
   * took effect, since answers get lost.
   *
   * @param options.copied the parts that were copied, and the CRC-64 of all they hold. @default none
   * @throws {StoreError} when COS refused, it could not be found out whether it did, or the object is not whole.
   */
  async complete(
    options: {
      copied?: { parts: number; size: number; crc64: bigint | undefined };
      forbidOverwrite?: boolean;
    } = {},
  ): Promise<Stored & { readonly size: number }> {
    const { copied, forbidOverwrite } = options;
    const whole = this.#parts.slice(copied?.parts ?? 0).reduce((before, { size, crc64 }) => ({
      size: before.size + size,
      crc64: before.crc64 === undefined || crc64 === undefined
        ? undefined
        : combineCrc64(before.crc64, crc64, size),
    }), copied ?? { size: 0, crc64: 0n as bigint | undefined });
    const publication = { key: this.key, size: whole.size, crc64: whole.crc64 };
    const stored = await this.#publish(publication, { forbidOverwrite });
    this.#fate = "completed";
    const isComparable = stored.crc64 !== undefined && whole.crc64 !== undefined;
    const proved = !isComparable || stored.crc64 === whole.crc64
      ? stored
      : await settleDamage(this.#resources, publication, stored);
    return { ...proved, size: whole.size };
  }

  /**
   * Leaves what COS holds for a later session to go on with, if it is something, and if COS takes the record of it.
   *
   * @returns the kept length in bytes; undefined when there is none.
   */
  async keep(): Promise<number | undefined> {
    const parts = this.#fate === "open" ? this.#keepable() : [];
    if (parts.length === 0 || !await this.#record.keep(parts)) return undefined;
    this.#fate = "kept";
    return parts.reduce((sum, { size }) => sum + size, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#superseding;
    if (this.#fate === "kept" || this.#record.isAnothers) return await this.#record.leave();
    if (this.#fate === "open") {
      const { key, uploadId } = this;
      const { store, log } = this.#resources;
      try {
        await store.abortUpload({ key, uploadId }, uninterrupted());
      } catch (error) {
        log.warning("Cannot abort a multipart upload: it is left to the sweep", {
          key,
          uploadId,
          error: String(error),
        });
        return await this.#record.leave({ abandoned: true });
      }
    }
    await this.#record.remove();
  }

  /**
   * The parts that a record may name: without a gap, and none with which the client's file may have ended. A client asks how
   * much is kept, and takes its file for stored when that is all of it.
   */
  #keepable(): VerifiedPart[] {
    const parts: VerifiedPart[] = [];
    if (!this.#holder) return parts;
    let end = 0;
    for (let index = 0; index < this.#parts.length; index++) {
      const { size, crc64, etag } = this.#parts[index] ?? {};
      if (size === undefined || crc64 === undefined || etag === undefined) break;
      end += size;
      if (index >= this.#inherited && end >= this.#holder.size) break;
      parts.push({ size, crc64, etag });
    }
    return parts;
  }

  async #publish(
    publication: Publication,
    { forbidOverwrite }: { forbidOverwrite?: boolean },
  ): Promise<Stored> {
    const { key, uploadId } = this;
    const { store } = this.#resources;
    const parts = this.#parts.map(({ etag }, index) => ({ partNumber: index + 1, etag }));
    const options = { ...uninterrupted(), forbidOverwrite };
    for (let tries = 1;; tries++) {
      try {
        return await store.completeUpload({ key, uploadId }, parts, options);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        const known = !error.mayHaveHappened && !(tries > 1 && error.code === "NoSuchUpload");
        if (known) throw error;
        if (!await listPartsOf(store, { key, uploadId }, uninterrupted())) {
          this.#fate = "completed";
          return await confirm(this.#resources, publication, error);
        }
        if (tries === COMPLETE_TRIES) throw error;
      }
    }
  }
}

/** Which object has this key now; null: none; undefined where that cannot be found out. */
async function versionNow(
  store: ObjectStore,
  key: string,
): Promise<ObjectVersion | null | undefined> {
  let info: ObjectInfo;
  try {
    info = await store.head(key, uninterrupted());
  } catch (error) {
    return error instanceof StoreError && error.kind === "not-found" ? null : undefined;
  }
  return versionOf(info);
}

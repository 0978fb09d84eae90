import {
  type ObjectHeaders,
  type ObjectStore,
  type Stored,
  StoreError,
  uninterrupted,
} from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";
import { confirm, type Publication, settleDamage } from "./publication.ts";
import type { RunningRecord, UploadRecords } from "./upload_record.ts";

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

/**
 * A multipart upload of COS and its record. Disposing of it aborts it, unless it was completed; where COS does not let it,
 * the record stays and a sweep aborts it.
 */
export class MultipartUpload implements AsyncDisposable {
  readonly key: string;
  readonly uploadId: string;
  readonly #resources: MultipartResources;
  readonly #record: RunningRecord;
  #completed = false;

  private constructor(
    resources: MultipartResources,
    options: { key: string; uploadId: string; record: RunningRecord },
  ) {
    this.#resources = resources;
    this.#record = options.record;
    this.key = options.key;
    this.uploadId = options.uploadId;
  }

  /**
   * Begins an upload. Not to be given up half way: one whose UploadId never arrived cannot be aborted.
   *
   * @throws {StoreError}
   */
  static async begin(
    resources: MultipartResources,
    { key, headers }: { key: string; headers: ObjectHeaders },
  ): Promise<MultipartUpload> {
    const { store, records, log } = resources;
    for (let tries = 1;; tries++) {
      const record = await records.begin(key);
      try {
        const uploadId = await store.initiateUpload(key, { ...uninterrupted(), ...headers });
        record.name(uploadId);
        return new MultipartUpload(resources, { key, uploadId, record });
      } catch (error) {
        const inDoubt = error instanceof StoreError && error.mayHaveHappened;
        await (inDoubt ? record.leave() : record.remove());
        if (!inDoubt || tries === INITIATE_TRIES) throw error;
        log.info("The answer to an Initiate was lost: another upload is begun", { key, tries });
      }
    }
  }

  /**
   * Publishes the object that the parts make, and says Complete until it is known whether that took effect, since answers
   * get lost.
   *
   * @param options.etags of the parts, in their order.
   * @throws {StoreError} when COS refused, it could not be found out whether it did, or the object is not `whole`.
   */
  async complete(
    whole: Omit<Publication, "key">,
    options: { etags: readonly string[]; forbidOverwrite?: boolean },
  ): Promise<Stored> {
    const publication = { key: this.key, ...whole };
    const stored = await this.#publish(publication, options);
    this.#completed = true;
    const isComparable = stored.crc64 !== undefined && whole.crc64 !== undefined;
    if (!isComparable || stored.crc64 === whole.crc64) return stored;
    return await settleDamage(this.#resources, publication, stored);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#completed) {
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
        return await this.#record.leave();
      }
    }
    await this.#record.remove();
  }

  async #publish(
    publication: Publication,
    { etags, forbidOverwrite }: { etags: readonly string[]; forbidOverwrite?: boolean },
  ): Promise<Stored> {
    const { key, uploadId } = this;
    const { store } = this.#resources;
    const parts = etags.map((etag, index) => ({ partNumber: index + 1, etag }));
    const options = { ...uninterrupted(), forbidOverwrite };
    for (let tries = 1;; tries++) {
      try {
        return await store.completeUpload({ key, uploadId }, parts, options);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        const known = !error.mayHaveHappened && !(tries > 1 && error.code === "NoSuchUpload");
        if (known) throw error;
        if (!await this.#isUnfinished()) {
          return await confirm(this.#resources, publication, error);
        }
        if (tries === COMPLETE_TRIES) throw error;
      }
    }
  }

  async #isUnfinished(): Promise<boolean> {
    const { key, uploadId } = this;
    try {
      await this.#resources.store.listParts({ key, uploadId }, uninterrupted());
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.kind === "not-found") return false;
      throw error;
    }
  }
}

import { createHash } from "node:crypto";
import { crc64 } from "../checksum/crc64.ts";
import { type Clock, Deadline } from "../clock.ts";
import {
  type CallOptions,
  type ListedObject,
  type ObjectStore,
  StoreError,
} from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";
import { RunningRecord } from "./running_record.ts";
import { formatRecord, parseRecord, RECORD_MAX, type UploadRecord } from "./upload_record.ts";
import { takenOver } from "./tree_error.ts";
import { RESERVED_NAME } from "./virtual_path.ts";

/** Where an account's records lie, below its key prefix. */
export const RECORDS_FOLDER: string = `${RESERVED_NAME}/uploads/`;

/** How long an upload waits for one call about its record. Milliseconds. */
const PATIENCE = 5_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the records of an account are written with. */
export interface UploadRecordsOptions {
  readonly store: ObjectStore;
  /** Of the account: empty, or ends with `/`. */
  readonly keyPrefix: string;
  /** The FTP user name. */
  readonly account: string;
  readonly cluster: string;
  /** What becomes of an interrupted upload (`interrupted_upload`). */
  readonly interrupted: "resume" | "discard";
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who works at an upload in this process. */
export interface UploadHolder {
  /** Bytes taken from the client. */
  readonly size: number;
  /** Another one goes on with the upload, here or on another gateway. */
  giveUp(): void;
}

/**
 * The records of one account's multipart uploads, one small object each. COS tells of an unfinished upload neither who
 * began it nor for whom, nor any checksum; by its record it can be resumed, and swept, whatever became of the process that
 * began it. Records of one file lie together: `.cosftp/uploads/<hash of account and key>/<random>`.
 */
export class UploadRecords {
  readonly #options: UploadRecordsOptions;
  readonly #running = new Map<string, { record: RunningRecord; holder?: UploadHolder }>();
  /** Records of uploads that this process has ended without being able to abort them. */
  readonly #abandoned = new Set<string>();
  /** The files that records were seen of, by the folder of their records. */
  #seen = new Set<string>();
  #refused = false;

  constructor(options: UploadRecordsOptions) {
    this.#options = options;
  }

  get options(): UploadRecordsOptions {
    return this.#options;
  }

  /** What the keys of all records begin with. */
  get prefix(): string {
    return this.#options.keyPrefix + RECORDS_FOLDER;
  }

  /** Whether interrupted uploads are kept: they are to be, and COS lets records be written. */
  get areKept(): boolean {
    return this.#options.interrupted === "resume" && !this.#refused;
  }

  /** Whether the record of this key belongs to an upload that this process still works at. */
  isRunning(recordKey: string): boolean {
    return this.#running.has(recordKey);
  }

  /** Whether what it speaks of is to be aborted as soon as COS lets us. */
  isAbandoned(recordKey: string): boolean {
    return this.#abandoned.has(recordKey);
  }

  /** Whether a record of this file was seen: without asking COS, so another gateway may have written one since. */
  isSeen(key: string): boolean {
    return this.#seen.has(this.#folderOf(key));
  }

  /**
   * Writes down that an upload of `key` is about to begin, before COS is asked for it: should the answer be lost, or the
   * process be killed before it comes, the record says that there may be an upload, and since when. Never throws: an upload
   * does not fail because of its record.
   *
   * @param holder of an upload that may be resumed.
   */
  async begin(key: string, holder?: UploadHolder): Promise<RunningRecord> {
    const { cluster, account, clock } = this.#options;
    const record = this.#run(`${this.#folderOf(key)}${crypto.randomUUID()}`, holder, {
      cluster,
      owner: crypto.randomUUID(),
      account,
      key,
      started: new Date(clock.now()).toISOString(),
    });
    await record.write();
    return record;
  }

  /** Takes over the record of an upload that is to be gone on with. @throws {TreeError} `taken-over` by another session. */
  async claim(
    recordKey: string,
    record: UploadRecord,
    holder: UploadHolder,
  ): Promise<RunningRecord> {
    if (this.#running.has(recordKey)) throw takenOver();
    const claimed = this.#run(recordKey, holder, { ...record, owner: crypto.randomUUID() });
    await claimed.write();
    return claimed;
  }

  /** Has whoever works at this upload in this process end, and waits until what it leaves is written down. */
  async takeOver(recordKey: string): Promise<void> {
    const running = this.#running.get(recordKey);
    if (!running?.holder) return;
    running.holder.giveUp();
    await running.record.ended;
  }

  /** The records of one file, not yet read. None where records are not kept. @throws {StoreError} */
  async list(key: string, options: CallOptions): Promise<readonly ListedObject[]> {
    if (!this.areKept) return [];
    const folder = this.#folderOf(key);
    try {
      const { objects } = await this.#options.store.list({ ...options, prefix: folder });
      if (objects.length > 0) this.#seen.add(folder);
      return objects;
    } catch (error) {
      if (!this.#isRefusal(error)) throw error;
      return [];
    }
  }

  /** Takes note of all records that there are, by their keys. */
  seeOnly(recordKeys: readonly string[]): void {
    this.#seen = new Set(recordKeys.map((key) => key.slice(0, key.lastIndexOf("/") + 1)));
  }

  /** Removes the record of an upload that nothing is left of. @throws {StoreError} */
  async sweep(recordKey: string, options: CallOptions): Promise<void> {
    await this.#options.store.delete(recordKey, options);
    this.#abandoned.delete(recordKey);
  }

  /**
   * Reads a record.
   *
   * @returns undefined when it is gone, or no record.
   * @throws {StoreError} everything else; `corrupt` when it arrives damaged: whoever took an upload for lost because of that
   * would tell its client the length of the old file, and mix the two.
   */
  async read(recordKey: string, options: CallOptions): Promise<UploadRecord | undefined> {
    try {
      using body = await this.#options.store.get(recordKey, options);
      if (body.length > RECORD_MAX) return undefined;
      const bytes = new Uint8Array(body.length);
      for (let at = 0; at < bytes.length;) {
        const count = await body.read(bytes.subarray(at));
        if (count === null) return undefined;
        at += count;
      }
      const { crc64: wanted } = body.info;
      if (wanted !== undefined && crc64(bytes) !== wanted) {
        throw new StoreError(`Cannot read ${recordKey}: what came is not what was stored (CRC64)`, {
          kind: "corrupt",
          code: "Crc64Differs",
        });
      }
      return parseRecord(decoder.decode(bytes));
    } catch (error) {
      if (error instanceof StoreError && error.kind === "not-found") return undefined;
      throw error;
    }
  }

  /** Writes a record. Never throws. @returns whether COS took it. */
  async write(recordKey: string, record: UploadRecord): Promise<boolean> {
    const body = [encoder.encode(formatRecord(record))];
    const contentType = "application/json";
    return await this.attempt(
      "Cannot write the record of an upload: should it break off now, it cannot be resumed",
      async (call) => void await this.#options.store.put(recordKey, body, { ...call, contentType }),
    );
  }

  /** Removes a record. Never throws. @returns whether COS did so. */
  async remove(recordKey: string): Promise<boolean> {
    return await this.attempt(
      "Cannot remove the record of an upload that has ended",
      (call) => this.#options.store.delete(recordKey, call),
    );
  }

  /** Makes a call that may fail, but not for long; once COS has denied one, no others are made. @returns whether it succeeded. */
  async attempt(message: string, act: (call: CallOptions) => Promise<void>): Promise<boolean> {
    if (this.#refused) return false;
    const { clock, log, account } = this.#options;
    using deadline = new Deadline({
      clock,
      milliseconds: PATIENCE,
      error: () => new Error(`COS did not answer within ${PATIENCE / 1000} s`),
    });
    try {
      await act({ signal: deadline.signal });
      return true;
    } catch (error) {
      if (!this.#isRefusal(error)) log.warning(message, { account, error: String(error) });
      return false;
    }
  }

  /** Ends what this process does with a record. @param abandoned whether its upload is still to be aborted. */
  release(recordKey: string, { abandoned }: { abandoned: boolean }): void {
    this.#running.delete(recordKey);
    if (abandoned) this.#abandoned.add(recordKey);
  }

  #run(
    recordKey: string,
    holder: UploadHolder | undefined,
    first: UploadRecord,
  ): RunningRecord {
    const record = new RunningRecord({ records: this, recordKey, holder, first });
    this.#running.set(recordKey, { record, holder });
    return record;
  }

  #isRefusal(error: unknown): boolean {
    if (!(error instanceof StoreError && error.code === "AccessDenied")) return false;
    if (!this.#refused) {
      this.#options.log.warning(
        "No records of uploads are kept any more: interrupted uploads are discarded",
        { account: this.#options.account, folder: this.prefix, error: String(error) },
      );
    }
    return this.#refused = true;
  }

  #folderOf(key: string): string {
    const hash = createHash("sha256").update(`${this.#options.account}\0${key}`).digest("hex");
    return `${this.prefix}${hash.slice(0, 32)}/`;
  }
}

import { type Clock, Deadline } from "../clock.ts";
import { type CallOptions, type ObjectStore, StoreError } from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";
import { RESERVED_NAME } from "./virtual_path.ts";

/** Where an account's records lie, below its key prefix. */
const FOLDER = `${RESERVED_NAME}/uploads/`;

/** How long an upload waits for one call about its record. Milliseconds. */
const PATIENCE = 5_000;

/** The longest record that is read. Bytes. */
const RECORD_MAX = 16 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is written down of a multipart upload while it is unfinished. */
export interface UploadRecord {
  /** `cluster_name` of the gateway that began it. */
  readonly cluster: string;
  /** The process that began it. */
  readonly process: string;
  /** The FTP user name. */
  readonly account: string;
  readonly key: string;
  /** Absent until Initiate was answered. */
  readonly uploadId?: string;
  /** When it began, by the gateway's clock, ISO 8601. */
  readonly started: string;
}

/** What the records of an account are written with. */
export interface UploadRecordsOptions {
  readonly store: ObjectStore;
  /** Of the account: empty, or ends with `/`. */
  readonly keyPrefix: string;
  /** The FTP user name. */
  readonly account: string;
  readonly cluster: string;
  /** Names this process, and no other that ever was. */
  readonly process: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The records of one account's multipart uploads, one small object each. COS tells of an unfinished upload neither who
 * began it nor for whom; by its record a sweep knows it, whatever became of the process that began it.
 */
export class UploadRecords {
  readonly #options: UploadRecordsOptions;
  readonly #running = new Set<string>();
  #refused = false;

  constructor(options: UploadRecordsOptions) {
    this.#options = options;
  }

  get options(): UploadRecordsOptions {
    return this.#options;
  }

  /** What the keys of all records begin with. */
  get prefix(): string {
    return this.#options.keyPrefix + FOLDER;
  }

  /** Whether the record of this key belongs to an upload that this process still works at. */
  isRunning(recordKey: string): boolean {
    return this.#running.has(recordKey);
  }

  /**
   * Writes down that an upload of `key` is about to begin, before COS is asked for it: should the answer be lost, or the
   * process be killed before it comes, the record says that there may be an upload, and since when. Never throws: an upload
   * does not fail because of its record.
   */
  async begin(key: string): Promise<RunningRecord> {
    const { cluster, process, account, clock } = this.#options;
    const recordKey = `${this.prefix}${crypto.randomUUID()}`;
    const started = new Date(clock.now()).toISOString();
    const record = { cluster, process, account, key, started };
    this.#running.add(recordKey);
    await this.#write(recordKey, record);
    let named: Promise<void> | undefined;
    const leave = async () => {
      await named;
      this.#running.delete(recordKey);
    };
    return {
      name: (uploadId) => {
        named = this.#write(recordKey, { ...record, uploadId });
      },
      leave,
      remove: async () => {
        await named;
        await this.#attempt(
          "Cannot remove the record of an upload that has ended",
          (call) => this.#options.store.delete(recordKey, call),
        );
        await leave();
      },
    };
  }

  /** Reads a record. @returns undefined when it is gone, or no record. @throws {StoreError} everything else. */
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
      return parseRecord(decoder.decode(bytes));
    } catch (error) {
      if (error instanceof StoreError && error.kind === "not-found") return undefined;
      throw error;
    }
  }

  #write(recordKey: string, record: UploadRecord): Promise<void> {
    const { store } = this.#options;
    const body = [encoder.encode(JSON.stringify(record))];
    const contentType = "application/json";
    return this.#attempt(
      "Cannot write the record of an upload: what a crash leaves of it will stay in the bucket",
      async (call) => void await store.put(recordKey, body, { ...call, contentType }),
    );
  }

  /** Makes a call that may fail, but not for long; once COS has denied one, no others are made. */
  async #attempt(message: string, act: (call: CallOptions) => Promise<void>): Promise<void> {
    if (this.#refused) return;
    const { clock, log, account } = this.#options;
    using deadline = new Deadline({
      clock,
      milliseconds: PATIENCE,
      error: () => new Error(`COS did not answer within ${PATIENCE / 1000} s`),
    });
    try {
      await act({ signal: deadline.signal });
    } catch (error) {
      this.#refused = error instanceof StoreError && error.kind === "denied";
      log.warning(message, { account, error: String(error) });
      if (this.#refused) log.warning("No records of uploads are kept any more", { account });
    }
  }
}

/** The record of an upload that this process works at, from before Initiate until nothing is left of it. */
export interface RunningRecord {
  /** Adds the UploadId, without being waited for. */
  name(uploadId: string): void;
  /** Nothing is left of the upload. */
  remove(): Promise<void>;
  /** Something may be left of it: the record stays, for the sweep. */
  leave(): Promise<void>;
}

function parseRecord(text: string): UploadRecord | undefined {
  let record: Partial<UploadRecord> | null;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { cluster, process, account, key, started, uploadId } = record ?? {};
  const texts = [cluster, process, account, key, started, uploadId ?? ""];
  return texts.every((text) => typeof text === "string") ? record as UploadRecord : undefined;
}

import type { ObjectVersion, UploadRecord, VerifiedPart } from "./upload_record.ts";
import type { UploadHolder, UploadRecords } from "./upload_records.ts";

/** A record is written anew at most so often while its upload goes on. Milliseconds. */
export const UPDATE_INTERVAL = 10_000;

/**
 * The record of an upload that this process works at, from before Initiate until the upload has ended, is kept, or is
 * another one's. No call throws.
 */
export class RunningRecord {
  readonly recordKey: string;
  /** Resolves when this process has done with it. */
  readonly ended: Promise<void>;
  readonly #records: UploadRecords;
  readonly #holder: UploadHolder | undefined;
  #record: UploadRecord;
  #end!: () => void;
  /** One call at a time. */
  #calls: Promise<unknown> = Promise.resolve();
  #writtenAt = -Infinity;
  /** Whether COS holds a record that names the UploadId. */
  #isNamed = false;
  /** Whether the record says that we work at the upload; "gone": somebody has removed it. */
  #state: "ours" | "another's" | "gone" = "ours";

  constructor(options: {
    records: UploadRecords;
    recordKey: string;
    holder: UploadHolder | undefined;
    first: UploadRecord;
  }) {
    this.#records = options.records;
    this.recordKey = options.recordKey;
    this.#holder = options.holder;
    this.#record = options.first;
    this.ended = new Promise((resolve) => this.#end = resolve);
  }

  /** Writes it as it is now. */
  write(): Promise<void> {
    return this.#queue(() => this.#write());
  }

  /** Adds the UploadId and what the upload replaces. Nobody need wait for it. */
  name(uploadId: string, replaces: ObjectVersion | null | undefined): Promise<void> {
    const parts = this.#holder && [];
    this.#record = { ...this.#record, uploadId, replaces, parts };
    return this.write();
  }

  /** Writes down the parts that are verified, unless it was written lately. Nobody need wait for it. */
  async update(parts: readonly VerifiedPart[]): Promise<void> {
    const { clock } = this.#records.options;
    if (!this.#holder || clock.now() - this.#writtenAt < UPDATE_INTERVAL) return;
    this.#writtenAt = clock.now();
    await this.#writeIfOurs(parts);
  }

  /** Writes down what is kept. @returns whether the upload can be resumed by what COS now holds. */
  async keep(parts: readonly VerifiedPart[]): Promise<boolean> {
    await this.#writeIfOurs(parts);
    return this.#state === "ours" && this.#isNamed;
  }

  /** Looks whether somebody else goes on with the upload, whom it then is left to: the holder is told. */
  async isOurs(): Promise<boolean> {
    await this.#queue(() => this.#look());
    return this.#state === "ours";
  }

  /** Whether it was found that somebody else goes on with the upload. */
  get isAnothers(): boolean {
    return this.#state === "another's";
  }

  /** Nothing is left of the upload: removes the record, or leaves that to the next sweep. */
  async remove(): Promise<void> {
    let wasRemoved = false;
    await this.#queue(async () => {
      wasRemoved = await this.#records.remove(this.recordKey);
    });
    await this.leave({ abandoned: !wasRemoved });
  }

  /** Leaves the record as it is: for whoever resumes the upload, or for a sweep. */
  async leave(options: { abandoned: boolean } = { abandoned: false }): Promise<void> {
    await this.#calls;
    this.#records.release(this.recordKey, options);
    this.#end();
  }

  /** In one turn: what is written after the record was removed would stay. */
  #writeIfOurs(parts: readonly VerifiedPart[]): Promise<void> {
    return this.#queue(async () => {
      await this.#look();
      if (this.#state !== "ours") return;
      this.#record = { ...this.#record, parts };
      await this.#write();
    });
  }

  async #look(): Promise<void> {
    if (this.#state === "ours" && this.#isNamed) {
      await this.#records.attempt("Cannot read the record of an upload", async (call) => {
        const found = await this.#records.read(this.recordKey, call);
        if (found === undefined) this.#state = "gone";
        else if (found.owner !== this.#record.owner) this.#state = "another's";
      });
    }
    if (this.#state === "another's") this.#holder?.giveUp();
  }

  async #write(): Promise<void> {
    this.#writtenAt = this.#records.options.clock.now();
    const wasWritten = await this.#records.write(this.recordKey, this.#record);
    if (wasWritten && this.#record.uploadId !== undefined) this.#isNamed = true;
  }

  #queue(call: () => Promise<void>): Promise<void> {
    const done = this.#calls.then(call);
    this.#calls = done;
    return done;
  }
}

import { crc64 } from "../../checksum/crc64.ts";
import { type ObjectStore, type Stored, StoreError } from "../../store/object_store.ts";
import type { CamAction } from "./cam_policy.ts";
import { isDenied, isLetThrough, NO_UPLOAD, refusalOf, whyLeft } from "./refusal.ts";

const BYTES = new TextEncoder().encode(
  "cosftp check-keys --write wrote this and removes it again\n",
);
const CRC64 = crc64(BYTES);

/** What the names of canaries, and of other keys that checks ask for, begin with, below the account's prefix. */
export const CANARY_NAME = ".cosftp-check-";

/** The endings of the keys that a canary may leave behind. */
const ENDINGS = ["", "-copy", "-parts"] as const;

/** What came of a canary's life. */
export interface CanaryResult {
  /** What was done, and what COS said no to. */
  readonly done: readonly CamAction[];
  readonly denied: ReadonlyMap<CamAction, StoreError>;
  /** Other refusals. */
  readonly refusals: readonly StoreError[];
  /** What COS stored otherwise than it was sent. */
  readonly faults: readonly string[];
}

/**
 * Small objects that are written, copied, uploaded in parts and removed again, to see what a pair of keys may do. Nothing is written
 * before it is known that it could be removed.
 */
export class Canary {
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #actions: readonly CamAction[];
  readonly #encryption: string | undefined;
  readonly #signal: AbortSignal;
  readonly #done: CamAction[] = [];
  readonly #denied = new Map<CamAction, StoreError>();
  readonly #refusals: StoreError[] = [];
  readonly #faults: string[] = [];
  readonly #attempted = new Set<CamAction>();
  #upload: { key: string; uploadId: string } | undefined;

  constructor(options: {
    store: ObjectStore;
    /** What the keys of its objects begin with. */
    key: string;
    /** What is tried; without the right to write, delete and abort little can be. */
    actions: readonly CamAction[];
    encryption: string | undefined;
    signal: AbortSignal;
  }) {
    this.#store = options.store;
    this.#key = options.key;
    this.#actions = options.actions;
    this.#encryption = options.encryption;
    this.#signal = options.signal;
  }

  /** Lives; {@linkcode Canary.remove} is to be called afterwards, whatever happens. @throws the signal's reason. */
  async live(): Promise<CanaryResult> {
    const store = this.#store;
    const call = { signal: this.#signal };
    const nowhere = { key: `${this.#key}-parts`, uploadId: NO_UPLOAD };
    const mayDelete = await this.#try("DeleteObject", () => store.delete(this.#key, call));
    const mayAbort = await this.#try("AbortMultipartUpload", async () => {
      const refusal = await refusalOf(store.abortUpload(nowhere, call));
      if (refusal && !isLetThrough(refusal)) throw refusal;
    });
    if (mayDelete) await this.#objects();
    if (mayDelete && mayAbort) await this.#uploads();
    return {
      done: this.#done,
      denied: this.#denied,
      refusals: this.#refusals,
      faults: this.#faults,
    };
  }

  async #objects(): Promise<void> {
    const store = this.#store;
    const call = { signal: this.#signal };
    const headers = { ...call, encryption: this.#encryption };
    const copy = `${this.#key}-copy`;
    if (!await this.#stores("PutObject", () => store.put(this.#key, [BYTES], headers))) return;
    await this.#stores("PutObjectCopy", () => store.copy(this.#key, copy, headers));
    await this.#try("DeleteMultipleObjects", async () => {
      const [left] = await store.deleteMany([copy], call);
      if (left) {
        const kind = left.code === "AccessDenied" ? "denied" : "invalid";
        throw new StoreError(`Cannot remove ${left.key}: ${left.code}`, { ...left, kind });
      }
    });
  }

  async #uploads(): Promise<void> {
    const store = this.#store;
    const call = { signal: this.#signal };
    const key = `${this.#key}-parts`;
    const headers = { ...call, encryption: this.#encryption };
    await this.#try("InitiateMultipartUpload", async () => {
      this.#upload = { key, uploadId: await store.initiateUpload(key, headers) };
    });
    const upload = this.#upload;
    if (!upload) return;
    const source = { key: this.#key, start: 0, end: BYTES.length - 1 };
    if (this.#done.includes("PutObject")) {
      const part = { ...upload, partNumber: 2 };
      await this.#stores("UploadPartCopy", () => store.uploadPartCopy(part, source, call));
    }
    let etag = "";
    const sent = await this.#stores("UploadPart", async () => {
      const stored = await store.uploadPart({ ...upload, partNumber: 1 }, [BYTES], call);
      etag = stored.etag;
      return stored;
    });
    await this.#try("ListParts", () => store.listParts(upload, call));
    if (!sent) return;
    await this.#stores(
      "CompleteMultipartUpload",
      () => store.completeUpload(upload, [{ partNumber: 1, etag }], call),
    );
  }

  /** Removes everything, also what an interrupted call may have left. @returns what may still be there, and why. */
  async remove(signal: AbortSignal): Promise<readonly string[]> {
    const store = this.#store;
    const call = { signal };
    const left: string[] = [];
    const attempt = async (what: string, work: Promise<unknown>) => {
      const reason = await whyLeft(work, signal);
      if (reason !== undefined) left.push(`${what}: ${reason}`);
    };
    if (this.#upload) {
      await attempt("an unfinished upload", store.abortUpload(this.#upload, call));
    } else if (this.#mayHaveDone("InitiateMultipartUpload")) {
      const listing = store.listUploads({ prefix: this.#key, ...call });
      const aborting = listing.then((uploads) =>
        Promise.all(uploads.map((upload) => store.abortUpload(upload, call)))
      );
      await attempt("unfinished uploads", aborting);
    }
    if (this.#mayHaveDone("PutObject") || this.#mayHaveDone("CompleteMultipartUpload")) {
      const keys = ENDINGS.map((ending) => this.#key + ending);
      await Promise.all(keys.map((key) => attempt(key, store.delete(key, call))));
    }
    return left;
  }

  /** Also when nobody heard the answer. */
  #mayHaveDone(action: CamAction): boolean {
    return this.#attempted.has(action) && !this.#denied.has(action);
  }

  /** @returns whether COS did it. */
  async #try(action: CamAction, work: () => Promise<unknown>): Promise<boolean> {
    if (!this.#actions.includes(action)) return false;
    this.#attempted.add(action);
    const refusal = await refusalOf(work());
    if (!refusal) this.#done.push(action);
    else if (isDenied(refusal)) this.#denied.set(action, refusal);
    else this.#refusals.push(refusal);
    return refusal === undefined;
  }

  /** The same for what stores the canary's bytes. */
  async #stores(action: CamAction, work: () => Promise<Stored>): Promise<boolean> {
    return await this.#try(action, async () => {
      const { crc64: actual } = await work();
      if (actual !== undefined && actual !== CRC64) {
        this.#faults.push(`${action}: CRC64 is ${actual}, the bytes sent have ${CRC64}`);
      }
    });
  }
}

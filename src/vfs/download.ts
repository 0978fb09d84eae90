import { crc64 } from "../checksum/crc64.ts";
import { type ObjectBody, type ObjectStore, StoreError } from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";
import { TreeError } from "./tree_error.ts";

/** How often a broken GET is taken up again within one download. */
const RESUME_TRIES = 5;

/** What all downloads of a gateway share. */
export interface DownloadResources {
  readonly store: ObjectStore;
  readonly log: Logger;
}

/**
 * Reads one object from a restart marker to its end. A GET that breaks is taken up where it broke, and only while the
 * object is still the same: bytes of two versions are never mixed.
 */
export class Download implements Disposable {
  readonly #resources: DownloadResources;
  readonly #key: string;
  readonly #disposal = new AbortController();
  readonly #signal: AbortSignal;
  #body: ObjectBody;
  #position: number;
  /** Of what was read, where that is the object from its beginning. */
  #crc64: bigint | undefined;
  #triesLeft = RESUME_TRIES;

  private constructor(
    resources: DownloadResources,
    options: { key: string; start: number; signal: AbortSignal; body: ObjectBody },
  ) {
    this.#resources = resources;
    this.#key = options.key;
    this.#signal = AbortSignal.any([options.signal, this.#disposal.signal]);
    this.#position = options.start;
    this.#crc64 = options.start === 0 ? 0n : undefined;
    this.#body = options.body;
    this.length = options.body.length;
  }

  /**
   * Opens an object, in one request.
   *
   * @throws {TreeError} `not-found`; `beyond-end` when `start` is behind the last byte.
   * @throws {StoreError} everything else.
   */
  static async open(
    resources: DownloadResources,
    options: { key: string; start: number; signal: AbortSignal },
  ): Promise<Download> {
    const { key, start, signal } = options;
    const { store } = resources;
    try {
      const body = await store.get(key, { signal, start: start === 0 ? undefined : start });
      return new Download(resources, { ...options, body });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.kind === "not-found" && error.code !== "NoSuchBucket") {
        throw new TreeError("not-found", "No such file", { cause: error });
      }
      if (error.code !== "InvalidRange") throw error;
      // COS refuses the range that begins at the end; to FTP it is an empty rest.
      const info = await store.head(key, { signal });
      if (start > info.size) {
        throw new TreeError("beyond-end", `The file has only ${info.size} bytes`, { cause: error });
      }
      const body = { info, length: 0, read: () => Promise.resolve(null), [Symbol.dispose]() {} };
      return new Download(resources, { ...options, body });
    }
  }

  /** Bytes of the whole object. */
  get size(): number {
    return this.#body.info.size;
  }

  /** Of the object. */
  get etag(): string {
    return this.#body.info.etag;
  }

  /** COS's name for the request that opened it, for the log. */
  get requestId(): string | undefined {
    return this.#body.info.requestId;
  }

  /** Bytes from the restart marker to the end. */
  readonly length: number;

  /**
   * Reads what has arrived, at least one byte; null at the end of the object.
   *
   * @throws {TreeError} `changed` when the object was replaced meanwhile.
   * @throws {StoreError} when it could not be taken up again; `corrupt`, in place of the last bytes, when the whole object
   * has not the CRC64 that COS tells: so nobody gets a damaged file to its end.
   */
  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      try {
        const count = await this.#body.read(into);
        if (count !== null) this.#take(into.subarray(0, count));
        return count;
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        const broken = error instanceof StoreError && error.kind !== "corrupt";
        if (!broken || this.#triesLeft-- === 0) throw error;
        this.#resources.log.info("A download from COS broke and is taken up again", {
          key: this.#key,
          position: this.#position,
          error: error.message,
        });
        await this.#reopen();
      }
    }
  }

  [Symbol.dispose](): void {
    this.#disposal.abort(new Error("The download was given up"));
    this.#body[Symbol.dispose]();
  }

  #take(bytes: Uint8Array): void {
    this.#position += bytes.length;
    if (this.#crc64 === undefined) return;
    this.#crc64 = crc64(bytes, this.#crc64);
    const { info } = this.#body;
    if (this.#position < info.size || info.crc64 === undefined) return;
    if (this.#crc64 === info.crc64) return;
    throw new StoreError(`Cannot read ${this.#key}: what came is not what COS stored (CRC64)`, {
      kind: "corrupt",
      code: "Crc64Differs",
      requestId: info.requestId,
    });
  }

  async #reopen(): Promise<void> {
    const { etag } = this.#body.info;
    this.#body[Symbol.dispose]();
    try {
      this.#body = await this.#resources.store.get(this.#key, {
        signal: this.#signal,
        start: this.#position,
        ifMatch: etag,
      });
      // It may have come in the moment when nobody wanted it any more.
      if (this.#signal.aborted) this.#body[Symbol.dispose]();
    } catch (error) {
      const gone = error instanceof StoreError &&
        (error.kind === "conflict" || error.kind === "not-found");
      if (!gone) throw error;
      throw new TreeError("changed", "The file was replaced or removed while it was read", {
        cause: error,
      });
    }
  }
}

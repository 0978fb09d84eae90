import {
  type CallOptions,
  type ListedObject,
  type ObjectInfo,
  type ObjectStore,
  StoreError,
  uninterrupted,
} from "../store/object_store.ts";
import { inParallel } from "./in_parallel.ts";
import { COPY_MAX } from "./part_copies.ts";
import { TreeError } from "./tree_error.ts";

/** The metadata that holds a file's time: seconds since the epoch with a fraction, as rclone writes it. */
const MTIME = "mtime";

/** How many files' times are remembered. */
const KNOWN_MAX = 100_000;

/** HEAD requests at once for one listing. */
const PARALLEL = 16;

/**
 * The times that clients set for the files of one bucket (`preserve_mtime`). COS itself only knows when an object was
 * stored, so they are kept in its metadata. Listings do not tell metadata: each file is asked for once, and its time
 * remembered for as long as its ETag and its LastModified stay.
 */
export class FileTimes {
  readonly #store: ObjectStore;
  readonly #known = new Map<string, Date>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The time that was set, else when the object was stored. */
  of({ metadata, modified }: Pick<ObjectInfo, "metadata" | "modified">): Date {
    const seconds = Number(metadata[MTIME] || NaN);
    const time = new Date(seconds * 1000);
    return Number.isNaN(time.getTime()) ? modified : time;
  }

  /** The times of the files of a listing, in their order. @throws {StoreError}; the signal's reason. */
  async ofListed(objects: readonly ListedObject[], options: CallOptions): Promise<Date[]> {
    const missing = objects.filter((object) => !this.#known.has(nameOf(object)));
    await inParallel(missing, PARALLEL, async (object) => {
      try {
        const info = await this.#store.head(object.key, options);
        this.#remember(object, this.of(info));
      } catch (error) {
        // Removed since it was listed.
        if (!(error instanceof StoreError && error.kind === "not-found")) throw error;
      }
    });
    return objects.map((object) => this.#known.get(nameOf(object)) ?? object.modified);
  }

  /**
   * Sets a file's time, by copying the object onto itself with all that is kept with it.
   *
   * @throws {TreeError} `not-permitted` for an archived file and for one above 5 GB.
   */
  async set(key: string, { info, time }: { info: ObjectInfo; time: Date }): Promise<void> {
    if (/ARCHIVE$/.test(info.storageClass)) {
      throw new TreeError("not-permitted", "The time of an archived file cannot be set");
    }
    if (info.size > COPY_MAX) {
      throw new TreeError("not-permitted", "The time of a file above 5 GB cannot be set");
    }
    const { contentType, httpFields, storageClass, encryption } = info;
    const metadata = { ...info.metadata, [MTIME]: String(time.getTime() / 1000) };
    await this.#store.copy(key, key, {
      ...uninterrupted(),
      ifMatch: info.etag,
      replace: { contentType, httpFields, metadata },
      storageClass,
      encryption,
    });
  }

  #remember(object: ListedObject, time: Date): void {
    this.#known.set(nameOf(object), time);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KNOWN_MAX) break;
      this.#known.delete(oldest);
    }
  }
}

/** Setting a time leaves the ETag as it is, but not LastModified. */
function nameOf({ key, etag, modified }: ListedObject): string {
  return `${modified.getTime()} ${etag} ${key}`;
}

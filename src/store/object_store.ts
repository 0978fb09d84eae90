/** What is known of an object without reading it. */
export interface ObjectInfo {
  /** Bytes. */
  readonly size: number;
  /** Without the quotes of the header. */
  readonly etag: string;
  readonly modified: Date;
  /** Present unless the store has none for this object (very old ones). */
  readonly crc64?: bigint;
  /** COS's name for the request that brought this, for the log. */
  readonly requestId?: string;
  readonly storageClass: string;
  /** `x-cos-server-side-encryption`, where COS encrypts. */
  readonly encryption?: string;
  readonly contentType?: string;
  /** The other fields that COS gives back as they were stored ({@linkcode HTTP_FIELDS}), by lower-case name. */
  readonly httpFields?: Readonly<Record<string, string>>;
  /** `x-cos-meta-*`, without the prefix, lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** HTTP fields besides Content-Type that COS keeps with an object. */
export const HTTP_FIELDS = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
] as const;

/** An object's bytes on their way. Disposing of it before the end gives up the transfer. */
export interface ObjectBody extends Disposable {
  /** The whole object, whatever range was asked for. */
  readonly info: ObjectInfo;
  /** How many bytes this body will bring: the range's length. */
  readonly length: number;
  /**
   * Reads what has arrived, at least one byte.
   *
   * @returns the number of bytes read, or null after the last one.
   * @throws {StoreError} when the body ends early or stalls.
   */
  read(into: Uint8Array): Promise<number | null>;
}

/** One row of a listing: an object. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
  readonly storageClass: string;
}

/** One page of a listing. Both lists are in the UTF-8 byte order of their keys. */
export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** Ends of the common prefixes included: `a/b/`. */
  readonly prefixes: readonly string[];
  /** Where the next page begins; undefined on the last page. */
  readonly nextMarker: string | undefined;
  /** When the store answered, by its own clock, to the second; undefined where it does not say. */
  readonly date?: Date;
}

/** Bytes of known length, sent in order and kept until the call returns (a retry sends them again). */
export type Payload = readonly Uint8Array[];

/** What COS answers to a stored object or part. */
export interface Stored {
  readonly etag: string;
  /** CRC-64/ECMA of the stored bytes; undefined where the endpoint does not send it. */
  readonly crc64: bigint | undefined;
  /** COS's name for the request, for the log. */
  readonly requestId?: string;
}

/** An unfinished multipart upload. */
export interface PendingUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}

/** A part of an unfinished multipart upload. */
export interface StoredPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly size: number;
  readonly modified: Date;
}

/** What is kept with an object besides its bytes. What is left out is COS's default. */
export interface ObjectHeaders {
  readonly contentType?: string;
  readonly httpFields?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly encryption?: string;
}

/** Every call takes a signal and throws its reason when it aborts. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** For calls that must not be given up half way, whoever leaves meanwhile: the store's own timeouts bound them. */
export function uninterrupted(): CallOptions {
  return { signal: new AbortController().signal };
}

/**
 * One bucket of an object store. Keys have no leading `/` and are 1 to 850 bytes of UTF-8. Every failure is a
 * {@linkcode StoreError}; calls are retried inside where that is safe, so an error is final.
 */
export interface ObjectStore {
  /** @throws {StoreError} `not-found`. */
  head(key: string, options: CallOptions): Promise<ObjectInfo>;
  /**
   * Opens an object for reading from byte `start`.
   *
   * @throws {StoreError} `not-found`; `invalid` with code `InvalidRange` where `start` is not inside the object;
   * `conflict` when `ifMatch` is not its ETag any more; `denied` with code `InvalidObjectState` for an archived object.
   */
  get(
    key: string,
    options: CallOptions & { start?: number; ifMatch?: string },
  ): Promise<ObjectBody>;
  /**
   * Stores a whole object of at most 5 GB.
   *
   * @throws {StoreError} `conflict` when `forbidOverwrite` is set and the key exists; `corrupt` when the bytes arrived damaged.
   */
  put(
    key: string,
    body: Payload,
    options: CallOptions & ObjectHeaders & { forbidOverwrite?: boolean; contentMd5?: string },
  ): Promise<Stored>;
  /** One page of keys that begin with `prefix`, after `marker`; with a delimiter, what follows it is folded into prefixes. */
  list(
    options: CallOptions & {
      prefix: string;
      delimiter?: "/";
      marker?: string;
      /** 1 to 1,000. @default 1000 */
      limit?: number;
    },
  ): Promise<ListPage>;
  /** Removes an object; removing one that does not exist succeeds. */
  delete(key: string, options: CallOptions): Promise<void>;
  /** Removes up to 1,000 objects. @returns the keys that are still there, with COS's reason. */
  deleteMany(
    keys: readonly string[],
    options: CallOptions,
  ): Promise<readonly { key: string; code: string; message: string }[]>;
  /**
   * Copies an object of at most 5 GB within the bucket. Its content type, HTTP fields and metadata come along, unless
   * `replace` gives others; storage class and encryption are the bucket's defaults unless they are given.
   *
   * @throws {StoreError} `not-found` when `from` does not exist; `conflict` when `ifMatch` is not its ETag any more, or
   * `forbidOverwrite` is set and `to` exists.
   */
  copy(
    from: string,
    to: string,
    options: CallOptions & {
      ifMatch?: string;
      storageClass?: string;
      encryption?: string;
      replace?: ObjectHeaders;
      forbidOverwrite?: boolean;
    },
  ): Promise<Stored>;
  /** Begins a multipart upload. @returns its UploadId. */
  initiateUpload(key: string, options: CallOptions & ObjectHeaders): Promise<string>;
  /** @throws {StoreError} `not-found` with code `NoSuchUpload`. */
  uploadPart(
    part: { key: string; uploadId: string; partNumber: number },
    body: Payload,
    options: CallOptions & { contentMd5?: string },
  ): Promise<Stored>;
  /** Makes a part of bytes `start` to `end` (inclusive) of another object. */
  uploadPartCopy(
    part: { key: string; uploadId: string; partNumber: number },
    source: { key: string; start: number; end: number; ifMatch?: string },
    options: CallOptions,
  ): Promise<Stored>;
  /** Publishes the object that the parts make, in order of their numbers. */
  completeUpload(
    upload: { key: string; uploadId: string },
    parts: readonly { partNumber: number; etag: string }[],
    options: CallOptions & { forbidOverwrite?: boolean },
  ): Promise<Stored>;
  /** Throws the parts away; aborting an upload that does not exist succeeds. */
  abortUpload(upload: { key: string; uploadId: string }, options: CallOptions): Promise<void>;
  /** All unfinished uploads of keys that begin with `prefix`. */
  listUploads(
    options: CallOptions & { prefix: string },
  ): Promise<readonly PendingUpload[]>;
  /** All parts of an unfinished upload. @throws {StoreError} `not-found` with code `NoSuchUpload`. */
  listParts(
    upload: { key: string; uploadId: string },
    options: CallOptions,
  ): Promise<readonly StoredPart[]>;
}

/** What kind of thing went wrong, for whoever must act on it. */
export type StoreErrorKind =
  | "not-found"
  | "denied"
  | "conflict"
  | "throttled"
  | "unavailable"
  | "invalid"
  | "corrupt";

/** A call to the store failed for good. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly kind: StoreErrorKind;
  /**
   * COS's own code (`NoSuchKey`), or one of ours where no answer came: `Timeout`, `ConnectionLost`, `ConnectFailed`, `BadAnswer`;
   * `NoKeys` where nothing was sent for want of keys.
   */
  readonly code: string;
  /** HTTP status, where an answer came. */
  readonly status: number | undefined;
  /** COS's request id, where an answer came. */
  readonly requestId: string | undefined;
  /** Whether the call may have taken effect although it failed: the request went out and no answer said that it was refused. */
  readonly mayHaveHappened: boolean;

  constructor(
    message: string,
    options: {
      kind: StoreErrorKind;
      code: string;
      status?: number;
      requestId?: string;
      mayHaveHappened?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.kind = options.kind;
    this.code = options.code;
    this.status = options.status;
    this.requestId = options.requestId;
    this.mayHaveHappened = options.mayHaveHappened ?? false;
  }

  /** The same error of a call that may have taken effect on an earlier try. */
  inDoubt(): StoreError {
    return this.mayHaveHappened
      ? this
      : new StoreError(this.message, { ...this, mayHaveHappened: true, cause: this.cause });
  }
}

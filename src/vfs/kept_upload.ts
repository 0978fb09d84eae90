import {
  type CallOptions,
  type ListedObject,
  type ObjectInfo,
  type ObjectStore,
  type StoredPart,
  StoreError,
  uninterrupted,
} from "../store/object_store.ts";
import { type UploadRecord, type VerifiedPart, versionOf } from "./upload_record.ts";
import type { UploadRecords } from "./upload_records.ts";

/** A record whose UploadId is known. */
type NamedRecord = UploadRecord & { readonly uploadId: string };

/** An interrupted upload that can be gone on with. */
export interface KeptUpload {
  readonly recordKey: string;
  readonly record: NamedRecord;
  /** The parts from the first on, without a gap, that the record and COS agree on. At least one. */
  readonly parts: readonly VerifiedPart[];
  /** The kept length K: bytes of all of them. */
  readonly size: number;
}

/**
 * Finds the newest interrupted upload of a file, if it is newer than the finished object of that name.
 *
 * @param options.finished that object, as COS tells it.
 * @throws {StoreError} when COS cannot be asked: whether there is one is not known then.
 */
export async function findKept(
  records: UploadRecords,
  { key, finished, signal }: CallOptions & {
    key: string;
    finished: Promise<ObjectInfo | undefined>;
  },
): Promise<KeptUpload | undefined> {
  const [listed, object] = await Promise.all([records.list(key, { signal }), finished]);
  for (const { key: recordKey } of newestFirst(listed)) {
    const record = await readNamed(records, { recordKey, key, signal });
    if (!record || !isNewer(record, object)) continue;
    const parts = await confirmedParts(records, { recordKey, record, signal });
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    if (size > 0) return { recordKey, record, parts, size };
  }
}

/**
 * Aborts the interrupted uploads of a file and removes their records; not those that this process works at, and of other
 * gateways' only those of this account.
 *
 * @param options.except a record that stays.
 * @throws {StoreError} when COS does not let it.
 */
export async function discardKept(
  records: UploadRecords,
  { key, except, reason }: { key: string; except?: string; reason: string },
): Promise<void> {
  const { store, log, account } = records.options;
  for (const { key: recordKey } of await records.list(key, uninterrupted())) {
    if (recordKey === except || records.isRunning(recordKey)) continue;
    const record = await readNamed(records, { recordKey, key, ...uninterrupted() });
    if (!record) continue;
    const { uploadId } = record;
    await store.abortUpload({ key, uploadId }, uninterrupted());
    await store.delete(recordKey, uninterrupted());
    log.info(`Discarded an interrupted upload: ${reason}`, { account, key, uploadId });
  }
}

/** As {@linkcode discardKept}, when a file is uploaded from its beginning. Never throws: what fails is left to the sweep. */
export async function supersedeKept(
  records: UploadRecords,
  options: { key: string; except?: string },
): Promise<void> {
  try {
    await discardKept(records, { ...options, reason: "the file is uploaded anew" });
  } catch (error) {
    const { log, account } = records.options;
    log.warning("Cannot discard an interrupted upload: it is left to the sweep", {
      account,
      key: options.key,
      error: String(error),
    });
  }
}

/** The parts of an unfinished upload; undefined when it has ended. @throws {StoreError} everything else. */
export async function listPartsOf(
  store: ObjectStore,
  upload: { key: string; uploadId: string },
  options: CallOptions,
): Promise<readonly StoredPart[] | undefined> {
  try {
    return await store.listParts(upload, options);
  } catch (error) {
    if (error instanceof StoreError && error.kind === "not-found") return undefined;
    throw error;
  }
}

function newestFirst(listed: readonly ListedObject[]): ListedObject[] {
  return listed.toSorted((a, b) => b.modified.getTime() - a.modified.getTime());
}

/** The record, if it is of this file and account and has an UploadId. */
async function readNamed(
  records: UploadRecords,
  { recordKey, key, signal }: CallOptions & { recordKey: string; key: string },
): Promise<NamedRecord | undefined> {
  const record = await records.read(recordKey, { signal });
  const isOurs = record?.account === records.options.account && record.key === key;
  return isOurs && record.uploadId !== undefined
    ? { ...record, uploadId: record.uploadId }
    : undefined;
}

/** Whether no object was finished since the upload began. */
function isNewer({ replaces }: UploadRecord, finished: ObjectInfo | undefined): boolean {
  if (!finished) return true;
  const { etag, modified } = versionOf(finished);
  return replaces?.etag === etag && replaces.modified === modified;
}

/** What COS still holds of a record's parts. The record of an upload that has ended is removed. */
async function confirmedParts(
  records: UploadRecords,
  { recordKey, record, signal }: CallOptions & {
    recordKey: string;
    record: NamedRecord;
  },
): Promise<readonly VerifiedPart[]> {
  const { key, uploadId, parts = [] } = record;
  if (parts.length === 0) return [];
  const stored = await listPartsOf(records.options.store, { key, uploadId }, { signal });
  if (!stored) {
    if (!records.isRunning(recordKey)) await records.remove(recordKey);
    return [];
  }
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const gap = parts.findIndex(({ etag, size }, index) => {
    const part = byNumber.get(index + 1);
    return part?.etag !== etag || part.size !== size;
  });
  return gap === -1 ? parts : parts.slice(0, gap);
}

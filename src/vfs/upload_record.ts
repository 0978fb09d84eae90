import type { ObjectInfo } from "../store/object_store.ts";

/** The longest record that is read: one of 10,000 parts has about a million. Bytes. */
export const RECORD_MAX = 2 * 1024 * 1024;

/** A part that COS holds, with the CRC-64 of what was sent. */
export interface VerifiedPart {
  /** Bytes. */
  readonly size: number;
  readonly crc64: bigint;
  readonly etag: string;
}

/** Tells one object of a key from all others that the key has ever named. */
export interface ObjectVersion {
  readonly etag: string;
  /** LastModified, by COS's clock, ISO 8601. */
  readonly modified: string;
}

/** What is written down of a multipart upload while it is unfinished. */
export interface UploadRecord {
  /** `cluster_name` of the gateway that began it. */
  readonly cluster: string;
  /** Names the upload (the class) that works at it, and no other that ever was: whoever goes on with it writes its own here. */
  readonly owner: string;
  /** The FTP user name. */
  readonly account: string;
  readonly key: string;
  /** When it began, by the gateway's clock, ISO 8601. */
  readonly started: string;
  /** Absent until Initiate was answered. */
  readonly uploadId?: string;
  /** The finished object that it will replace; null: there was none; absent: not known. */
  readonly replaces?: ObjectVersion | null;
  /**
   * The parts from the first on, without a gap, each of which was followed by further bytes: so a client that is told how much
   * is kept never takes that for its whole file. Absent where an upload is not to be resumed.
   */
  readonly parts?: readonly VerifiedPart[];
}

/** Which version of an object this is. */
export function versionOf(info: ObjectInfo): ObjectVersion {
  return { etag: info.etag, modified: info.modified.toISOString() };
}

/** A record as it is stored: JSON, CRC-64s in decimal. */
export function formatRecord(record: UploadRecord): string {
  return JSON.stringify(record, (_, value) => typeof value === "bigint" ? String(value) : value);
}

/** Reads what {@linkcode formatRecord} wrote; undefined for anything else. */
export function parseRecord(text: string): UploadRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { cluster, owner, account, key, started, uploadId, replaces } = value;
  const parts = value.parts === undefined ? undefined : parseParts(value.parts);
  const texts = [cluster, owner, account, key, started, uploadId ?? ""];
  const isValid = texts.every((text) => typeof text === "string") &&
    (replaces === undefined || replaces === null || isVersion(replaces)) &&
    (parts !== undefined || value.parts === undefined);
  return isValid ? { ...value, parts } as unknown as UploadRecord : undefined;
}

function parseParts(value: unknown): VerifiedPart[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const parts = value.map(({ size, crc64, etag }: Record<string, unknown>) => {
    const isValid = Number.isSafeInteger(size) && /^\d+$/.test(String(crc64)) &&
      typeof etag === "string";
    return isValid ? { size, crc64: BigInt(String(crc64)), etag } as VerifiedPart : undefined;
  });
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function isVersion(value: unknown): value is ObjectVersion {
  return isObject(value) && typeof value.etag === "string" && typeof value.modified === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

import type { Attributes, StoredObject } from "../storage/change.ts";
import { CosError } from "./cos_error.ts";

const STORAGE_CLASSES = new Set([
  "STANDARD",
  "STANDARD_IA",
  "INTELLIGENT_TIERING",
  "ARCHIVE",
  "DEEP_ARCHIVE",
  "MAZ_STANDARD",
  "MAZ_STANDARD_IA",
  "MAZ_INTELLIGENT_TIERING",
  "MAZ_ARCHIVE",
]);
const ARCHIVED = /ARCHIVE$/;
const ENCRYPTION = "x-cos-server-side-encryption";
const MAX_KEY = 850;
const encoder = new TextEncoder();

/**
 * COS document 436/13324.
 *
 * @throws {CosError} KeyTooLong, InvalidURI.
 */
export function checkKey(key: string): void {
  if (encoder.encode(key).length > MAX_KEY) {
    throw new CosError("KeyTooLong", `A key has at most ${MAX_KEY} bytes.`);
  }
  // deno-lint-ignore no-control-regex -- CAN, EM, SUB and ESC are what COS refuses
  if (key.startsWith("/") || /[\x18-\x1b]/.test(key)) {
    throw new CosError("InvalidURI", "A key begins with no slash and has no control characters.");
  }
}

/**
 * What a request that makes an object says about it.
 *
 * @throws {CosError} NotSupportedStorageClass.
 */
export function readAttributes(headers: ReadonlyMap<string, string>): Attributes {
  const kept: Record<string, string> = { "content-type": "application/octet-stream" };
  for (const [name, value] of headers) if (isKept(name) && value !== "") kept[name] = value;
  return { headers: kept, storageClass: readStorageClass(headers) };
}

/** @throws {CosError} NotSupportedStorageClass. */
export function readStorageClass(headers: ReadonlyMap<string, string>): string {
  const storageClass = headers.get("x-cos-storage-class")?.toUpperCase() ?? "STANDARD";
  if (!STORAGE_CLASSES.has(storageClass)) {
    throw new CosError("NotSupportedStorageClass", "The storage class is not supported.");
  }
  return storageClass;
}

function isKept(name: string): boolean {
  return name.startsWith("x-cos-meta-") || [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    ENCRYPTION,
  ].includes(name);
}

/** What a copy of an object with `headers` has: all but the encryption, which is what the request for the copy says. */
export function inheritHeaders(
  headers: Readonly<Record<string, string>>,
  request: ReadonlyMap<string, string>,
): Record<string, string> {
  const { [ENCRYPTION]: _, ...inherited } = headers;
  const encryption = request.get(ENCRYPTION);
  return encryption === undefined ? inherited : { ...inherited, [ENCRYPTION]: encryption };
}

/** The headers of an answer that says which bytes were stored. */
export function storedHeaders(
  stored: Pick<StoredObject, "etag" | "crc64"> & Partial<Attributes>,
): Record<string, string> {
  const encryption = stored.headers?.[ENCRYPTION];
  return {
    ETag: `"${stored.etag}"`,
    "x-cos-hash-crc64ecma": String(stored.crc64),
    ...encryption === undefined ? {} : { [ENCRYPTION]: encryption },
  };
}

/** The headers of an answer that is about `object`. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  return {
    ...object.headers,
    ...storedHeaders(object),
    "Last-Modified": new Date(object.modified).toUTCString(),
    "Accept-Ranges": "bytes",
    ...object.storageClass === "STANDARD" ? {} : { "x-cos-storage-class": object.storageClass },
  };
}

/** @throws {CosError} InvalidObjectState when the bytes of `object` cannot be read before it is restored. */
export function checkReadable(object: StoredObject): void {
  if (ARCHIVED.test(object.storageClass)) {
    throw new CosError("InvalidObjectState", "The object is archived and must be restored first.");
  }
}

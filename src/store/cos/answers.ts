import type { Fields } from "../../net/http_head.ts";
import {
  type ListPage,
  type ObjectInfo,
  type PendingUpload,
  type Stored,
  type StoredPart,
  StoreError,
} from "../object_store.ts";
import { childrenOf, textOf, type XmlElement } from "./xml.ts";

/**
 * What HEAD and GET say of an object.
 *
 * @param size bytes of the whole object.
 * @throws {StoreError} `BadAnswer` when a field that COS always sends is missing or unreadable.
 */
export function objectInfo(fields: Fields, size: number, action: string): ObjectInfo {
  const modified = new Date(fields.get("last-modified") ?? "");
  const etag = fields.get("etag");
  if (!Number.isSafeInteger(size) || Number.isNaN(modified.getTime()) || etag === undefined) {
    throw badAnswer(action, fields, "size, ETag or Last-Modified is missing");
  }
  const metadata: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (name.startsWith("x-cos-meta-")) metadata[name.slice("x-cos-meta-".length)] = value;
  }
  return {
    size,
    etag: unquote(etag),
    modified,
    crc64: crc64Of(fields),
    requestId: fields.get("x-cos-request-id"),
    storageClass: fields.get("x-cos-storage-class") ?? "STANDARD",
    contentType: fields.get("content-type"),
    metadata,
  };
}

/** What COS says of an object or part that it stored; `etag` from the body where there is one. */
export function stored(fields: Fields, action: string, etag = fields.get("etag")): Stored {
  if (etag === undefined) throw badAnswer(action, fields, "the ETag is missing");
  return {
    etag: unquote(etag),
    crc64: crc64Of(fields),
    requestId: fields.get("x-cos-request-id"),
  };
}

/** The bytes of the whole object in `bytes 5-9/10`. @throws {StoreError} `BadAnswer`. */
export function wholeSize(fields: Fields, action: string): number {
  const size = /^bytes \d+-\d+\/(\d+)$/.exec(fields.get("content-range") ?? "")?.[1];
  if (size === undefined) throw badAnswer(action, fields, "Content-Range is missing");
  return Number(size);
}

/** A page of GET Bucket with encoding-type=url. */
export function listPage(root: XmlElement): ListPage {
  const objects = childrenOf(root, "Contents").map((row) => ({
    key: decodeKey(textOf(row, "Key") ?? ""),
    size: Number(textOf(row, "Size")),
    etag: unquote(textOf(row, "ETag") ?? ""),
    modified: new Date(textOf(row, "LastModified") ?? ""),
    storageClass: textOf(row, "StorageClass") ?? "STANDARD",
  }));
  const prefixes = childrenOf(root, "CommonPrefixes").map((row) =>
    decodeKey(textOf(row, "Prefix") ?? "")
  );
  const nextMarker = textOf(root, "IsTruncated") === "true"
    ? decodeKey(textOf(root, "NextMarker") ?? "")
    : undefined;
  return { objects, prefixes, nextMarker };
}

/** A page of List Multipart Uploads with encoding-type=url, and where the next one begins. */
export function uploadsPage(root: XmlElement): {
  uploads: PendingUpload[];
  next: { key: string; uploadId: string } | undefined;
} {
  const uploads = childrenOf(root, "Upload").map((row) => ({
    key: decodeKey(textOf(row, "Key") ?? ""),
    uploadId: textOf(row, "UploadId") ?? "",
    initiated: new Date(textOf(row, "Initiated") ?? ""),
  }));
  const next = textOf(root, "IsTruncated") === "true"
    ? {
      key: decodeKey(textOf(root, "NextKeyMarker") ?? ""),
      uploadId: textOf(root, "NextUploadIdMarker") ?? "",
    }
    : undefined;
  return { uploads, next };
}

/** A page of List Parts, and where the next one begins. */
export function partsPage(root: XmlElement): { parts: StoredPart[]; next: string | undefined } {
  const parts = childrenOf(root, "Part").map((row) => ({
    partNumber: Number(textOf(row, "PartNumber")),
    etag: unquote(textOf(row, "ETag") ?? ""),
    size: Number(textOf(row, "Size")),
    modified: new Date(textOf(row, "LastModified") ?? ""),
  }));
  const next = textOf(root, "IsTruncated") === "true"
    ? textOf(root, "NextPartNumberMarker")
    : undefined;
  return { parts, next };
}

/** The error for an answer that COS would not give. */
export function badAnswer(action: string, fields: Fields, what: string): StoreError {
  return new StoreError(`${action}: the answer is not COS's: ${what}`, {
    kind: "unavailable",
    code: "BadAnswer",
    requestId: fields.get("x-cos-request-id"),
  });
}

function crc64Of(fields: Fields): bigint | undefined {
  const text = fields.get("x-cos-hash-crc64ecma");
  return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function unquote(etag: string): string {
  return etag.replace(/^"(.*)"$/, "$1");
}

/** Percent-decodes; a key that was stored as no UTF-8 stays encoded, so it is visible, and no other key is taken for it. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

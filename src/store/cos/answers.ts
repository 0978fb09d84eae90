import type { Fields } from "../../net/http_head.ts";
import {
  HTTP_FIELDS,
  type ListPage,
  type ObjectInfo,
  type PendingUpload,
  type Stored,
  type StoredPart,
  StoreError,
} from "../object_store.ts";
import { childrenOf, textOf, type XmlElement } from "./xml.ts";

/** Part numbers are 1 to this (COS, "Specifications and limits"). */
const PART_COUNT_MAX = 10_000;

const encoder = new TextEncoder();

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
  const httpFields: Record<string, string> = {};
  for (const name of HTTP_FIELDS) {
    const value = fields.get(name);
    if (value !== undefined) httpFields[name] = value;
  }
  const metadata: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (name.startsWith("x-cos-meta-")) metadata[name.slice("x-cos-meta-".length)] = value;
  }
  return {
    size,
    etag: unquote(etag),
    modified,
    crc64: crc64Of(fields.get("x-cos-hash-crc64ecma")),
    requestId: fields.get("x-cos-request-id"),
    storageClass: fields.get("x-cos-storage-class") ?? "STANDARD",
    encryption: fields.get("x-cos-server-side-encryption"),
    contentType: fields.get("content-type"),
    httpFields,
    metadata,
  };
}

/**
 * What COS says of an object or part that it stored. Where it answers with a body, that holds what it did not know yet when
 * it sent the fields.
 *
 * @throws {StoreError} `BadAnswer`, in doubt.
 */
export function stored(fields: Fields, action: string, root?: XmlElement): Stored {
  const etag = (root && textOf(root, "ETag")) ?? fields.get("etag");
  if (!etag) throw badAnswer(action, fields, "the ETag is missing").inDoubt();
  return {
    etag: unquote(etag),
    crc64: crc64Of((root && textOf(root, "CRC64")) ?? fields.get("x-cos-hash-crc64ecma")),
    requestId: fields.get("x-cos-request-id"),
  };
}

/**
 * The bytes of the whole object, of which the answer brings those from `start` to the end: `bytes 5-9/10`.
 *
 * @throws {StoreError} `BadAnswer` when it brings anything else.
 */
export function wholeSize(
  { fields, length }: { fields: Fields; length: number | undefined },
  { start, action }: { start: number; action: string },
): number {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(fields.get("content-range") ?? "");
  const [first, last, size] = (range ?? []).slice(1).map(Number);
  if (first !== start || last !== size! - 1 || length !== size! - start) {
    throw badAnswer(action, fields, "the range is not the one that was asked for");
  }
  return size!;
}

/** An answer in XML, and what was asked. */
export interface XmlAnswer {
  readonly root: XmlElement;
  readonly fields: Fields;
  /** `Cannot list a/`. */
  readonly action: string;
}

/**
 * A page of GET Bucket with encoding-type=url.
 *
 * @param marker where the page was to begin.
 * @throws {StoreError} `BadAnswer` for a row that cannot be read, or a page after which no progress is made.
 */
export function listPage(answer: XmlAnswer, marker: string): ListPage {
  const { root } = answer;
  const objects = childrenOf(root, "Contents").map((row) => ({
    key: keyOf(row, "Key", answer),
    size: numberOf(row, "Size", answer),
    etag: unquote(textOf(row, "ETag") ?? ""),
    modified: dateOf(row, "LastModified", answer),
    storageClass: textOf(row, "StorageClass") ?? "STANDARD",
  }));
  const prefixes = childrenOf(root, "CommonPrefixes").map((row) => keyOf(row, "Prefix", answer));
  const date = new Date(answer.fields.get("date") ?? "");
  const page = { objects, prefixes, date: Number.isNaN(date.getTime()) ? undefined : date };
  if (!isTruncated(root)) return { ...page, nextMarker: undefined };
  const nextMarker = keyOf(root, "NextMarker", answer);
  if (!isAfter(nextMarker, marker)) throw noProgress(answer);
  return { ...page, nextMarker };
}

/** Where a page of List Multipart Uploads begins. */
export interface UploadMarker {
  readonly key: string;
  readonly uploadId: string;
}

/** A page of List Multipart Uploads with encoding-type=url, and where the next one begins. @throws as {@linkcode listPage}. */
export function uploadsPage(
  answer: XmlAnswer,
  marker: UploadMarker | undefined,
): { uploads: PendingUpload[]; next: UploadMarker | undefined } {
  const { root } = answer;
  const uploads = childrenOf(root, "Upload").map((row) => ({
    key: keyOf(row, "Key", answer),
    uploadId: required(row, "UploadId", answer),
    initiated: dateOf(row, "Initiated", answer),
  }));
  if (!isTruncated(root)) return { uploads, next: undefined };
  const next = {
    key: keyOf(root, "NextKeyMarker", answer),
    uploadId: required(root, "NextUploadIdMarker", answer),
  };
  if (marker && !isAfter(next.key, marker.key)) {
    if (next.key !== marker.key || next.uploadId === marker.uploadId) throw noProgress(answer);
  }
  return { uploads, next };
}

/** A page of List Parts, and where the next one begins. @throws as {@linkcode listPage}. */
export function partsPage(
  answer: XmlAnswer,
  marker: number,
): { parts: StoredPart[]; next: number | undefined } {
  const { root } = answer;
  const parts = childrenOf(root, "Part").map((row) => ({
    partNumber: numberOf(row, "PartNumber", answer),
    etag: unquote(required(row, "ETag", answer)),
    size: numberOf(row, "Size", answer),
    modified: dateOf(row, "LastModified", answer),
  }));
  if (!isTruncated(root)) return { parts, next: undefined };
  const next = numberOf(root, "NextPartNumberMarker", answer);
  if (next <= marker || next > PART_COUNT_MAX) throw noProgress(answer);
  return { parts, next };
}

/** The text of an element that must be there and not empty. @throws {StoreError} `BadAnswer`. */
export function required(element: XmlElement, name: string, answer: XmlAnswer): string {
  const text = textOf(element, name);
  if (!text) throw badAnswer(answer.action, answer.fields, `${name} is missing`);
  return text;
}

function isTruncated(root: XmlElement): boolean {
  return textOf(root, "IsTruncated") === "true";
}

function keyOf(element: XmlElement, name: string, answer: XmlAnswer): string {
  return decodeKey(required(element, name, answer));
}

function numberOf(element: XmlElement, name: string, answer: XmlAnswer): number {
  const number = Number(required(element, name, answer));
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw badAnswer(answer.action, answer.fields, `${name} is not a number`);
}

function dateOf(element: XmlElement, name: string, answer: XmlAnswer): Date {
  const date = new Date(required(element, name, answer));
  if (!Number.isNaN(date.getTime())) return date;
  throw badAnswer(answer.action, answer.fields, `${name} is not a time`);
}

/** In the order of COS's listings: of the keys' UTF-8 bytes. */
function isAfter(key: string, other: string): boolean {
  const [a, b] = [encoder.encode(key), encoder.encode(other)];
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at >= 0 && (at >= b.length || a[at]! > b[at]!);
}

function noProgress({ action, fields }: XmlAnswer): StoreError {
  return badAnswer(action, fields, "the next page would begin no later than this one");
}

/** The error for a listing that does not end. */
export function tooManyRows({ action, fields }: XmlAnswer): StoreError {
  return badAnswer(action, fields, "it has more rows than there can be");
}

/** The error for an answer that COS would not give. */
function badAnswer(action: string, fields: Fields, what: string): StoreError {
  return new StoreError(`${action}: the answer is not COS's: ${what}`, {
    kind: "unavailable",
    code: "BadAnswer",
    requestId: fields.get("x-cos-request-id"),
  });
}

function crc64Of(text: string | undefined): bigint | undefined {
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

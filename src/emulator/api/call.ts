import type { Clock } from "../../clock.ts";
import type { ByteSource } from "../storage/content.ts";
import type { Bucket, Storage, Upload } from "../storage/storage.ts";
import { CosError, noSuchBucket } from "./cos_error.ts";

/** The operations of COS that the emulator knows, by the names of COS's own documents. */
export const OPERATIONS = [
  "GetService",
  "GetBucket",
  "HeadBucket",
  "PutBucket",
  "DeleteBucket",
  "GetObject",
  "HeadObject",
  "PutObject",
  "PutObjectCopy",
  "DeleteObject",
  "DeleteMultipleObjects",
  "InitiateMultipartUpload",
  "UploadPart",
  "UploadPartCopy",
  "CompleteMultipartUpload",
  "AbortMultipartUpload",
  "ListParts",
  "ListMultipartUploads",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A request's body. */
export interface RequestBody extends ByteSource {
  /** Bytes, or undefined where it comes in chunks of which no length is told. */
  readonly length: number | undefined;
}

/** What a request asks for. */
export interface Target {
  readonly operation: Operation;
  /** `examplebucket-1250000000`; empty for GetService. */
  readonly bucket: string;
  /** Empty where the operation is about a bucket. */
  readonly key: string;
}

/** One authenticated request on its way to an operation. */
export interface Call extends Target {
  /** Decoded. */
  readonly query: ReadonlyMap<string, string>;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: RequestBody;
  readonly storage: Storage;
  readonly clock: Clock;
}

/** Bytes of an answer. */
export interface AnswerBody {
  readonly length: number;
  /** To be called at most once; each piece is valid until the next one is asked for. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** What an operation answers. Disposed of when it was sent, or will not be. */
export interface Answer extends Partial<Disposable> {
  readonly status: number;
  /** Besides Content-Length, Date and what every answer of COS has. */
  readonly headers: Readonly<Record<string, string>>;
  /** A string is an XML document. */
  readonly body?: string | AnswerBody;
  /** COS sends the answers to operations that may take long without telling their length. */
  readonly chunked?: boolean;
}

/** @throws {CosError} NoSuchBucket. */
export function bucketOf(call: Call): Bucket {
  const bucket = call.storage.buckets.get(call.bucket);
  if (!bucket) throw noSuchBucket();
  return bucket;
}

/** @throws {CosError} NoSuchUpload when the query's UploadId is not an unfinished upload of the call's key. */
export function uploadOf(call: Call): Upload {
  const upload = bucketOf(call).uploads.get(call.query.get("uploadId") ?? "");
  if (upload?.key !== call.key) {
    throw new CosError("NoSuchUpload", "The specified multipart upload does not exist.");
  }
  return upload;
}

/**
 * The value of a query parameter that counts something.
 *
 * @throws {CosError} InvalidArgument when it is not a whole number of at least `min`.
 */
export function countParameter(
  call: Call,
  name: string,
  options: { min: number; otherwise: number },
): number {
  const text = call.query.get(name);
  if (text === undefined || text === "") return options.otherwise;
  if (!/^\d{1,9}$/.test(text) || Number(text) < options.min) {
    throw new CosError("InvalidArgument", `${name} must be a number of at least ${options.min}.`);
  }
  return Number(text);
}

/** As COS writes times into XML: `2026-01-31T12:00:00.000Z`. */
export function xmlTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/**
 * The bytes of a body that holds XML.
 *
 * @throws {CosError} XMLSizeLimit.
 */
export async function readXmlBytes(body: RequestBody): Promise<Uint8Array> {
  const expected = body.length ?? MAX_XML;
  if (expected > MAX_XML) throw tooLarge();
  const bytes = new Uint8Array(expected + 1);
  let size = 0;
  for (;;) {
    const count = await body.read(bytes.subarray(size));
    if (count === null) return bytes.subarray(0, size);
    size += count;
    if (size > expected) throw tooLarge();
  }
}

/** @throws {CosError} MalformedXML. */
export function decodeXml(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new CosError("MalformedXML", "The XML document is not UTF-8.");
  }
}

function tooLarge(): CosError {
  return new CosError("XMLSizeLimit", "The XML document is too large.");
}

/** 10,000 parts, or 1,000 keys of 850 bytes all escaped, fit in. */
const MAX_XML = 8 * 1024 * 1024;

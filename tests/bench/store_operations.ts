import { writeXml } from "../../src/emulator/api/xml.ts";
import type { Fields } from "../../src/net/http_head.ts";
import type { NullBucket, NullObject } from "./null_bucket.ts";

/** The operations of COS's API that cosftp uses, by their names in its documentation. */
export type Operation =
  | "HEAD Bucket"
  | "GET Bucket"
  | "List Multipart Uploads"
  | "DELETE Multiple Objects"
  | "PUT Object"
  | "PUT Object - Copy"
  | "Upload Part"
  | "Upload Part - Copy"
  | "GET Object"
  | "HEAD Object"
  | "DELETE Object"
  | "Initiate Multipart Upload"
  | "Complete Multipart Upload"
  | "Abort Multipart Upload"
  | "List Parts";

/** What arrived with a request. */
export interface Received {
  readonly size: number;
  /** Undefined where checksums are off. */
  readonly crc64: bigint | undefined;
  /** The body itself, of requests that are XML. */
  readonly text: string;
}

/** What is sent back. */
export interface StoreAnswer {
  readonly status: number;
  readonly fields?: Readonly<Record<string, string>>;
  /** A text, or so many zero bytes. */
  readonly body?: string | number;
}

const MODIFIED = new Date("2026-01-02T03:04:05Z");

/** Which operation a request is. The bucket is the first segment of the path. */
export function operationOf(method: string, url: URL, fields: Fields): Operation {
  const query = url.searchParams;
  const upload = query.has("uploadId");
  if (keyOf(url) === "") {
    if (method === "HEAD") return "HEAD Bucket";
    if (method === "POST") return "DELETE Multiple Objects";
    return query.has("uploads") ? "List Multipart Uploads" : "GET Bucket";
  }
  switch (method) {
    case "PUT": {
      const copy = fields.has("x-cos-copy-source");
      if (upload) return copy ? "Upload Part - Copy" : "Upload Part";
      return copy ? "PUT Object - Copy" : "PUT Object";
    }
    case "POST":
      return upload ? "Complete Multipart Upload" : "Initiate Multipart Upload";
    case "DELETE":
      return upload ? "Abort Multipart Upload" : "DELETE Object";
    case "HEAD":
      return "HEAD Object";
    default:
      return upload ? "List Parts" : "GET Object";
  }
}

/** Carries an operation out. */
export function answer(operation: Operation, request: {
  bucket: NullBucket;
  url: URL;
  fields: Fields;
  received: Received;
}): StoreAnswer {
  const { bucket, url, fields, received } = request;
  const key = keyOf(url);
  const query = url.searchParams;
  const uploadId = query.get("uploadId") ?? "";
  switch (operation) {
    case "HEAD Bucket":
      return { status: 200 };
    case "GET Bucket":
      return { status: 200, body: listing(bucket, query) };
    case "List Multipart Uploads":
      return { status: 200, body: writeXml("ListMultipartUploadsResult", { IsTruncated: false }) };
    case "DELETE Multiple Objects":
      for (const [, name] of received.text.matchAll(/<Key>([^<]*)<\/Key>/g)) bucket.delete(name!);
      return { status: 200, body: writeXml("DeleteResult", {}) };
    case "PUT Object":
      bucket.put(key, received);
      return { status: 200, fields: storedFields(received) };
    case "PUT Object - Copy": {
      const source = bucket.get(sourceKey(fields));
      if (!source) return missing("NoSuchKey");
      bucket.put(key, source);
      return { status: 200, body: copied("CopyObjectResult", source) };
    }
    case "Upload Part": {
      const parts = bucket.parts(uploadId);
      if (!parts) return missing("NoSuchUpload");
      const { size, crc64 } = received;
      parts.set(Number(query.get("partNumber")), { size, crc64 });
      return { status: 200, fields: storedFields(received) };
    }
    case "Upload Part - Copy": {
      const [parts, source] = [bucket.parts(uploadId), bucket.get(sourceKey(fields))];
      if (!parts || !source) return missing(parts ? "NoSuchKey" : "NoSuchUpload");
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(
        fields.get("x-cos-copy-source-range") ?? "",
      )!;
      const part = { size: Number(last) - Number(first) + 1, crc64: undefined };
      parts.set(Number(query.get("partNumber")), part);
      return { status: 200, body: copied("CopyPartResult", part) };
    }
    case "GET Object":
    case "HEAD Object":
      return object(bucket.get(key), fields);
    case "DELETE Object":
      bucket.delete(key);
      return { status: 204 };
    case "Initiate Multipart Upload": {
      const body = { Bucket: "bench", Key: key, UploadId: bucket.initiate() };
      return { status: 200, body: writeXml("InitiateMultipartUploadResult", body) };
    }
    case "Complete Multipart Upload": {
      const whole = bucket.complete(key, uploadId);
      if (!whole) return missing("NoSuchUpload");
      return {
        status: 200,
        fields: storedFields(whole),
        body: writeXml("CompleteMultipartUploadResult", { Key: key, ETag: etagOf(whole) }),
      };
    }
    case "Abort Multipart Upload":
      bucket.abort(uploadId);
      return { status: 204 };
    case "List Parts": {
      const parts = bucket.parts(uploadId);
      if (!parts) return missing("NoSuchUpload");
      const rows = [...parts].map(([number, part]) => ({
        PartNumber: number,
        ETag: etagOf(part),
        Size: part.size,
        LastModified: MODIFIED.toISOString(),
      }));
      return { status: 200, body: writeXml("ListPartsResult", { IsTruncated: false, Part: rows }) };
    }
  }
}

function object(found: NullObject | undefined, fields: Fields): StoreAnswer {
  if (!found) return missing("NoSuchKey");
  const described = {
    ...storedFields(found),
    "content-type": "application/octet-stream",
    "last-modified": MODIFIED.toUTCString(),
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(fields.get("range") ?? "");
  if (!range) return { status: 200, fields: described, body: found.size };
  const first = Number(range[1]);
  const last = range[2] ? Number(range[2]) : found.size - 1;
  if (first >= found.size) return { status: 416, body: error("InvalidRange") };
  const contentRange = { "content-range": `bytes ${first}-${last}/${found.size}` };
  return { status: 206, fields: { ...described, ...contentRange }, body: last - first + 1 };
}

function listing(bucket: NullBucket, query: URLSearchParams): string {
  const prefix = query.get("prefix") ?? "";
  const page = bucket.list({
    prefix,
    marker: query.get("marker") ?? "",
    limit: Number(query.get("max-keys") ?? 1000),
  });
  return writeXml("ListBucketResult", {
    Name: "bench",
    Prefix: prefix,
    IsTruncated: page.nextMarker !== undefined,
    NextMarker: page.nextMarker,
    Contents: page.objects.map(({ key, size }) => ({
      Key: key,
      LastModified: MODIFIED.toISOString(),
      ETag: '"0123456789abcdef0123456789abcdef"',
      Size: size,
      StorageClass: "STANDARD",
    })),
  });
}

function copied(root: string, source: NullObject): string {
  return writeXml(root, {
    ETag: etagOf(source),
    LastModified: MODIFIED.toISOString(),
    CRC64: source.crc64?.toString(),
  });
}

function storedFields(object: NullObject): Record<string, string> {
  const etag = { etag: etagOf(object) };
  return object.crc64 === undefined
    ? etag
    : { ...etag, "x-cos-hash-crc64ecma": object.crc64.toString() };
}

/** Not the MD5 of the bytes: nobody computes it. */
function etagOf({ size, crc64 = 0n }: NullObject): string {
  return `"${crc64.toString(16).padStart(16, "0")}${size.toString(16).padStart(16, "0")}"`;
}

function missing(code: string): StoreAnswer {
  return { status: 404, body: error(code) };
}

function error(code: string): string {
  return writeXml("Error", { Code: code, Message: code, RequestId: "bench" });
}

/** `<bucket>.<host>/<key>` */
function sourceKey(fields: Fields): string {
  const { pathname } = new URL(`http://${fields.get("x-cos-copy-source")}`);
  return decodeURIComponent(pathname.slice(1));
}

function keyOf({ pathname }: URL): string {
  return decodeURIComponent(pathname.slice(1).split("/").slice(1).join("/"));
}

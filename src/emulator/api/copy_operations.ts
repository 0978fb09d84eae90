import type { StoredObject } from "../storage/change.ts";
import { ContentDigest, cutSlices } from "../storage/content.ts";
import { parseCopyRange } from "./byte_range.ts";
import type { Answer, Call } from "./call.ts";
import { bucketOf, uploadOf, xmlTime } from "./call.ts";
import { evaluateConditions } from "./conditions.ts";
import { CosError } from "./cos_error.ts";
import { partNumberOf } from "./multipart_operations.ts";
import {
  checkKey,
  checkReadable,
  inheritHeaders,
  readAttributes,
  readStorageClass,
  storedHeaders,
} from "./object_attributes.ts";
import { checkOverwrite } from "./object_operations.ts";
import { percentDecode } from "./percent.ts";
import { MAX_BODY } from "./request_body.ts";
import { splitHost } from "./route.ts";
import { writeXml } from "./xml.ts";

/** PUT Object - Copy, COS document 436/10881. The copy shares the source's bytes. */
export function putObjectCopy(call: Call): Answer {
  checkKey(call.key);
  const bucket = bucketOf(call);
  checkOverwrite(call, bucket);
  const { object: source, bucketName } = findSource(call);
  if (source.size > MAX_BODY) {
    throw new CosError("InvalidRequest", "The copy source is larger than 5 GB.");
  }
  const replaces = /^replaced?$/i.test(call.headers.get("x-cos-metadata-directive") ?? "");
  if (!replaces && bucketName === call.bucket && source.key === call.key) {
    throw new CosError(
      "InvalidRequest",
      "An object can be copied onto itself only with x-cos-metadata-directive: Replaced.",
    );
  }
  const object: StoredObject = {
    ...source,
    key: call.key,
    modified: call.clock.now(),
    storageClass: readStorageClass(call.headers),
    headers: replaces
      ? readAttributes(call.headers).headers
      : inheritHeaders(source.headers, call.headers),
  };
  call.storage.apply({ type: "put-object", bucket: call.bucket, object });
  const xml = writeXml("CopyObjectResult", {
    ETag: `"${object.etag}"`,
    CRC64: String(object.crc64),
    LastModified: xmlTime(object.modified),
  });
  return { status: 200, headers: storedHeaders(object), body: xml, chunked: true };
}

/** Upload Part - Copy, COS document 436/8287. The part shares the source's bytes, which are read for its checksums. */
export async function uploadPartCopy(call: Call): Promise<Answer> {
  const partNumber = partNumberOf(call);
  uploadOf(call);
  const { object: source } = findSource(call);
  const header = call.headers.get("x-cos-copy-source-range");
  const range = header === undefined
    ? { start: 0, end: source.size }
    : parseCopyRange(header, source.size);
  if (!range) throw new CosError("InvalidRange", "The range is not inside the copy source.");
  if (range.end - range.start > MAX_BODY) {
    throw new CosError("EntityTooLarge", "A part is larger than 5 GB.");
  }
  const slices = cutSlices(source.slices, range.start, range.end - range.start);
  using _held = call.storage.hold(source);
  const digest = new ContentDigest();
  for await (const piece of call.storage.read(slices)) digest.update(piece);
  const { uploadId } = uploadOf(call); // it may have ended meanwhile
  const part = { partNumber, modified: call.clock.now(), slices, ...digest.digest() };
  call.storage.apply({ type: "put-part", bucket: call.bucket, uploadId, part });
  const xml = writeXml("CopyPartResult", {
    ETag: `"${part.etag}"`,
    CRC64: String(part.crc64),
    LastModified: xmlTime(part.modified),
  });
  return { status: 200, headers: storedHeaders(part), body: xml, chunked: true };
}

/**
 * What `x-cos-copy-source` names: `bucket-appid.cos.region.myqcloud.com/key`, or `127.0.0.1:9000/bucket-appid/key`.
 *
 * @throws {CosError} InvalidArgument, NoSuchCopySource, InvalidObjectState, PreconditionFailed.
 */
function findSource(call: Call): { object: StoredObject; bucketName: string } {
  const [source = ""] = call.headers.get("x-cos-copy-source")!.split("?");
  const match = /^\/?(?:https?:\/\/)?([^/]+)\/(.+)$/.exec(source);
  const path = match && percentDecode(match[2]!);
  if (!match || !path) {
    throw new CosError("InvalidArgument", "The copy source must be HOST/KEY, percent-encoded.");
  }
  const { bucket: bucketName, key } = splitHost(match[1]!, path);
  const object = call.storage.buckets.get(bucketName)?.objects.get(key);
  if (!object) throw new CosError("NoSuchCopySource", "The copy source does not exist.");
  const verdict = evaluateConditions({
    ifMatch: call.headers.get("x-cos-copy-source-if-match"),
    ifNoneMatch: call.headers.get("x-cos-copy-source-if-none-match"),
    ifModifiedSince: call.headers.get("x-cos-copy-source-if-modified-since"),
    ifUnmodifiedSince: call.headers.get("x-cos-copy-source-if-unmodified-since"),
  }, object);
  if (verdict !== "met") {
    throw new CosError("PreconditionFailed", "The precondition on the copy source does not hold.");
  }
  checkReadable(object);
  return { object, bucketName };
}

import type { Answer, Call } from "./call.ts";
import { bucketOf, countParameter, xmlTime } from "./call.ts";
import { CosError } from "./cos_error.ts";
import { listPage } from "./list_page.ts";
import { percentEncode } from "./percent.ts";
import type { XmlTree } from "./xml.ts";
import { writeXml } from "./xml.ts";

/** Who owns everything here. */
export const OWNER: XmlTree = { ID: "emulator", DisplayName: "emulator" };

const MAX_KEYS = 1000;
/** COS document 436/13312: lower-case letters, digits and hyphens, then the APPID. */
const BUCKET_NAME = /^(?=.{1,60}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?-\d+$/;

export function getService(call: Call): Answer {
  const buckets = [...call.storage.buckets.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  const xml = writeXml("ListAllMyBucketsResult", {
    Owner: OWNER,
    Buckets: {
      Bucket: buckets.map(({ name, created }) => ({
        Name: name,
        Location: "emulator",
        CreationDate: xmlTime(created),
      })),
    },
  });
  return { status: 200, headers: {}, body: xml };
}

export function headBucket(call: Call): Answer {
  bucketOf(call);
  return { status: 200, headers: {} };
}

/** @throws {CosError} InvalidBucketName, BucketAlreadyOwnedByYou. */
export function putBucket(call: Call): Answer {
  checkBucketName(call.bucket);
  if (call.storage.buckets.has(call.bucket)) {
    throw new CosError("BucketAlreadyOwnedByYou", "You already own the bucket.");
  }
  call.storage.apply({ type: "create-bucket", bucket: call.bucket, created: call.clock.now() });
  return { status: 200, headers: {} };
}

/** @throws {CosError} InvalidBucketName. */
export function checkBucketName(name: string): void {
  if (!BUCKET_NAME.test(name)) {
    throw new CosError(
      "InvalidBucketName",
      "A bucket's name is lower-case letters, digits and hyphens with -APPID at its end.",
    );
  }
}

export function deleteBucket(call: Call): Answer {
  const bucket = bucketOf(call);
  if (bucket.objects.size > 0 || bucket.uploads.size > 0) {
    throw new CosError("BucketNotEmpty", "The bucket has objects or unfinished uploads.");
  }
  call.storage.apply({ type: "delete-bucket", bucket: call.bucket });
  return { status: 204, headers: {} };
}

/** GET Bucket (List Objects), COS document 436/7734. */
export function getBucket(call: Call): Answer {
  const bucket = bucketOf(call);
  const prefix = call.query.get("prefix") ?? "";
  const delimiter = call.query.get("delimiter") ?? "";
  const marker = call.query.get("marker") ?? "";
  const maxKeys = Math.min(
    MAX_KEYS,
    countParameter(call, "max-keys", { min: 0, otherwise: MAX_KEYS }),
  );
  const page = listPage(bucket, { prefix, delimiter, marker, maxKeys });
  const encode = nameEncoder(call);
  const xml = writeXml("ListBucketResult", {
    Name: bucket.name,
    EncodingType: call.query.get("encoding-type"),
    Prefix: encode(prefix),
    Marker: encode(marker),
    MaxKeys: maxKeys,
    Delimiter: delimiter === "" ? undefined : encode(delimiter),
    IsTruncated: page.nextMarker !== undefined,
    NextMarker: page.nextMarker === undefined ? undefined : encode(page.nextMarker),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
    Contents: page.objects.map((object) => ({
      Key: encode(object.key),
      LastModified: xmlTime(object.modified),
      ETag: `"${object.etag}"`,
      Size: object.size,
      Owner: OWNER,
      StorageClass: object.storageClass,
    })),
  });
  return { status: 200, headers: {}, body: xml };
}

/**
 * How keys are written into this call's answer.
 *
 * @throws {CosError} InvalidArgument when its encoding-type is not url.
 */
export function nameEncoder(call: Call): (name: string) => string {
  const type = call.query.get("encoding-type") ?? "";
  if (type === "") return (name) => name;
  if (type !== "url") throw new CosError("InvalidArgument", "encoding-type must be url.");
  return (name) => percentEncode(name).replaceAll("%2F", "/");
}

import { createHash } from "node:crypto";
import { combineCrc64 } from "../../checksum/crc64.ts";
import type { StoredPart } from "../storage/change.ts";
import type { Content } from "../storage/content.ts";
import type { Upload } from "../storage/storage.ts";
import { compareUtf8 } from "../storage/ordered_map.ts";
import { nameEncoder, OWNER } from "./bucket_operations.ts";
import type { Answer, Call } from "./call.ts";
import { bucketOf, countParameter, decodeXml, readXmlBytes, uploadOf, xmlTime } from "./call.ts";
import { CosError } from "./cos_error.ts";
import { checkKey, readAttributes, storedHeaders } from "./object_attributes.ts";
import { checkOverwrite } from "./object_operations.ts";
import { receiveBody, requireLength } from "./request_body.ts";
import type { XmlElement } from "./xml.ts";
import { childText, readXml, writeXml } from "./xml.ts";

const MAX_PARTS = 10_000;
/** Every part but the last has at least 1 MB. */
const MIN_PART = 1024 * 1024;
/** 48.82 TB. */
const MAX_OBJECT = MAX_PARTS * 5 * 1024 ** 3;
const MAX_ROWS = 1000;

/** Initiate Multipart Upload, COS document 436/7746. */
export function initiateMultipartUpload(call: Call): Answer {
  checkKey(call.key);
  bucketOf(call);
  const uploadId = `${call.clock.now()}${crypto.randomUUID().replaceAll("-", "")}`;
  const attributes = readAttributes(call.headers);
  const upload = { key: call.key, uploadId, initiated: call.clock.now(), ...attributes };
  call.storage.apply({ type: "initiate-upload", bucket: call.bucket, upload });
  const xml = writeXml("InitiateMultipartUploadResult", {
    Bucket: call.bucket,
    Key: call.key,
    UploadId: uploadId,
  });
  return { status: 200, headers: {}, body: xml };
}

/** Upload Part, COS document 436/7750. A part that comes again replaces the one before. */
export async function uploadPart(call: Call): Promise<Answer> {
  const partNumber = partNumberOf(call);
  requireLength(call);
  uploadOf(call);
  using held = await receiveBody(call);
  const { uploadId } = uploadOf(call); // it may have ended meanwhile
  const part = { partNumber, modified: call.clock.now(), ...held.content };
  call.storage.apply({ type: "put-part", bucket: call.bucket, uploadId, part });
  return { status: 200, headers: storedHeaders(part) };
}

/** @throws {CosError} InvalidArgument. */
export function partNumberOf(call: Call): number {
  const partNumber = countParameter(call, "partNumber", { min: 1, otherwise: 0 });
  if (partNumber < 1 || partNumber > MAX_PARTS) {
    throw new CosError("InvalidArgument", `partNumber must be 1 to ${MAX_PARTS}.`);
  }
  return partNumber;
}

/** Complete Multipart Upload, COS document 436/7742. The object is made of the parts' bytes where they lie. */
export async function completeMultipartUpload(call: Call): Promise<Answer> {
  uploadOf(call);
  const chosen = readCompletion(decodeXml(await readXmlBytes(call.body)));
  const upload = uploadOf(call); // it may have ended meanwhile
  checkOverwrite(call, bucketOf(call));
  const object = {
    key: upload.key,
    headers: upload.headers,
    storageClass: upload.storageClass,
    modified: call.clock.now(),
    ...joinParts(chooseParts(upload, chosen)),
  };
  const { uploadId } = upload;
  call.storage.apply({ type: "complete-upload", bucket: call.bucket, uploadId, object });
  const xml = writeXml("CompleteMultipartUploadResult", {
    Location: `http://${call.headers.get("host") ?? ""}/${call.key}`,
    Bucket: call.bucket,
    Key: call.key,
    ETag: `"${object.etag}"`,
    CRC64: String(object.crc64),
  });
  return { status: 200, headers: storedHeaders(object), body: xml, chunked: true };
}

interface ChosenPart {
  readonly partNumber: number;
  readonly etag: string;
}

/** @throws {CosError} MalformedXML, InvalidPartOrder. */
function readCompletion(text: string): ChosenPart[] {
  let root: XmlElement;
  try {
    root = readXml(text);
  } catch {
    throw malformedCompletion();
  }
  const parts = root.children.filter(({ name }) => name === "Part").map((part) => ({
    partNumber: Number(childText(part, "PartNumber") ?? NaN),
    etag: (childText(part, "ETag") ?? "").trim().replace(/^"(.*)"$/, "$1"),
  }));
  const valid = parts.every(({ partNumber }) => Number.isInteger(partNumber));
  if (root.name !== "CompleteMultipartUpload" || parts.length === 0 || !valid) {
    throw malformedCompletion();
  }
  if (parts.some(({ partNumber }, i) => i > 0 && partNumber <= parts[i - 1]!.partNumber)) {
    throw new CosError("InvalidPartOrder", "The parts must be in the order of their numbers.");
  }
  return parts;
}

function malformedCompletion(): CosError {
  return new CosError(
    "MalformedXML",
    "The body must be <CompleteMultipartUpload> with <Part><PartNumber><ETag>.",
  );
}

/** @throws {CosError} InvalidPart, EntityTooSmall, EntityTooLarge. */
function chooseParts(upload: Upload, chosen: readonly ChosenPart[]): StoredPart[] {
  const parts = chosen.map(({ partNumber, etag }) => {
    const part = upload.parts.get(partNumber);
    if (part?.etag !== etag) {
      throw new CosError("InvalidPart", `Part ${partNumber} was not uploaded with this ETag.`);
    }
    return part;
  });
  if (parts.slice(0, -1).some(({ size }) => size < MIN_PART)) {
    throw new CosError("EntityTooSmall", "A part that is not the last one is smaller than 1 MB.");
  }
  if (parts.reduce((sum, { size }) => sum + size, 0) > MAX_OBJECT) {
    throw new CosError("EntityTooLarge", "The object is larger than 48.82 TB.");
  }
  return parts;
}

function joinParts(parts: readonly StoredPart[]): Content {
  const md5 = createHash("md5");
  for (const { etag } of parts) md5.update(etag, "hex");
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag: `${md5.digest("hex")}-${parts.length}`,
    crc64: parts.reduce((crc, part) => combineCrc64(crc, part.crc64, part.size), 0n),
    slices: parts.flatMap(({ slices }) => slices),
  };
}

/** Abort Multipart Upload, COS document 436/7740. */
export function abortMultipartUpload(call: Call): Answer {
  const { uploadId } = uploadOf(call);
  call.storage.apply({ type: "abort-upload", bucket: call.bucket, uploadId });
  return { status: 204, headers: {} };
}

/** List Parts, COS document 436/7747. */
export function listParts(call: Call): Answer {
  const upload = uploadOf(call);
  const marker = countParameter(call, "part-number-marker", { min: 0, otherwise: 0 });
  const maxParts = countParameter(call, "max-parts", { min: 1, otherwise: MAX_ROWS });
  const rows = [...upload.parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const page = rows.slice(0, Math.min(maxParts, MAX_ROWS));
  const isTruncated = page.length < rows.length;
  const xml = writeXml("ListPartsResult", {
    Bucket: call.bucket,
    "Encoding-type": call.query.get("encoding-type"),
    Key: nameEncoder(call)(upload.key),
    UploadId: upload.uploadId,
    Initiator: OWNER,
    Owner: OWNER,
    PartNumberMarker: marker,
    Part: page.map(({ partNumber, modified, etag, size }) => ({
      PartNumber: partNumber,
      LastModified: xmlTime(modified),
      ETag: `"${etag}"`,
      Size: size,
    })),
    NextPartNumberMarker: isTruncated ? page.at(-1)!.partNumber : undefined,
    StorageClass: upload.storageClass,
    MaxParts: maxParts,
    IsTruncated: isTruncated,
  });
  return { status: 200, headers: {}, body: xml };
}

/** List Multipart Uploads, COS document 436/7736. */
export function listMultipartUploads(call: Call): Answer {
  const prefix = call.query.get("prefix") ?? "";
  const keyMarker = call.query.get("key-marker") ?? "";
  const idMarker = keyMarker === "" ? "" : call.query.get("upload-id-marker") ?? "";
  const maxUploads = countParameter(call, "max-uploads", { min: 1, otherwise: MAX_ROWS });
  const rows = [...bucketOf(call).uploads.values()]
    .filter(({ key, uploadId }) => {
      const order = compareUtf8(key, keyMarker);
      return key.startsWith(prefix) &&
        (order > 0 || order === 0 && idMarker !== "" && uploadId > idMarker);
    })
    .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.uploadId, b.uploadId));
  const page = rows.slice(0, Math.min(maxUploads, MAX_ROWS));
  const next = page.length < rows.length ? page.at(-1)! : undefined;
  const encode = nameEncoder(call);
  const xml = writeXml("ListMultipartUploadsResult", {
    Bucket: call.bucket,
    "Encoding-Type": call.query.get("encoding-type"),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: next && encode(next.key),
    NextUploadIdMarker: next?.uploadId,
    MaxUploads: maxUploads,
    Prefix: encode(prefix),
    IsTruncated: next !== undefined,
    Upload: page.map(({ key, uploadId, storageClass, initiated }) => ({
      Key: encode(key),
      UploadId: uploadId,
      Initiator: OWNER,
      Owner: OWNER,
      StorageClass: storageClass,
      Initiated: xmlTime(initiated),
    })),
  });
  return { status: 200, headers: {}, body: xml };
}

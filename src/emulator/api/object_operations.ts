import type { StoredObject } from "../storage/change.ts";
import { createHash } from "node:crypto";
import { cutSlices } from "../storage/content.ts";
import type { Bucket } from "../storage/storage.ts";
import { parseRange } from "./byte_range.ts";
import type { Answer, Call } from "./call.ts";
import { bucketOf, decodeXml, readXmlBytes } from "./call.ts";
import { evaluateConditions } from "./conditions.ts";
import { CosError } from "./cos_error.ts";
import {
  checkKey,
  checkReadable,
  objectHeaders,
  readAttributes,
  storedHeaders,
} from "./object_attributes.ts";
import { readContentMd5, receiveBody } from "./request_body.ts";
import type { XmlElement } from "./xml.ts";
import { childText, readXml, writeXml } from "./xml.ts";

/** PUT Object, COS document 436/7749. Its body may come in chunks. */
export async function putObject(call: Call): Promise<Answer> {
  checkKey(call.key);
  const attributes = readAttributes(call.headers);
  checkOverwrite(call, bucketOf(call));
  using held = await receiveBody(call);
  checkOverwrite(call, bucketOf(call)); // the world went on while the body came
  const object = {
    key: call.key,
    modified: call.clock.now(),
    ...attributes,
    ...held.content,
  };
  call.storage.apply({ type: "put-object", bucket: call.bucket, object });
  return { status: 200, headers: storedHeaders(object) };
}

/** @throws {CosError} FileAlreadyExists when the request forbids to overwrite what is there. */
export function checkOverwrite(call: Call, bucket: Bucket): void {
  const forbidden = call.headers.get("x-cos-forbid-overwrite") === "true";
  if (forbidden && bucket.objects.get(call.key)) {
    throw new CosError("FileAlreadyExists", "The object exists and must not be overwritten.");
  }
}

/** GET Object, COS document 436/7753. */
export function getObject(call: Call): Answer {
  const object = findObject(call);
  const verdict = evaluateConditions(conditionsOf(call), object);
  if (verdict === "failed") throw preconditionFailed();
  const headers = { ...objectHeaders(object), ...overrides(call) };
  if (verdict === "unchanged") return { status: 304, headers };
  checkReadable(object);
  const range = parseRange(call.headers.get("range"), object.size);
  if (range === "unsatisfiable") {
    throw new CosError("InvalidRange", "The range is not inside the object.", {
      headers: { "Content-Range": `bytes */${object.size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: object.size };
  const held = call.storage.hold(object);
  return {
    status: range ? 206 : 200,
    headers: range
      ? { ...headers, "Content-Range": `bytes ${start}-${end - 1}/${object.size}` }
      : headers,
    body: {
      length: end - start,
      pieces: () => call.storage.read(cutSlices(object.slices, start, end - start)),
    },
    [Symbol.dispose]: () => held[Symbol.dispose](),
  };
}

/** HEAD Object, COS document 436/7745. */
export function headObject(call: Call): Answer {
  const object = findObject(call);
  const verdict = evaluateConditions(conditionsOf(call), object);
  if (verdict === "failed") throw preconditionFailed();
  const headers = objectHeaders(object);
  if (verdict === "unchanged") return { status: 304, headers };
  return { status: 200, headers: { ...headers, "Content-Length": String(object.size) } };
}

/** DELETE Object, COS document 436/7743: what does not exist is deleted all the same. */
export function deleteObject(call: Call): Answer {
  if (bucketOf(call).objects.get(call.key)) {
    call.storage.apply({ type: "delete-object", bucket: call.bucket, key: call.key });
  }
  return { status: 204, headers: {} };
}

/** DELETE Multiple Objects, COS document 436/8289. */
export async function deleteMultipleObjects(call: Call): Promise<Answer> {
  bucketOf(call);
  const bytes = await readXmlBytes(call.body);
  const wanted = readContentMd5(call);
  if (wanted !== undefined && wanted !== createHash("md5").update(bytes).digest("hex")) {
    throw new CosError("BadDigest", "The Content-MD5 is not the MD5 of what was received.");
  }
  const { keys, quiet } = readDeletion(decodeXml(bytes));
  for (const key of keys) deleteObject({ ...call, key });
  const xml = writeXml("DeleteResult", { Deleted: quiet ? [] : keys.map((Key) => ({ Key })) });
  return { status: 200, headers: {}, body: xml };
}

/** @throws {CosError} MalformedXML. */
function readDeletion(text: string): { keys: string[]; quiet: boolean } {
  let root: XmlElement;
  try {
    root = readXml(text);
  } catch {
    throw malformedDeletion();
  }
  const keys = root.children.filter(({ name }) => name === "Object").map((object) => {
    const key = childText(object, "Key");
    if (key === undefined || key === "") throw malformedDeletion();
    return key;
  });
  if (root.name !== "Delete" || keys.length === 0 || keys.length > 1000) throw malformedDeletion();
  return { keys, quiet: childText(root, "Quiet") === "true" };
}

function malformedDeletion(): CosError {
  return new CosError("MalformedXML", "The body must be <Delete> with 1 to 1,000 <Object><Key>.");
}

/** @throws {CosError} NoSuchBucket, NoSuchKey. */
function findObject(call: Call): StoredObject {
  const object = bucketOf(call).objects.get(call.key);
  if (!object) throw new CosError("NoSuchKey", "The specified key does not exist.");
  return object;
}

function conditionsOf({ headers }: Call) {
  return {
    ifMatch: headers.get("if-match"),
    ifNoneMatch: headers.get("if-none-match"),
    ifModifiedSince: headers.get("if-modified-since"),
    ifUnmodifiedSince: headers.get("if-unmodified-since"),
  };
}

function preconditionFailed(): CosError {
  return new CosError("PreconditionFailed", "The precondition does not hold.");
}

/** Headers that the query sets in place of the object's own. */
function overrides({ query }: Call): Record<string, string> {
  const headers: Record<string, string> = {};
  for (
    const name of [
      "content-type",
      "content-language",
      "expires",
      "cache-control",
      "content-disposition",
      "content-encoding",
    ]
  ) {
    const value = query.get(`response-${name}`);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

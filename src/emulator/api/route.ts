import { ipVersion } from "../../net/cidr.ts";
import type { Operation, Target } from "./call.ts";
import { CosError } from "./cos_error.ts";
import { percentDecode } from "./percent.ts";

/** The two parts of a request target, decoded. */
export interface RequestTarget {
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
}

/**
 * Splits and decodes a request target (`/a%20b?prefix=c`).
 *
 * @throws {CosError} InvalidURI when it is not percent-encoded UTF-8.
 */
export function parseRequestTarget(text: string): RequestTarget {
  const [path = "", ...rest] = text.split("?");
  const query = new Map<string, string>();
  for (const pair of rest.join("?").split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    query.set(
      decode(at < 0 ? pair : pair.slice(0, at)),
      at < 0 ? "" : decode(pair.slice(at + 1)),
    );
  }
  return { path: decode(path), query };
}

function decode(text: string): string {
  const decoded = percentDecode(text);
  if (decoded === undefined) throw new CosError("InvalidURI", "The URI is not valid.");
  return decoded;
}

/**
 * Which bucket and key a host (with or without a port) and a decoded path mean: path style (`bucket-appid/key`) where the
 * host is an IP address or localhost, else virtual-host style (`bucket-appid.cos.region.myqcloud.com`). Both may be empty.
 *
 * @param path Without the slash at its beginning.
 */
export function splitHost(host: string, path: string): { bucket: string; key: string } {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (name !== "localhost" && ipVersion(name) === undefined) {
    return { bucket: /^([a-z0-9-]+-\d+)\./.exec(name)?.[1] ?? "", key: path };
  }
  const at = path.indexOf("/");
  return at < 0
    ? { bucket: path, key: "" }
    : { bucket: path.slice(0, at), key: path.slice(at + 1) };
}

/** The region of a host such as `b-1.cos.ap-beijing.myqcloud.com`. */
export function regionOfHost(host: string): string | undefined {
  return /\.cos(?:-internal)?\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)(?::\d+)?$/
    .exec(host)?.[1];
}

/**
 * Finds out what a request is about.
 *
 * @throws {CosError} NotImplemented, MethodNotAllowed.
 */
export function route(
  request: RequestTarget & { method: string; headers: ReadonlyMap<string, string> },
): Target {
  const { bucket, key } = splitHost(request.headers.get("host") ?? "", request.path.slice(1));
  for (const [name, value] of request.query) {
    if (value === "" && !SUBRESOURCES.has(name)) {
      throw new CosError("NotImplemented", `The emulator does not know the parameter ${name}.`);
    }
  }
  const operation = findOperation(request, { bucket, key });
  if (!operation) {
    throw new CosError("MethodNotAllowed", "The method is not allowed for this resource.");
  }
  return { operation, bucket, key };
}

/** Parameters that may come without a value. */
const SUBRESOURCES = new Set([
  "uploads",
  "delete",
  "prefix",
  "delimiter",
  "marker",
  "key-marker",
  "upload-id-marker",
  "part-number-marker",
  "encoding-type",
  "q-header-list",
  "q-url-param-list",
]);

function findOperation(
  { method, query, headers }: {
    method: string;
    query: ReadonlyMap<string, string>;
    headers: ReadonlyMap<string, string>;
  },
  { bucket, key }: { bucket: string; key: string },
): Operation | undefined {
  if (bucket === "") return method === "GET" && key === "" ? "GetService" : undefined;
  if (key === "") {
    const onBucket: Record<string, Operation | undefined> = {
      GET: query.has("uploads") ? "ListMultipartUploads" : "GetBucket",
      HEAD: "HeadBucket",
      PUT: "PutBucket",
      DELETE: "DeleteBucket",
      POST: query.has("delete") ? "DeleteMultipleObjects" : undefined,
    };
    return onBucket[method];
  }
  const isCopy = headers.has("x-cos-copy-source");
  const onUpload: Record<string, Operation | undefined> = {
    GET: "ListParts",
    PUT: isCopy ? "UploadPartCopy" : "UploadPart",
    POST: "CompleteMultipartUpload",
    DELETE: "AbortMultipartUpload",
  };
  const onObject: Record<string, Operation | undefined> = {
    GET: "GetObject",
    HEAD: "HeadObject",
    PUT: isCopy ? "PutObjectCopy" : "PutObject",
    DELETE: "DeleteObject",
    POST: query.has("uploads") ? "InitiateMultipartUpload" : undefined,
  };
  return (query.has("uploadId") ? onUpload : onObject)[method];
}

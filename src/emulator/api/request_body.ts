import type { HeldContent } from "../storage/storage.ts";
import type { Call, RequestBody } from "./call.ts";
import { CosError } from "./cos_error.ts";

/** PUT Object and Upload Part take up to 5 GB. */
export const MAX_BODY = 5 * 1024 ** 3;

/**
 * Takes in the bytes of an object or a part.
 *
 * @throws {CosError} EntityTooLarge, InvalidDigest, BadDigest.
 */
export async function receiveBody(call: Call): Promise<HeldContent> {
  const { length } = call.body;
  if (length !== undefined && length > MAX_BODY) throw tooLarge();
  const wanted = readContentMd5(call);
  const held = await call.storage.receive(limited(call.body), length);
  if (wanted !== undefined && wanted !== held.content.etag) {
    held[Symbol.dispose]();
    throw new CosError("BadDigest", "The Content-MD5 is not the MD5 of what was received.");
  }
  return held;
}

/** @throws {CosError} MissingContentLength. */
export function requireLength(call: Call): void {
  if (call.body.length === undefined) {
    throw new CosError("MissingContentLength", "The request must have a Content-Length.");
  }
}

/** @returns the MD5 in hexadecimal digits. @throws {CosError} InvalidDigest. */
export function readContentMd5(call: Call): string | undefined {
  const header = call.headers.get("content-md5");
  if (header === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]{22}==$/.test(header)) {
    throw new CosError("InvalidDigest", "The Content-MD5 is not the Base64 form of an MD5.");
  }
  return Array.from(atob(header), (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** `body`, which ends with EntityTooLarge where it goes on beyond what COS takes. */
function limited(body: RequestBody): RequestBody {
  let size = 0;
  return {
    length: body.length,
    async read(into) {
      const count = await body.read(into);
      size += count ?? 0;
      if (size > MAX_BODY) throw tooLarge();
      return count;
    },
  };
}

function tooLarge(): CosError {
  return new CosError("EntityTooLarge", "The body is larger than 5 GB.");
}

import { pattern, type ValueType } from "./values.ts";

/** COS: keys have 1 to 850 bytes of UTF-8. */
const KEY_BYTES_MAX = 850;

/** `BucketName-APPID`. COS document 436/13312: lower-case letters, digits and `-`. */
export const bucket: ValueType<string> = pattern(
  "a bucket's full name, BucketName-APPID",
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-\d+$/,
);

/** A region's short name. */
export const region: ValueType<string> = pattern(
  "a region's short name such as ap-guangzhou",
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
);

/**
 * What all keys of an account begin with: read as empty, or ending in `/` and beginning without one. No segment is
 * empty, `.` or `..`, there are no control characters, and at least one byte is left of what a key may have.
 */
export const keyPrefix: ValueType<string> = {
  wanted: `folder names between slashes, such as team/a/, none of them empty, "." or "..", ` +
    `of ${KEY_BYTES_MAX - 1} bytes at most`,
  read(text) {
    if (text === "/") return "";
    const prefix = text.replace(/^\//, "").replace(/\/?$/, "/");
    const folders = prefix.slice(0, -1).split("/");
    return folders.some((name) => name === "" || name === "." || name === "..") ||
        /\p{Cc}/u.test(prefix) || byteLength(prefix) >= KEY_BYTES_MAX
      ? undefined
      : prefix;
  },
};

/** `R`, `W` or `RW`, in any case and order. */
export const authority: ValueType<{ readonly read: boolean; readonly write: boolean }> = {
  wanted: "R, W or RW",
  read: (text) =>
    /^(?:r|w|rw|wr)$/i.test(text) ? { read: /r/i.test(text), write: /w/i.test(text) } : undefined,
};

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

import type { ByteRun, Slice } from "./byte_store.ts";
import type { Content } from "./content.ts";

/** What an object is besides its bytes. */
export interface Attributes {
  /** Headers that come back with the object, names in lower case: `content-type`, `x-cos-meta-*` and the like. */
  readonly headers: Readonly<Record<string, string>>;
  readonly storageClass: string;
}

export interface StoredObject extends Content, Attributes {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

export interface StoredPart extends Content {
  readonly partNumber: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** How a multipart upload begins. */
export interface UploadStart extends Attributes {
  readonly key: string;
  readonly uploadId: string;
  /** Milliseconds since the epoch. */
  readonly initiated: number;
}

/** One step from a state of the store to the next: all or nothing. */
export type Change =
  | { readonly type: "create-bucket"; readonly bucket: string; readonly created: number }
  | { readonly type: "delete-bucket"; readonly bucket: string }
  | { readonly type: "put-object"; readonly bucket: string; readonly object: StoredObject }
  | { readonly type: "delete-object"; readonly bucket: string; readonly key: string }
  | { readonly type: "initiate-upload"; readonly bucket: string; readonly upload: UploadStart }
  | {
    readonly type: "put-part";
    readonly bucket: string;
    readonly uploadId: string;
    readonly part: StoredPart;
  }
  | {
    readonly type: "complete-upload";
    readonly bucket: string;
    readonly uploadId: string;
    readonly object: StoredObject;
  }
  | { readonly type: "abort-upload"; readonly bucket: string; readonly uploadId: string };

/** A change as one line of JSON, without the line feed. */
export function encodeChange(change: Change): string {
  return JSON.stringify(change, (name, value) => {
    if (name === "crc64") return String(value);
    if (name === "slices") {
      return value.map(({ run, start, length }: Slice) => [run.id, run.size, start, length]);
    }
    return value;
  });
}

/**
 * Reads what {@linkcode encodeChange} wrote.
 *
 * @throws SyntaxError when the line was not written to its end.
 */
export function decodeChange(line: string): Change {
  return JSON.parse(line, (name, value) => {
    if (name === "crc64") return BigInt(value);
    if (name === "slices") {
      return value.map(([id, size, start, length]: [string, number, number, number]): Slice => {
        const run: ByteRun = { id, size };
        return { run, start, length };
      });
    }
    return value;
  });
}

import { type ObjectInfo, StoreError } from "../store/object_store.ts";
import { Download, type DownloadResources } from "./download.ts";
import type { MultipartUpload } from "./multipart_upload.ts";
import { copyParts } from "./part_copies.ts";
import { TreeError } from "./tree_error.ts";

/** A finished file that a client appends to. */
export interface FinishedFile {
  readonly key: string;
  readonly info: ObjectInfo;
}

/** Whoever takes bytes: an upload. */
interface Taker {
  readonly signal: AbortSignal;
  space(): Promise<Uint8Array>;
  advance(count: number): void;
}

/** Puts a small file in front of what a client appends to it, by reading it. @throws {TreeError} `changed`. */
export async function resendFile(
  resources: DownloadResources,
  { key, info }: FinishedFile,
  taker: Taker,
): Promise<void> {
  using old = await Download.open(resources, { key, start: 0, signal: taker.signal });
  if (old.etag !== info.etag) throw replaced();
  for (;;) {
    const count = await old.read(await taker.space());
    if (count === null) return;
    taker.advance(count);
  }
}

/** Has COS make the first `count` parts of it. @throws {TreeError} `changed`; {StoreError}. */
export async function copyFile(
  upload: Promise<MultipartUpload>,
  file: FinishedFile,
  options: { count: number; signal: AbortSignal },
): Promise<void> {
  try {
    await copyParts(await upload, file, options);
  } catch (error) {
    const isReplaced = error instanceof StoreError &&
      (error.kind === "conflict" || error.code === "NoSuchKey");
    throw isReplaced ? replaced(error) : error;
  }
}

function replaced(cause?: unknown): TreeError {
  return new TreeError("changed", "The file was replaced or removed while it was appended to", {
    cause,
  });
}

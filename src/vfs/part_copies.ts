import type { ObjectInfo } from "../store/object_store.ts";
import { inParallel } from "./in_parallel.ts";
import type { MultipartUpload } from "./multipart_upload.ts";

/** COS copies at most this much in one request, of an object and of a part. Bytes. */
export const COPY_MAX = 5 * 1024 ** 3;

/** Copies at once. */
const PARALLEL = 16;

/** How many parts of at most `max` bytes it takes to copy an object of `size` bytes. */
export function countCopies(size: number, max: number): number {
  return Math.ceil(size / max);
}

/**
 * Makes the first `count` parts of an upload of another object, by Upload Part - Copy. They are equally large, since COS wants
 * at least 1 MB of each part but the last.
 *
 * @throws {StoreError} `conflict` when the object is not this one any more.
 */
export async function copyParts(
  upload: MultipartUpload,
  source: { key: string; info: ObjectInfo },
  { count, signal }: { count: number; signal: AbortSignal },
): Promise<void> {
  const { key, info } = source;
  const size = Math.ceil(info.size / count);
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  await inParallel(numbers, PARALLEL, async (number) => {
    const start = (number - 1) * size;
    const end = Math.min(start + size, info.size) - 1;
    await upload.copy(number, { key, start, end, ifMatch: info.etag }, { signal });
  });
}

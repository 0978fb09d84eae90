import {
  type ListedObject,
  type ObjectInfo,
  type ObjectStore,
  type Stored,
  StoreError,
  uninterrupted,
} from "../store/object_store.ts";
import { inParallel } from "./in_parallel.ts";
import { type MultipartResources, MultipartUpload } from "./multipart_upload.ts";
import { COPY_MAX, copyParts, countCopies } from "./part_copies.ts";
import { KEY_MAX_BYTES, keyBytes } from "./virtual_path.ts";
import { TreeError } from "./tree_error.ts";

/** Requests at once within one rename. */
const PARALLEL = 16;

/** COS removes at most this many objects in one request. */
const DELETE_MAX = 1000;

/** What a file is moved from and to, and whether that may replace something. */
export interface FileMove {
  readonly from: string;
  readonly to: string;
  readonly overwrite: "allow" | "forbid";
}

/**
 * Moves a file of any size: copies it within COS, proves the copy, then removes the source. Content type, HTTP fields,
 * metadata, storage class and encryption are kept, the ACL is not. Once begun it is carried to its end.
 *
 * @throws {TreeError} `exists` when `overwrite` is "forbid" and the target exists.
 * @throws {StoreError} `corrupt` when the copy is not like the source, which then stays.
 */
export async function moveFile(
  resources: MultipartResources,
  move: FileMove & { info: ObjectInfo },
): Promise<void> {
  await copyFile(resources, move);
  await resources.store.delete(move.from, uninterrupted());
}

/**
 * Moves all keys below one prefix to another one: first every object is copied and every copy proved, then the sources are
 * removed. So at every moment each file is at the source, at the destination, or at both, and a move that broke off can be
 * done again: a destination that holds nothing but copies of the source, or copies of all that is left of it, is gone on
 * with. What was copied over nothing is removed again when it fails before the first source was.
 *
 * @param move.from both end with `/`.
 * @param move.maxFiles more keys than that are refused, for nothing can be said to the client while it waits.
 * @returns how many objects were moved.
 * @throws {TreeError} `exists`, `too-many-files`, `name-not-allowed`.
 */
export async function moveDirectory(
  resources: MultipartResources,
  move: { from: string; to: string; maxFiles: number },
): Promise<number> {
  const { from, to, maxFiles } = move;
  const { store } = resources;
  const sources = await keysBelow(store, from, maxFiles);
  if (!sources) {
    throw new TreeError(
      "too-many-files",
      `The directory holds more than ${maxFiles} files (rename_max_files)`,
    );
  }
  const targetOf = (source: ListedObject) => to + source.key.slice(from.length);
  for (const source of sources.values()) checkLength(targetOf(source));
  const present = await copiesPresent(store, { sources, from, to, maxFiles });
  const made: string[] = [];
  try {
    const missing = [...sources.values()].filter((source) => !present.has(targetOf(source)));
    await inParallel(missing, PARALLEL, async (source) => {
      const info = await store.head(source.key, uninterrupted());
      const target = targetOf(source);
      await copyFile(resources, { from: source.key, to: target, info, overwrite: "forbid" });
      made.push(target);
    });
  } catch (error) {
    await removeAll(store, made).catch(() => {});
    throw error;
  }
  await removeAll(store, [...sources.keys()]);
  return sources.size;
}

async function copyFile(
  resources: MultipartResources,
  { from, to, info, overwrite }: FileMove & { info: ObjectInfo },
): Promise<void> {
  const { store, copyMax = COPY_MAX } = resources;
  const forbidOverwrite = overwrite === "forbid";
  try {
    const copy = info.size <= copyMax
      ? await store.copy(from, to, {
        ...uninterrupted(),
        ifMatch: info.etag,
        storageClass: info.storageClass,
        encryption: info.encryption,
        forbidOverwrite,
      })
      : await copyInParts(resources, { from, to, info, partSize: copyMax, forbidOverwrite });
    await prove(store, { to, info, copy });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === "PreconditionFailed") throw error;
    if (error.mayHaveHappened && await isThere(store, { to, info })) return;
    const taken = forbidOverwrite && error.kind === "conflict";
    throw taken ? new TreeError("exists", "The destination exists", { cause: error }) : error;
  }
}

/** Whether a copy was made although its answer was lost. False where that cannot be found out. */
async function isThere(
  store: ObjectStore,
  { to, info }: { to: string; info: ObjectInfo },
): Promise<boolean> {
  const found = await store.head(to, uninterrupted()).catch(() => undefined);
  return found !== undefined && isLike(found, info);
}

/** Upload Part - Copy, since one copy takes no more than 5 GB. */
async function copyInParts(
  resources: MultipartResources,
  { from, to, info, partSize, forbidOverwrite }: {
    from: string;
    to: string;
    info: ObjectInfo;
    partSize: number;
    forbidOverwrite: boolean;
  },
): Promise<Stored> {
  await using upload = await MultipartUpload.begin(resources, { key: to, headers: info });
  const count = countCopies(info.size, partSize);
  await copyParts(upload, { key: from, info }, { count, ...uninterrupted() });
  const { size, crc64 } = info;
  return await upload.complete({ copied: { parts: count, size, crc64 }, forbidOverwrite });
}

/** A copy that is not like its source, also by a second look, is removed. @throws {StoreError} `corrupt`. */
async function prove(
  store: ObjectStore,
  { to, info, copy }: { to: string; info: ObjectInfo; copy: Stored },
): Promise<void> {
  if (copy.crc64 !== undefined && copy.crc64 === info.crc64) return;
  if (isLike(await store.head(to, uninterrupted()), info)) return;
  await store.delete(to, uninterrupted());
  throw new StoreError(`Cannot copy to ${to}: the copy differs from its source`, {
    kind: "corrupt",
    code: "CopyDiffers",
  });
}

function isLike(a: ObjectInfo, b: ObjectInfo): boolean {
  return a.size === b.size &&
    (a.crc64 !== undefined && b.crc64 !== undefined ? a.crc64 === b.crc64 : a.etag === b.etag);
}

/**
 * The targets that are there already, when they come from the same move, broken off.
 *
 * @throws {TreeError} `exists` when they do not.
 */
async function copiesPresent(
  store: ObjectStore,
  { sources, from, to, maxFiles }: {
    sources: ReadonlyMap<string, ListedObject>;
    from: string;
    to: string;
    maxFiles: number;
  },
): Promise<ReadonlySet<string>> {
  const targets = await keysBelow(store, to, maxFiles);
  const refuse = () => new TreeError("exists", "The destination exists");
  if (!targets) throw refuse();
  const copies = new Set<string>();
  await inParallel([...targets.values()], PARALLEL, async (target) => {
    const source = sources.get(from + target.key.slice(to.length));
    if (source && await isCopy(store, source, target)) copies.add(target.key);
  });
  if (copies.size < targets.size && copies.size < sources.size) throw refuse();
  return copies;
}

/** The ETag of a copy can differ from its source's, so the CRC64 decides then. */
async function isCopy(
  store: ObjectStore,
  source: ListedObject,
  target: ListedObject,
): Promise<boolean> {
  if (source.size !== target.size) return false;
  if (source.etag === target.etag) return true;
  const [a, b] = await Promise.all(
    [source, target].map(({ key }) => store.head(key, uninterrupted())),
  );
  return isLike(a!, b!);
}

/** All objects below a prefix; undefined when there are more than `max`. */
async function keysBelow(
  store: ObjectStore,
  prefix: string,
  max: number,
): Promise<Map<string, ListedObject> | undefined> {
  const found = new Map<string, ListedObject>();
  let marker: string | undefined;
  do {
    const page = await store.list({ ...uninterrupted(), prefix, marker });
    for (const object of page.objects) found.set(object.key, object);
    if (found.size > max) return undefined;
    marker = page.nextMarker;
  } while (marker !== undefined);
  return found;
}

async function removeAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += DELETE_MAX) {
    const left = await store.deleteMany(keys.slice(start, start + DELETE_MAX), uninterrupted());
    if (left.length === 0) continue;
    const { key, code, message } = left[0]!;
    throw new StoreError(
      `Cannot remove ${left.length} objects, among them ${key}: ${code}: ${message}`,
      { kind: "unavailable", code },
    );
  }
}

function checkLength(key: string): void {
  if (keyBytes(key) > KEY_MAX_BYTES) {
    throw new TreeError(
      "name-not-allowed",
      `A path in it would have more than ${KEY_MAX_BYTES} bytes`,
    );
  }
}

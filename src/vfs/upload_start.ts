import {
  type CallOptions,
  type ObjectInfo,
  type ObjectStore,
  StoreError,
} from "../store/object_store.ts";
import { findKept, type KeptUpload } from "./kept_upload.ts";
import type { MultipartResources } from "./multipart_upload.ts";
import { TreeError } from "./tree_error.ts";

/** What a client's bytes come after. */
export type UploadStart =
  | { readonly kind: "nothing" }
  /** An interrupted upload. `marker`: the byte of the file that the client begins with, at most the kept length. */
  | { readonly kind: "kept"; readonly kept: KeptUpload; readonly marker: number }
  /** A finished file. */
  | { readonly kind: "finished"; readonly info: ObjectInfo };

/** The name of the file and who asks. */
export interface StartOptions extends CallOptions {
  readonly key: string;
}

/**
 * Where `REST n` and STOR begin: in the interrupted upload of the file, if it is newer than the finished object; else at that
 * one's end, if that is what n says.
 *
 * @param options.marker above 0.
 * @throws {TreeError} `beyond-end` when less than that is kept; `not-resumable` when nothing is.
 */
export async function restartAt(
  resources: MultipartResources,
  options: StartOptions & { marker: number },
): Promise<UploadStart> {
  const { marker } = options;
  const { kept, info } = await look(resources, options);
  if (kept) {
    if (marker <= kept.size) return await own(resources, { ...options, kept, marker });
    throw new TreeError(
      "beyond-end",
      `Cannot go on at byte ${marker}: ${kept.size} bytes of the file are kept`,
    );
  }
  if (info?.size === marker) return { kind: "finished", info };
  throw new TreeError(
    "not-resumable",
    info
      ? `Cannot go on at byte ${marker}: the file is finished and has ${info.size} bytes`
      : `Cannot go on at byte ${marker}: nothing is kept of this file`,
  );
}

/**
 * Where APPE begins: at the end of the finished file. At that of an interrupted upload where there is nothing else, or where
 * the client was told its length (curl and ncftp resume by SIZE and APPE).
 */
export async function appendAt(
  resources: MultipartResources,
  options: StartOptions & { wasShownKept: boolean },
): Promise<UploadStart> {
  const { kept, info } = await look(resources, options);
  if (kept && (!info || options.wasShownKept)) {
    return await own(resources, { ...options, kept, marker: kept.size });
  }
  return info ? { kind: "finished", info } : { kind: "nothing" };
}

/** The finished object of a key, undefined where there is none. @throws {StoreError} */
export async function findFinished(
  store: ObjectStore,
  { key, signal }: StartOptions,
): Promise<ObjectInfo | undefined> {
  try {
    return await store.head(key, { signal });
  } catch (error) {
    if (
      error instanceof StoreError && error.kind === "not-found" && error.code !== "NoSuchBucket"
    ) {
      return undefined;
    }
    throw error;
  }
}

async function look(
  { store, records }: MultipartResources,
  { key, signal }: StartOptions,
): Promise<{ kept?: KeptUpload; info?: ObjectInfo }> {
  const finished = findFinished(store, { key, signal });
  const kept = await findKept(records, { key, finished, signal });
  return { kept, info: await finished };
}

/** Has the session end that works at it, a connection that its client has lost: then more may be kept. */
async function own(
  resources: MultipartResources,
  { key, signal, kept, marker }: StartOptions & { kept: KeptUpload; marker: number },
): Promise<UploadStart> {
  const { records } = resources;
  if (!records.isRunning(kept.recordKey)) return { kind: "kept", kept, marker };
  await records.takeOver(kept.recordKey);
  const now = await look(resources, { key, signal });
  if (now.kept && now.kept.size >= marker) return { kind: "kept", kept: now.kept, marker };
  throw new TreeError("not-resumable", "The upload has just been finished by another session");
}

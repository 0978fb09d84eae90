import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { UploadRecords } from "../../src/vfs/upload_records.ts";
import { sweepUploads } from "../../src/vfs/upload_sweep.ts";
import type { Gateway } from "../ftp/gateway.ts";
import { laterStore } from "../vfs/later_store.ts";

/** The `resume_window` of all sweeps here. Milliseconds. */
const WINDOW = 24 * 60 * 60_000;

/** An unfinished upload that somebody else began, of the very file that the tests are about. Disposing of it looks for it. */
export class ForeignUpload implements AsyncDisposable {
  readonly #gateway: Gateway;
  readonly uploadId: string;

  private constructor(gateway: Gateway, uploadId: string) {
    this.#gateway = gateway;
    this.uploadId = uploadId;
  }

  static async begin(gateway: Gateway): Promise<ForeignUpload> {
    const { store } = gateway;
    const uploadId = await store.initiateUpload("file", uninterrupted());
    const part = { key: "file", uploadId, partNumber: 1 };
    await store.uploadPart(part, [new Uint8Array(1)], uninterrupted());
    return new ForeignUpload(gateway, uploadId);
  }

  /** @throws {StoreError} when it is not there any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { store } = this.#gateway;
    const upload = { key: "file", uploadId: this.uploadId };
    assert.equal((await store.listParts(upload, uninterrupted())).length, 1);
    await store.abortUpload(upload, uninterrupted());
  }
}

/**
 * Sweeps until nothing is left of the gateway's uploads.
 *
 * @returns nothing if nothing was left, `*` if the gateway's own next sweep removes it, `**` if only one does that is started
 * a day later.
 * @throws AssertionError when something remains.
 */
export async function sweepAll(gateway: Gateway, foreign: ForeignUpload): Promise<"" | "*" | "**"> {
  if (await isClean(gateway, foreign)) return "";
  await sweepUploads(gateway.records, { window: WINDOW, ...uninterrupted() });
  if (await isClean(gateway, foreign)) return "*";
  await sweepTomorrow(gateway);
  assert.ok(await isClean(gateway, foreign), "an upload is left, or a record of one");
  return "**";
}

/** Sweeps as a gateway of the same cluster does a day later. */
export async function sweepTomorrow(gateway: Gateway): Promise<void> {
  const { store } = gateway.records.options;
  const records = recordsOfOther(gateway, laterStore(store, WINDOW));
  await sweepUploads(records, { window: WINDOW, ...uninterrupted() });
}

/** The records of the same account as another gateway of the same cluster keeps them. */
export function recordsOfOther(
  { records: { options } }: Gateway,
  store = options.store,
): UploadRecords {
  return new UploadRecords({ ...options, store });
}

async function isClean(gateway: Gateway, foreign: ForeignUpload): Promise<boolean> {
  const uploads = await gateway.store.listUploads({ prefix: "", ...uninterrupted() });
  const records = await gateway.keys(gateway.records.prefix);
  return records.length === 0 && uploads.every(({ uploadId }) => uploadId === foreign.uploadId);
}

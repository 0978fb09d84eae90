import { sleep } from "../clock.ts";
import type { ListedObject, ObjectStore, StoredPart } from "../store/object_store.ts";
import { StoreError } from "../store/object_store.ts";
import type { UploadRecord, UploadRecords } from "./upload_record.ts";

/** Between two sweeps. Milliseconds. */
const INTERVAL = 60 * 60_000;

/** How far apart, by COS's clocks, a record and its Initiate can be: all tries of one, and a wrong clock. Milliseconds. */
const INITIATE_MAX = 5 * 60_000;

/** When a sweep takes what it finds. */
export interface SweepOptions {
  /** How long nothing may have been heard of an upload that another process began. Milliseconds. */
  readonly window: number;
  readonly signal: AbortSignal;
}

/**
 * Aborts what is left of multipart uploads that nobody works at any more, and removes their records. Of the uploads in a
 * bucket it touches only those that have a record with this gateway's `cluster_name`:
 *
 * - begun by this process, which has ended without being able to abort it: at once;
 * - begun by another process, of which nobody can say whether it lives: when neither its record nor any of its parts was
 *   written within the window;
 * - of unknown UploadId, because the answer to Initiate was lost or its process killed before: every upload of its key
 *   that began with the record and has got no part within the window.
 *
 * Never throws, except for the signal's reason: what fails is logged and tried again by the next sweep.
 */
export async function sweepUploads(records: UploadRecords, options: SweepOptions): Promise<void> {
  const { store, account, log } = records.options;
  const { signal } = options;
  const failed = (error: unknown, record?: string) => {
    signal.throwIfAborted();
    const fields = { account, record, error: String(error) };
    log.warning("Cannot sweep what uploads have left: the next sweep tries again", fields);
  };
  try {
    let marker: string | undefined;
    do {
      const page = await store.list({ prefix: records.prefix, marker, signal });
      for (const object of page.objects) {
        if (records.isRunning(object.key)) continue;
        await sweepOne(records, object, options).catch((error) => failed(error, object.key));
      }
      marker = page.nextMarker;
    } while (marker !== undefined);
  } catch (error) {
    failed(error);
  }
}

async function sweepOne(
  records: UploadRecords,
  object: ListedObject,
  { window, signal }: SweepOptions,
): Promise<void> {
  const { store, cluster, account, process, clock, log } = records.options;
  const isOld = (time: Date) => clock.now() - time.getTime() >= window;
  const record = await records.read(object.key, { signal });
  if (record?.cluster !== cluster) return;
  const hasEnded = record.process === process && record.account === account &&
    record.uploadId !== undefined;
  if (!hasEnded && !isOld(object.modified)) return;
  for (const { uploadId, begun } of await uploadsOf(store, { record, object, signal })) {
    const upload = { key: record.key, uploadId };
    const parts = await partsOf(store, upload, signal);
    if (parts === undefined) continue;
    const isForeign = record.uploadId === undefined && parts.length > 0;
    if (isForeign) continue;
    const heardOf = [begun, ...parts.map(({ modified }) => modified)];
    if (!hasEnded && !heardOf.every(isOld)) return;
    await store.abortUpload(upload, { signal });
    log.info("Aborted what was left of an upload", { ...upload, account: record.account });
  }
  await store.delete(object.key, { signal });
}

/** The uploads that a record may stand for. */
async function uploadsOf(
  store: ObjectStore,
  { record, object, signal }: { record: UploadRecord; object: ListedObject; signal: AbortSignal },
): Promise<{ uploadId: string; begun: Date }[]> {
  const written = object.modified;
  if (record.uploadId !== undefined) return [{ uploadId: record.uploadId, begun: written }];
  const uploads = await store.listUploads({ prefix: record.key, signal });
  const apart = (time: Date) => Math.abs(time.getTime() - written.getTime());
  return uploads
    .filter(({ key, initiated }) => key === record.key && apart(initiated) <= INITIATE_MAX)
    .map(({ uploadId, initiated }) => ({ uploadId, begun: initiated }));
}

/** The parts of an unfinished upload; undefined when it has ended. */
async function partsOf(
  store: ObjectStore,
  upload: { key: string; uploadId: string },
  signal: AbortSignal,
): Promise<readonly StoredPart[] | undefined> {
  try {
    return await store.listParts(upload, { signal });
  } catch (error) {
    if (error instanceof StoreError && error.kind === "not-found") return undefined;
    throw error;
  }
}

/** Sweeps the records of all accounts, now and every hour, until it is disposed of. */
export function sweepHourly(
  accounts: readonly UploadRecords[],
  options: Pick<SweepOptions, "window">,
): AsyncDisposable {
  const controller = new AbortController();
  const { signal } = controller;
  const sweeping = (async () => {
    const [first] = accounts;
    while (first) {
      for (const records of accounts) await sweepUploads(records, { ...options, signal });
      await sleep(first.options.clock, INTERVAL, signal);
    }
  })().catch((error) => {
    if (!signal.aborted) throw error;
  });
  return {
    async [Symbol.asyncDispose]() {
      controller.abort(new Error("The gateway is stopping"));
      await sweeping;
    },
  };
}

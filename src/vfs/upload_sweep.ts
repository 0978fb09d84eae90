import { sleep } from "../clock.ts";
import type { ListedObject, ObjectStore } from "../store/object_store.ts";
import { listPartsOf } from "./kept_upload.ts";
import type { UploadRecord } from "./upload_record.ts";
import type { UploadRecords } from "./upload_records.ts";

/** Between two sweeps. Milliseconds. */
const INTERVAL = 60 * 60_000;

/** How far apart, by COS's clocks, a record and its Initiate can be: all tries of one, and a wrong clock. Milliseconds. */
const INITIATE_MAX = 5 * 60_000;

/** When a sweep takes what it finds. */
export interface SweepOptions {
  /** How long nothing may have been heard of an upload (`resume_window`). Milliseconds. */
  readonly window: number;
  readonly signal: AbortSignal;
}

/**
 * Aborts what is left of multipart uploads that nobody works at any more, and removes their records. Of the uploads in a
 * bucket it touches only those that have a record with this gateway's `cluster_name`:
 *
 * - that this process wanted to abort and could not: at once;
 * - any other, kept or of a process of which nobody can say whether it lives: when neither its record nor any of its parts
 *   was written within the window;
 * - of unknown UploadId, because the answer to Initiate was lost or its process killed before: every upload of its key
 *   that began with the record and has got no part within the window.
 *
 * Times are compared by COS's clock, whatever ours says. Never throws, except for the signal's reason: what fails is logged and tried again by the next sweep.
 */
export async function sweepUploads(records: UploadRecords, options: SweepOptions): Promise<void> {
  const { store, account, clock, log } = records.options;
  const { signal } = options;
  const failed = (error: unknown, record?: string) => {
    signal.throwIfAborted();
    const fields = { account, record, error: String(error) };
    log.warning("Cannot sweep what uploads have left: the next sweep tries again", fields);
  };
  try {
    const seen: string[] = [];
    let marker: string | undefined;
    do {
      const page = await store.list({ prefix: records.prefix, marker, signal });
      for (const object of page.objects) {
        seen.push(object.key);
        if (records.isRunning(object.key)) continue;
        const now = page.date?.getTime() ?? clock.now();
        await sweepOne(records, object, { ...options, now })
          .catch((error) => failed(error, object.key));
      }
      marker = page.nextMarker;
    } while (marker !== undefined);
    records.seeOnly(seen);
  } catch (error) {
    failed(error);
  }
}

async function sweepOne(
  records: UploadRecords,
  object: ListedObject,
  { window, signal, now }: SweepOptions & { now: number },
): Promise<void> {
  const { store, cluster, log } = records.options;
  const isOld = (time: Date) => now - time.getTime() >= window;
  const isAbandoned = records.isAbandoned(object.key);
  if (!isAbandoned && !isOld(object.modified)) return;
  const record = await records.read(object.key, { signal });
  if (record?.cluster !== cluster) return;
  for (const { uploadId, begun } of await uploadsOf(store, { record, object, signal })) {
    const upload = { key: record.key, uploadId };
    const parts = await listPartsOf(store, upload, { signal });
    if (parts === undefined) continue;
    const isForeign = record.uploadId === undefined && parts.length > 0;
    if (isForeign) continue;
    const heardOf = [begun, ...parts.map(({ modified }) => modified)];
    if (!isAbandoned && !heardOf.every(isOld)) return;
    await store.abortUpload(upload, { signal });
    const what = isAbandoned
      ? "Aborted what was left of an upload"
      : "An interrupted upload has expired";
    log.info(what, { ...upload, account: record.account, parts: parts.length });
  }
  await records.sweep(object.key, { signal });
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

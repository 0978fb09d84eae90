import { type ObjectStore, type Stored, StoreError, uninterrupted } from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";

/** An object that was to be published, and what it must be. */
export interface Publication {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Undefined where it is copied from what has none. */
  readonly crc64: bigint | undefined;
}

/** How often bytes that COS received damaged are sent before the upload fails. */
const DAMAGED_TRIES = 3;

/** Where to look for it. */
export interface Publisher {
  readonly store: ObjectStore;
  readonly log: Logger;
}

/**
 * Finds out whether a request took effect that was to publish an object, and whose answer was lost.
 *
 * @throws `error`, the request's, unless the object there is the one that was sent.
 */
export async function confirm(
  { store, log }: Publisher,
  { key, size, crc64 }: Publication,
  error: StoreError,
): Promise<Stored> {
  const found = await store.head(key, uninterrupted()).catch(() => undefined);
  if (crc64 === undefined || found?.size !== size || found.crc64 !== crc64) throw error;
  const { etag, requestId } = found;
  log.info("An answer of COS was lost, but the object is there and is right", {
    key,
    size,
    code: error.code,
  });
  return { etag, crc64, requestId };
}

/**
 * Decides about an object that was published, by whose answer it is not what was sent. A second look settles it: if it is
 * right after all, it stays. If it is wrong and still the one that was published, it is removed: nothing there is better
 * than something wrong.
 *
 * @param answer COS's, with another CRC64.
 * @throws {StoreError} `corrupt` when it is wrong.
 */
export async function settleDamage(
  { store, log }: Publisher,
  { key, size, crc64 }: Publication,
  answer: Stored,
): Promise<Stored> {
  const found = await store.head(key, uninterrupted()).catch(() => undefined);
  if (found?.size === size && found.crc64 === crc64) {
    log.warning("An answer of COS was damaged, but the object is there and is right", { key });
    return { ...answer, crc64 };
  }
  if (found === undefined || found.etag === answer.etag) {
    log.error("The stored object is damaged and is removed", { key });
    await store.delete(key, uninterrupted()).catch((error) => {
      log.error("Cannot remove a damaged object", { key, error: String(error) });
    });
  }
  throw damaged(key);
}

/**
 * Sends until COS answers with the CRC-64 of what was sent.
 *
 * @param sent which part of which key.
 * @returns the last answer, which may still tell another one: {@linkcode isDamaged}.
 */
export async function sendUndamaged(
  { log }: Pick<Publisher, "log">,
  sent: { key: string; part: number; crc64: bigint },
  send: () => Promise<Stored>,
): Promise<Stored> {
  for (let tries = 1;; tries++) {
    const stored = await send();
    if (tries === DAMAGED_TRIES || !isDamaged(stored, sent)) return stored;
    const { key, part } = sent;
    log.warning("COS received damaged bytes", { key, part, tries });
  }
}

/** Whether COS tells another CRC-64 than that of what was sent. */
export function isDamaged(stored: Stored, sent: { crc64: bigint }): boolean {
  return stored.crc64 !== undefined && stored.crc64 !== sent.crc64;
}

/** The error for bytes of which COS holds others than were sent. */
export function damaged(key: string): StoreError {
  return new StoreError(`Cannot store ${key}: COS holds other bytes than were sent (CRC64)`, {
    kind: "corrupt",
    code: "Crc64Differs",
  });
}

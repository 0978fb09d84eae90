import { createHash } from "node:crypto";
import { nextTurn } from "../net/connection.ts";
import {
  type ObjectHeaders,
  type Payload,
  type Stored,
  StoreError,
  uninterrupted,
} from "../store/object_store.ts";
import { confirm, isDamaged, type Publisher, sendUndamaged, settleDamage } from "./publication.ts";

/**
 * Stores a file by one PUT, and proves that COS holds what was sent.
 *
 * @param options.contentMd5 whether COS is told the MD5 of the bytes, so that it refuses damaged ones before publishing.
 * @throws {StoreError} when COS refused, or it could not be found out whether it did.
 */
export async function putObject(
  publisher: Publisher,
  file: { key: string; payload: Payload; size: number; crc64: bigint },
  options: { headers: ObjectHeaders; contentMd5: boolean; forbidOverwrite?: boolean },
): Promise<Stored> {
  const { key, payload, crc64 } = file;
  const contentMd5 = options.contentMd5 ? await md5(payload) : undefined;
  const stored = await sendUndamaged(publisher, { key, part: 1, crc64 }, async () => {
    try {
      const { headers, forbidOverwrite } = options;
      const put = { ...uninterrupted(), ...headers, contentMd5, forbidOverwrite };
      return await publisher.store.put(key, payload, put);
    } catch (error) {
      const inDoubt = error instanceof StoreError && error.mayHaveHappened;
      if (!inDoubt) throw error;
      return await confirm(publisher, file, error);
    }
  });
  return isDamaged(stored, file) ? await settleDamage(publisher, file, stored) : stored;
}

/** Two milliseconds a slice, between which others have their turn. */
async function md5(payload: Payload): Promise<string> {
  const hash = createHash("md5");
  for (const [index, bytes] of payload.entries()) {
    if (index > 0) await nextTurn();
    hash.update(bytes);
  }
  return hash.digest("base64");
}

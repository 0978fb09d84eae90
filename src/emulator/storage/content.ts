import { createHash } from "node:crypto";
import { crc64 } from "../../checksum/crc64.ts";
import type { ByteStore, RunWriter, Slice } from "./byte_store.ts";

/** What an object or a part consists of. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal MD5, or `md5ofmd5s-N` of an object made of N parts; without quotes. */
  readonly etag: string;
  /** CRC-64/ECMA. */
  readonly crc64: bigint;
  readonly slices: readonly Slice[];
}

/** Something that brings bytes, as a request's body does. */
export interface ByteSource {
  /** @returns how many bytes were put into `into`, at least one, or null after the last. */
  read(into: Uint8Array): Promise<number | null>;
}

/** MD5, CRC-64 and length of bytes as they pass. */
export class ContentDigest {
  readonly #md5 = createHash("md5");
  #crc64 = 0n;
  #size = 0;

  update(bytes: Uint8Array): void {
    this.#md5.update(bytes);
    this.#crc64 = crc64(bytes, this.#crc64);
    this.#size += bytes.length;
  }

  /** To be called once. */
  digest(): { size: number; etag: string; crc64: bigint } {
    return { size: this.#size, etag: this.#md5.digest("hex"), crc64: this.#crc64 };
  }
}

/** Writes what `source` brings as one run. @throws what `source` throws. */
export async function receiveContent(source: ByteSource, writer: RunWriter): Promise<Content> {
  const digest = new ContentDigest();
  for (;;) {
    const space = writer.space();
    const count = await source.read(space);
    if (count === null) break;
    digest.update(space.subarray(0, count));
    await writer.advance(count);
  }
  const result = digest.digest();
  if (result.size === 0) return { ...result, slices: [] };
  const run = await writer.finish();
  return { ...result, slices: [{ run, start: 0, length: run.size }] };
}

/** The stretch of `length` bytes from byte `start` of `slices`, which must reach that far. */
export function cutSlices(slices: readonly Slice[], start: number, length: number): Slice[] {
  const cut: Slice[] = [];
  let offset = 0;
  for (const slice of slices) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(start + length - offset, slice.length);
    if (from < to) cut.push({ run: slice.run, start: slice.start + from, length: to - from });
    offset += slice.length;
  }
  return cut;
}

/** The bytes of `slices` one after the other; each piece is valid until the next one is asked for. */
export async function* readSlices(
  store: ByteStore,
  slices: readonly Slice[],
): AsyncIterable<Uint8Array> {
  for (const slice of slices) yield* store.read(slice);
}

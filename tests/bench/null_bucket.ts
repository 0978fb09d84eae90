import { combineCrc64, crc64 } from "../../src/checksum/crc64.ts";

/** What is known of an object whose bytes were dropped. */
export interface NullObject {
  readonly size: number;
  /** Undefined where checksums are off. */
  readonly crc64: bigint | undefined;
}

/** One page of a listing. */
export interface NullPage {
  readonly objects: readonly { key: string; size: number }[];
  readonly nextMarker: string | undefined;
}

/** Width of the numbers in the names of listed objects: so their order is that of the numbers. */
const DIGITS = 7;

/** A bucket that keeps no bytes. */
export class NullBucket {
  readonly #objects = new Map<string, NullObject>();
  readonly #uploads = new Map<string, Map<number, NullObject>>();
  readonly #zeros = new Map<number, NullObject>();
  #lastUpload = 0;

  put(key: string, object: NullObject): void {
    this.#objects.set(key, object);
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  /** `zeros/<size>/...` always exists. */
  get(key: string): NullObject | undefined {
    const size = /^zeros\/(\d+)\//.exec(key)?.[1];
    return size === undefined ? this.#objects.get(key) : this.#zerosOf(Number(size));
  }

  /** How many objects below `prefix` have each size. */
  sizes(prefix: string): Record<string, number> {
    const sizes: Record<string, number> = {};
    for (const [key, { size }] of this.#objects) {
      if (key.startsWith(prefix)) sizes[size] = (sizes[size] ?? 0) + 1;
    }
    return sizes;
  }

  /** @returns an UploadId. */
  initiate(): string {
    const uploadId = String(++this.#lastUpload);
    this.#uploads.set(uploadId, new Map());
    return uploadId;
  }

  /** The parts of an unfinished upload, by number. */
  parts(uploadId: string): Map<number, NullObject> | undefined {
    return this.#uploads.get(uploadId);
  }

  /** Joins the parts in the order of their numbers. */
  complete(key: string, uploadId: string): NullObject | undefined {
    const parts = this.#uploads.get(uploadId);
    if (!parts) return undefined;
    let whole: NullObject = { size: 0, crc64: 0n };
    for (const [, part] of [...parts].sort(([a], [b]) => a - b)) whole = joined(whole, part);
    this.#uploads.delete(uploadId);
    this.#objects.set(key, whole);
    return whole;
  }

  abort(uploadId: string): void {
    this.#uploads.delete(uploadId);
  }

  /** Keys below `prefix` after `marker`. `list/<count>/` is full of objects of 1 KiB; what was stored is not listed. */
  list({ prefix, marker, limit }: { prefix: string; marker: string; limit: number }): NullPage {
    const count = Number(/^list\/(\d+)\/$/.exec(prefix)?.[1] ?? 0);
    const first = marker === "" ? 0 : Number(marker.slice(-DIGITS)) + 1;
    const end = Math.min(count, first + limit);
    const objects: { key: string; size: number }[] = [];
    for (let index = first; index < end; index++) {
      objects.push({ key: `${prefix}file-${String(index).padStart(DIGITS, "0")}`, size: 1024 });
    }
    return { objects, nextMarker: end < count ? objects.at(-1)?.key : undefined };
  }

  #zerosOf(size: number): NullObject {
    let zeros = this.#zeros.get(size);
    if (!zeros) this.#zeros.set(size, zeros = { size, crc64: crc64OfZeros(size) });
    return zeros;
  }
}

function joined(first: NullObject, second: NullObject): NullObject {
  const crc = first.crc64 === undefined || second.crc64 === undefined
    ? undefined
    : combineCrc64(first.crc64, second.crc64, second.size);
  return { size: first.size + second.size, crc64: crc };
}

/** By doubling, as it would take long for terabytes. */
function crc64OfZeros(size: number): bigint {
  if (size === 0) return 0n;
  if (size === 1) return crc64(new Uint8Array(1));
  const half = Math.floor(size / 2);
  const crc = crc64OfZeros(half);
  const even = combineCrc64(crc, crc, half);
  return size % 2 === 0 ? even : combineCrc64(even, crc64(new Uint8Array(1)), 1);
}

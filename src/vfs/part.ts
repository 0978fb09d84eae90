import type { SlicePool } from "./slice_pool.ts";

/** Bytes on their way into one part: a chain of slices, all full but the last. */
export class Part {
  readonly number: number;
  readonly payload: Uint8Array[] = [];
  /** Bytes. */
  size = 0;
  /** Of all bytes in it, kept up to date slice by slice. */
  crc64 = 0n;
  readonly #slices: Uint8Array[] = [];
  readonly #capacity: number;
  readonly #pool: SlicePool;

  /** @param options.size bytes that it takes before it is sent, rounded up to whole slices. */
  constructor(pool: SlicePool, options: { number: number; size: number }) {
    this.#pool = pool;
    this.number = options.number;
    this.#capacity = Math.ceil(options.size / pool.sliceSize);
  }

  get isFull(): boolean {
    return this.#slices.length >= this.#capacity;
  }

  /** Takes over a slice, of which `length` bytes count. */
  push(slice: Uint8Array, length: number): void {
    const filled = slice.subarray(0, length);
    this.#slices.push(slice);
    this.payload.push(filled);
    this.size += length;
    this.crc64 = this.#pool.crc64(filled, this.crc64);
  }

  /** Takes its last byte off. Only where there is one. */
  dropLastByte(): void {
    const last = this.payload.pop()!.subarray(0, -1);
    if (last.length > 0) this.payload.push(last);
    this.size--;
    this.crc64 = this.payload.reduce((crc, bytes) => this.#pool.crc64(bytes, crc), 0n);
  }

  /** Gives its memory back. Idempotent. */
  release(): void {
    for (const slice of this.#slices.splice(0)) this.#pool.release(slice);
    this.payload.length = 0;
  }
}

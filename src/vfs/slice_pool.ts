import type { PartMemory } from "../checksum/part_memory.ts";

/**
 * Shares the part memory among all uploads, a slice at a time, first come first served. Whoever finds none free waits, and
 * meanwhile does not read its socket: that is the whole of cosftp's flow control.
 */
export class SlicePool {
  readonly #memory: PartMemory;
  readonly #free: Uint8Array[];
  readonly #waiting = new Set<(slice: Uint8Array) => void>();

  constructor(memory: PartMemory) {
    this.#memory = memory;
    // Taken from the end: memory that was used before is used again before untouched memory is.
    this.#free = memory.slices.toReversed();
  }

  /** Bytes. */
  get sliceSize(): number {
    return this.#memory.sliceSize;
  }

  /** How many slices nobody holds. */
  get free(): number {
    return this.#free.length;
  }

  /** A slice if one is free; whoever waits comes first. */
  tryAcquire(): Uint8Array | undefined {
    return this.#waiting.size > 0 ? undefined : this.#free.pop();
  }

  /** Waits for a slice. @throws the signal's reason. */
  acquire(signal: AbortSignal): Promise<Uint8Array> {
    const slice = this.tryAcquire();
    if (slice) return Promise.resolve(slice);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const take = (slice: Uint8Array) => {
        signal.removeEventListener("abort", stop);
        resolve(slice);
      };
      const stop = () => {
        this.#waiting.delete(take);
        reject(signal.reason);
      };
      this.#waiting.add(take);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  /** Gives a slice back; its bytes must not be used any more. */
  release(slice: Uint8Array): void {
    for (const take of this.#waiting) {
      this.#waiting.delete(take);
      return take(slice);
    }
    this.#free.push(slice);
  }

  /** The CRC-64 of what `seed` is the CRC-64 of, followed by `bytes`, which are a slice or the beginning of one. */
  crc64(bytes: Uint8Array, seed: bigint): bigint {
    return this.#memory.crc64(bytes, seed);
  }
}

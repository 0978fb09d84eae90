import { instantiateKernel, KERNEL_BYTES } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";

const PAGE = 64 * 1024;
const MAX_BYTES = 65_536 * PAGE - KERNEL_BYTES;

/**
 * Memory for the parts of uploads, cut into slices that are checksummed where they lie. A slice that was never written to
 * costs address space only. The memory never grows, so its views stay valid; it is freed with the last of them.
 */
export class PartMemory {
  /** Length of each slice in bytes. */
  readonly sliceSize: number;
  readonly slices: readonly Uint8Array<ArrayBuffer>[];
  readonly #buffer: ArrayBuffer;
  readonly #kernel: Kernel;

  /**
   * @param options.bytes Room for slices, at most 4 GiB less 64 KiB; what does not fill a slice is left out.
   * @param options.sliceSize Bytes. @default 1 MiB
   * @throws RangeError when not even one slice fits, or the machine cannot give the address space.
   */
  constructor(options: { bytes: number; sliceSize?: number }) {
    const { bytes, sliceSize = 1024 * 1024 } = options;
    const count = Math.floor(bytes / sliceSize);
    if (!Number.isInteger(sliceSize) || sliceSize < 1 || !(count >= 1) || bytes > MAX_BYTES) {
      throw new RangeError(
        `Cannot make part memory: ${bytes} bytes in slices of ${sliceSize}, wanted 1 slice to ${MAX_BYTES} bytes`,
      );
    }
    const pages = Math.ceil((KERNEL_BYTES + count * sliceSize) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#kernel = instantiateKernel(memory);
    this.#buffer = memory.buffer as ArrayBuffer; // not a shared memory
    this.sliceSize = sliceSize;
    this.slices = Array.from(
      { length: count },
      (_, index) => new Uint8Array(this.#buffer, KERNEL_BYTES + index * sliceSize, sliceSize),
    );
  }

  /**
   * The CRC-64 of what `seed` is the CRC-64 of, followed by `bytes`, which are a slice or a part of one.
   *
   * @throws TypeError when `bytes` lie elsewhere.
   */
  crc64(bytes: Uint8Array, seed = 0n): bigint {
    if (bytes.buffer !== this.#buffer) {
      throw new TypeError("Cannot checksum bytes: they do not lie in this part memory");
    }
    return this.#kernel.crc64(bytes.byteOffset, bytes.length, seed);
  }
}

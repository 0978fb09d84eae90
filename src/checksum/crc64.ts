import { instantiateKernel, KERNEL_BYTES } from "./kernel.ts";

const scratchMemory = new WebAssembly.Memory({ initial: 5, maximum: 5 });
const scratch = new Uint8Array(scratchMemory.buffer, KERNEL_BYTES);
const kernel = instantiateKernel(scratchMemory);

/**
 * CRC-64/ECMA-182 as COS computes it (`x-cos-hash-crc64ecma`): reflected, "123456789" gives 0x995dc9bbdf1939fa. Copies the
 * bytes once; {@linkcode PartMemory} does not.
 *
 * @param seed The CRC of the bytes before these. @default 0n
 */
export function crc64(bytes: Uint8Array, seed = 0n): bigint {
  let crc = seed;
  for (let start = 0; start < bytes.length; start += scratch.length) {
    const piece = bytes.subarray(start, start + scratch.length);
    scratch.set(piece);
    crc = kernel.crc64(scratch.byteOffset, piece.length, crc);
  }
  return crc;
}

/**
 * The CRC-64 of two stretches of bytes, one after the other, from the CRC-64 of each.
 *
 * @param lengthOfSecond Bytes that `second` was computed over.
 */
export function combineCrc64(
  first: bigint,
  second: bigint,
  lengthOfSecond: number | bigint,
): bigint {
  return kernel.shift(first, BigInt(lengthOfSecond)) ^ second;
}

import { KERNEL_WASM } from "./kernel_wasm.ts";

/** Bytes at the start of a kernel's memory that belong to its tables. */
export const KERNEL_BYTES = 64 * 1024;

/** What `assembly/crc64.ts` exports. Addresses and lengths are bytes and are not checked beyond the memory's end. */
export interface Kernel {
  /** The CRC of what `seed` is the CRC of, followed by `length` bytes at `address`. */
  crc64(address: number, length: number, seed: bigint): bigint;
  /** What the remainder `value` becomes when `bytes` zero bytes follow. */
  shift(value: bigint, bytes: bigint): bigint;
}

const kernelModule = new WebAssembly.Module(Uint8Array.fromBase64(KERNEL_WASM));

/** A kernel that works inside `memory`, whose first {@linkcode KERNEL_BYTES} it takes for itself. */
export function instantiateKernel(memory: WebAssembly.Memory): Kernel {
  const { crc64, shift } = new WebAssembly.Instance(kernelModule, { env: { memory } })
    .exports as unknown as Kernel;
  return {
    // WebAssembly's i64 carries no sign: JavaScript reads it as signed.
    crc64: (address, length, seed) => BigInt.asUintN(64, crc64(address, length, seed)),
    shift: (value, bytes) => BigInt.asUintN(64, shift(value, bytes)),
  };
}

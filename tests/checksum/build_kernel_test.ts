import assert from "node:assert/strict";
import { compileKernel } from "./build_kernel.ts";
import { KERNEL_WASM } from "../../src/checksum/kernel_wasm.ts";

Deno.test("kernel_wasm.ts holds what the kernel's source compiles to", async () => {
  assert.deepEqual(
    Uint8Array.fromBase64(KERNEL_WASM),
    await compileKernel(),
    "kernel_wasm.ts is out of date: run `deno task wasm`",
  );
});

// deno-lint-ignore-file no-import-prefix -- only here, with its version: deno.json and deno.lock are the product's
import { main as asc } from "npm:assemblyscript@0.28.20/asc";

const SOURCE = new URL("../../src/checksum/assembly/crc64.ts", import.meta.url);
const GENERATED = new URL("../../src/checksum/kernel_wasm.ts", import.meta.url);

/** Compiles the kernel from its AssemblyScript source. @throws Error with the compiler's messages. */
export async function compileKernel(): Promise<Uint8Array> {
  const source = await Deno.readTextFile(SOURCE);
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc(
    [
      "crc64.ts",
      ...["--outFile", "crc64.wasm", "-O3", "--noAssert", "--runtime", "stub"],
      ...["--enable", "simd", "--importMemory", "--noExportMemory"],
    ],
    {
      readFile: (name) => name === "crc64.ts" ? source : null,
      writeFile(name, contents) {
        if (name === "crc64.wasm") wasm = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !wasm) {
    throw new Error(`Cannot compile the checksum kernel: ${stderr.toString()}`, { cause: error });
  }
  return wasm;
}

if (import.meta.main) {
  const lines = (await compileKernel()).toBase64().match(/.{1,96}/g)!;
  await Deno.writeTextFile(
    GENERATED,
    "/** The kernel of `assembly/crc64.ts`, base64. Written by `deno task wasm`: do not edit. */\n" +
      `export const KERNEL_WASM = \`\n${lines.join("\n")}\n\`;\n`,
  );
}

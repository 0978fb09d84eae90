/**
 * Lets this process have as many files and sockets open as its user may. A compiled program begins with the soft limit, often
 * 1,024, which a few hundred sessions use up; `deno run` raises it by itself. Never throws: without FFI the limit stays.
 */
export async function raiseOpenFilesMax(): Promise<void> {
  try {
    const { Libc } = await import("../net/libc.ts");
    using libc = Libc.open();
    libc.raiseOpenFilesMax();
  } catch {
    // doctor tells when the limit is too low.
  }
}

import { constants } from "node:os";

/*
 * The few calls of libc that Deno has no API for, by FFI: sockets for ICMP, connecting with the reason why not, and what the
 * kernel says in /proc, which Deno gives only to those who may do everything. Sizes, offsets and numbers are those of 64-bit
 * Linux, which x86_64 and aarch64 share.
 */

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32", nonblocking: true },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

const O_CLOEXEC = 0o2000000;
const RLIMIT_NOFILE = 7;

/** A loaded libc; it is unloaded when it is disposed of. */
export class Libc implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /** @throws Deno.errors.NotCapable without `--allow-ffi`; Error where there is no glibc. */
  static open(): Libc {
    return new Libc(Deno.dlopen("libc.so.6", SYMBOLS));
  }

  get calls(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
    return this.#library.symbols;
  }

  /** Why the last call failed, by name (`EHOSTUNREACH`). Ask at once: the next call may overwrite it. */
  errno(): string {
    return errnoName(new Deno.UnsafePointerView(this.calls.__errno_location()!).getInt32());
  }

  /** What the kernel writes in a file of /proc. @throws {ErrnoError} */
  readKernelFile(path: string): string {
    const fd = this.calls.open(new TextEncoder().encode(`${path}\0`), O_CLOEXEC);
    if (fd < 0) throw new ErrnoError(this.errno(), `Cannot read ${path}`);
    try {
      const decoder = new TextDecoder();
      const buffer = new Uint8Array(new ArrayBuffer(64 * 1024));
      for (let text = "";;) {
        const count = Number(this.calls.read(fd, buffer, BigInt(buffer.length)));
        if (count < 0) throw new ErrnoError(this.errno(), `Cannot read ${path}`);
        if (count === 0) return text;
        text += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
    } finally {
      this.calls.close(fd);
    }
  }

  /** How many files and sockets this process may have open at most, once it has raised its limit. */
  openFilesMax(): number {
    const limit = new BigUint64Array(new ArrayBuffer(16));
    this.calls.getrlimit(RLIMIT_NOFILE, new Uint8Array(limit.buffer));
    return Number(limit[1]);
  }

  /** Raises the limit to that. `deno run` does so by itself, a compiled program does not. */
  raiseOpenFilesMax(): void {
    const limit = new BigUint64Array(new ArrayBuffer(16));
    const bytes = new Uint8Array(limit.buffer);
    if (this.calls.getrlimit(RLIMIT_NOFILE, bytes) !== 0) return;
    limit[0] = limit[1]!;
    this.calls.setrlimit(RLIMIT_NOFILE, bytes);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }
}

/** A call of libc failed. */
export class ErrnoError extends Error {
  override readonly name = "ErrnoError";
  /** `EACCES`. */
  readonly errno: string;

  constructor(errno: string, message: string) {
    super(`${message}: ${errno}`);
    this.errno = errno;
  }
}

/** `ECONNREFUSED` for 111. */
export function errnoName(number: number): string {
  return NAMES.get(number) ?? `errno ${number}`;
}

const NAMES = new Map<number, string>([
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
  // Linux has them, node's table has not.
  [64, "ENONET"],
  [112, "EHOSTDOWN"],
]);

/** Bytes that were written together, once, and never change. */
export interface ByteRun {
  readonly id: string;
  readonly size: number;
}

/** A stretch of a run. */
export interface Slice {
  readonly run: ByteRun;
  readonly start: number;
  readonly length: number;
}

/** Writes one run. Disposing of it removes a run that was not finished. */
export interface RunWriter extends AsyncDisposable {
  /** Where the next bytes go, at least one; valid until {@linkcode RunWriter.advance} is called. */
  space(): Uint8Array<ArrayBuffer>;
  /** Says that the first `count` bytes of the space were filled. */
  advance(count: number): Promise<void> | void;
  /** The finished run. It survives a crash where the store does. */
  finish(): Promise<ByteRun>;
}

/** Where the bytes of objects and parts lie. */
export interface ByteStore {
  /** @param expected How many bytes will come, where that is known. */
  write(expected?: number): RunWriter;
  /** The bytes of `slice` piece by piece; each piece is valid until the next one is asked for. */
  read(slice: Slice): AsyncIterable<Uint8Array>;
  /** Gives the run's room back. Idempotent. */
  remove(run: ByteRun): Promise<void>;
}

const PIECE = 1024 * 1024;

class MemoryRun implements ByteRun {
  readonly id = crypto.randomUUID();
  readonly pieces: Uint8Array[] = [];
  size = 0;
}

/** Keeps runs in memory, in pieces of at most 1 MiB. */
export class MemoryByteStore implements ByteStore {
  write(expected?: number): RunWriter {
    const run = new MemoryRun();
    let piece = new Uint8Array(0);
    let filled = 0;
    const takePiece = () => {
      if (filled === 0) return;
      run.pieces.push(filled === piece.length ? piece : piece.slice(0, filled));
      filled = 0;
      piece = new Uint8Array(0);
    };
    return {
      space() {
        if (filled === piece.length) {
          takePiece();
          const left = expected === undefined ? PIECE : expected - run.size;
          piece = new Uint8Array(Math.max(1, Math.min(PIECE, left)));
        }
        return piece.subarray(filled);
      },
      advance(count) {
        filled += count;
        run.size += count;
      },
      finish() {
        takePiece();
        return Promise.resolve(run);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async *read({ run, start, length }: Slice): AsyncIterable<Uint8Array> {
    let offset = 0;
    const end = start + length;
    for (const piece of (run as MemoryRun).pieces) {
      if (offset >= end) return;
      const from = Math.max(0, start - offset);
      if (from < piece.length) yield piece.subarray(from, end - offset);
      offset += piece.length;
    }
  }

  remove(run: ByteRun): Promise<void> {
    (run as MemoryRun).pieces.length = 0;
    return Promise.resolve();
  }
}

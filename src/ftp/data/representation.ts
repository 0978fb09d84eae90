/** RFC 959 section 3.1.1: ASCII (and local 8 = image) or image. */
export type RepresentationType = "ascii" | "image";

const CR = 13;
const LF = 10;

/**
 * Turns the line ends of an ASCII upload, CR LF, into LF, in place. A CR that ends a chunk waits for what follows; a CR
 * that no LF follows is kept.
 */
export class AsciiDecoder {
  #pendingCr = false;

  /**
   * Converts the first `count` bytes of `bytes`, which must have one byte of room behind them for a CR that waited.
   *
   * @returns how many bytes there are now.
   */
  decode(bytes: Uint8Array, count: number): number {
    if (count === 0) return 0;
    let read = 0;
    if (this.#pendingCr) {
      this.#pendingCr = false;
      if (bytes[0] !== LF) {
        bytes.copyWithin(1, 0, count);
        bytes[0] = CR;
        count++;
        read = 1;
      }
    }
    if (bytes[count - 1] === CR) {
      this.#pendingCr = true;
      count--;
    }
    let write = read;
    for (; read < count; read++) {
      if (bytes[read] === CR && bytes[read + 1] === LF && read + 1 < count) continue;
      bytes[write++] = bytes[read]!;
    }
    return write;
  }

  /** At the end: the CR that nothing followed, if there is one. */
  flush(): Uint8Array {
    const pending = this.#pendingCr;
    this.#pendingCr = false;
    return pending ? Uint8Array.of(CR) : new Uint8Array();
  }
}

/** Turns LF into CR LF for an ASCII download; a CR LF that is stored so stays one. */
export class AsciiEncoder {
  #lastWasCr = false;

  /** @param into at least twice as long as `bytes`. @returns the part of `into` that was filled. */
  encode(bytes: Uint8Array, into: Uint8Array): Uint8Array {
    let write = 0;
    let lastWasCr = this.#lastWasCr;
    for (const byte of bytes) {
      if (byte === LF && !lastWasCr) into[write++] = CR;
      into[write++] = byte;
      lastWasCr = byte === CR;
    }
    this.#lastWasCr = lastWasCr;
    return into.subarray(0, write);
  }
}

import type { Connection } from "../../src/net/connection.ts";

const NOWHERE = { hostname: "192.0.2.1", port: 1 };

/** A connection that brings `pieces`, each in a read of its own where the reader has room for it, and then ends. */
export class ScriptedConnection implements Connection {
  readonly local = NOWHERE;
  readonly remote = NOWHERE;
  /** The buffers that were read into. */
  readonly readInto: Uint8Array[] = [];
  readonly #pieces: Uint8Array[];

  constructor(pieces: readonly (string | Uint8Array)[]) {
    this.#pieces = pieces.map((piece) => typeof piece === "string" ? bytesOf(piece) : piece);
  }

  read(into: Uint8Array): Promise<number | null> {
    this.readInto.push(into);
    const piece = this.#pieces.shift();
    if (!piece) return Promise.resolve(null);
    const count = Math.min(piece.length, into.length);
    into.set(piece.subarray(0, count));
    if (count < piece.length) this.#pieces.unshift(piece.subarray(count));
    return Promise.resolve(count);
  }

  write(): Promise<void> {
    return Promise.reject(new Error("Nothing is to be written"));
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}

  [Symbol.dispose](): void {}
}

/** One byte a character. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One character a byte. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

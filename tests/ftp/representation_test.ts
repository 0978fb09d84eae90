import assert from "node:assert/strict";
import { AsciiDecoder, AsciiEncoder } from "../../src/ftp/data/representation.ts";
import { randomPieces, seededRandom } from "../seeded_random.ts";

const encoder = new TextEncoder();

/** Text in which line ends of every kind meet. */
function lineEnds(random: () => number, length: number): Uint8Array<ArrayBuffer> {
  const alphabet = encoder.encode("\r\r\n\nab");
  return Uint8Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]!);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function decode(pieces: readonly Uint8Array[]): Uint8Array {
  const decoder = new AsciiDecoder();
  const decoded = pieces.map((piece) => {
    const bytes = new Uint8Array(piece.length + 1);
    bytes.set(piece);
    return bytes.subarray(0, decoder.decode(bytes, piece.length));
  });
  return join([...decoded, decoder.flush()]);
}

function encode(pieces: readonly Uint8Array[]): Uint8Array {
  const asciiEncoder = new AsciiEncoder();
  return join(
    pieces.map((piece) => asciiEncoder.encode(piece, new Uint8Array(2 * piece.length)).slice()),
  );
}

const latin1 = new TextDecoder("latin1");
const text = (bytes: Uint8Array) => latin1.decode(bytes);

Deno.test("AsciiDecoder makes LF of CR LF and keeps every other CR", () => {
  for (
    const [sent, stored] of [
      ["a\r\nb\r\n", "a\nb\n"],
      ["a\rb\r", "a\rb\r"],
      ["\r\r\n\n", "\r\n\n"],
      ["", ""],
      ["\r\n", "\n"],
    ] as const
  ) assert.equal(text(decode([encoder.encode(sent)])), stored, JSON.stringify(sent));
});

Deno.test("AsciiEncoder makes CR LF of LF and leaves CR LF as it is", () => {
  for (
    const [stored, sent] of [
      ["a\nb\n", "a\r\nb\r\n"],
      ["a\r\nb\r", "a\r\nb\r"],
      ["\n\n", "\r\n\r\n"],
      ["\r\r\n", "\r\r\n"],
      ["", ""],
    ] as const
  ) assert.equal(text(encode([encoder.encode(stored)])), sent, JSON.stringify(stored));
});

Deno.test("AsciiDecoder and AsciiEncoder give the same wherever the bytes are cut (fuzzed)", () => {
  const random = seededRandom(20260115);
  for (let round = 0; round < 2000; round++) {
    const bytes = lineEnds(random, Math.floor(random() * 40));
    const pieces = randomPieces(bytes, { random, longest: 1 + Math.floor(random() * 4) });
    const cut = pieces.map(text).join("|");
    assert.equal(text(decode(pieces)), text(bytes).replaceAll("\r\n", "\n"), cut);
    assert.equal(text(encode(pieces)), text(bytes).replace(/(?<!\r)\n/g, "\r\n"), cut);
  }
});

/** Numbers between 0 and 1 that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Cuts `bytes` at random places into pieces of at least one byte. */
export function randomPieces(
  bytes: Uint8Array<ArrayBuffer>,
  options: { random: () => number; longest: number },
): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + 1 + Math.floor(options.random() * options.longest);
    pieces.push(bytes.slice(start, end));
    start = end;
  }
  return pieces;
}

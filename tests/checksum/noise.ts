/** Bytes without a pattern, the same in every run (xorshift32). */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  let state = 0x9e3779b9;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

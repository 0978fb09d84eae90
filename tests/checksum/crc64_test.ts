import assert from "node:assert/strict";
import { createCRC64 } from "../hash_wasm.ts";
import { combineCrc64, crc64 } from "../../src/checksum/crc64.ts";
import { noise } from "./noise.ts";

const reference = await createCRC64("c96c5795d7870f42");

function expected(...stretches: Uint8Array[]): bigint {
  reference.init();
  for (const bytes of stretches) reference.update(bytes);
  return BigInt(`0x${reference.digest("hex")}`);
}

const BYTES = noise(1_000_000);

Deno.test("crc64 gives the check value of CRC-64/XZ", () => {
  assert.equal(crc64(new TextEncoder().encode("123456789")), 0x995dc9bbdf1939fan);
});

Deno.test("crc64 of nothing is the seed", () => {
  assert.equal(crc64(new Uint8Array()), 0n);
  assert.equal(crc64(new Uint8Array(), 42n), 42n);
});

Deno.test("crc64 agrees with hash-wasm for every short length", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = BYTES.subarray(0, length);
    assert.equal(crc64(bytes), expected(bytes), `${length} bytes`);
  }
});

Deno.test("crc64 agrees with hash-wasm where the kernel changes its ways", () => {
  for (const border of [2048, 5824, 2912 + 16_384, 2912 + 3 * 16_384, 262_144, 524_288]) {
    for (let length = border - 17; length <= border + 145; length++) {
      const bytes = BYTES.subarray(7, 7 + length);
      assert.equal(crc64(bytes), expected(bytes), `${length} bytes`);
    }
  }
});

Deno.test("crc64 agrees with hash-wasm for long stretches of one byte", () => {
  for (const fill of [0x00, 0xff, 0x80, 0x01]) {
    const bytes = new Uint8Array(300_001).fill(fill);
    assert.equal(crc64(bytes), expected(bytes), `bytes ${fill}`);
  }
});

Deno.test("crc64 continues from a seed wherever the bytes are cut", () => {
  const whole = expected(BYTES);
  for (const cut of [1, 7, 8, 2047, 2049, 262_144, 999_999]) {
    assert.equal(crc64(BYTES.subarray(cut), crc64(BYTES.subarray(0, cut))), whole, `cut at ${cut}`);
  }
});

Deno.test("combineCrc64 joins two stretches of any length", () => {
  for (const cut of [0, 1, 63, 64, 4096, 500_003, 1_000_000]) {
    const first = BYTES.subarray(0, cut);
    const second = BYTES.subarray(cut);
    assert.equal(
      combineCrc64(crc64(first), crc64(second), second.length),
      expected(BYTES),
      `cut at ${cut}`,
    );
  }
});

Deno.test("combineCrc64 takes lengths beyond 2^32 and 2^53", () => {
  const zero = crc64(new Uint8Array(1));
  const power = (doublings: number) => {
    let crc = zero;
    for (let k = 0; k < doublings; k++) crc = combineCrc64(crc, crc, 1n << BigInt(k));
    return crc;
  };
  const sixteen = combineCrc64(power(4), power(54), 1n << 54n);
  assert.equal(sixteen, combineCrc64(power(54), power(4), 16n));
  assert.equal(power(20), expected(new Uint8Array(1 << 20)));
  assert.equal(
    combineCrc64(power(33), power(20), 2 ** 20),
    combineCrc64(power(20), power(33), 2 ** 33),
  );
});

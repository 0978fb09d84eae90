// AssemblyScript (https://www.assemblyscript.org), compiled into ../kernel_wasm.ts by `deno task wasm`.
//
// CRC-64/ECMA-182 as COS computes it: reflected, initial value and final XOR all ones. A reflected value holds the
// coefficient of x^0 in its highest bit, so multiplying by x is a shift to the right.

/** The reflected generator polynomial. */
const POLYNOMIAL: u64 = 0xc96c5795d7870f42;
const ONE: u64 = 1 << 63;

/** Eight tables of 256: table k maps a byte to its remainder once k more zero bytes have followed it. */
const TABLES: usize = 0;
const TABLE_BYTES: usize = 256 * 8;

/** x^(8 * 2^k) for k = 0 to 63. */
const POWERS: usize = TABLES + 8 * TABLE_BYTES;

/** Below this the three multiplications that join the lanes cost more than the lanes save. */
const LANES_FROM: usize = 2048;

for (let byte: usize = 0; byte < 256; byte++) {
  let remainder = <u64> byte;
  for (let bit = 0; bit < 8; bit++) remainder = timesX(remainder);
  store<u64>(TABLES + byte * 8, remainder);
}
for (let entry: usize = 256; entry < 8 * 256; entry++) {
  const shorter = load<u64>(TABLES + (entry - 256) * 8);
  store<u64>(TABLES + entry * 8, step1(shorter, 0));
}
let power: u64 = ONE >> 8;
for (let k: usize = 0; k < 64; k++) {
  store<u64>(POWERS + k * 8, power);
  power = multiply(power, power);
}

/** The CRC of what `seed` is the CRC of, followed by `length` bytes at `address`. */
export function crc64(address: usize, length: usize, seed: u64): u64 {
  let crc = ~seed;
  if (length >= LANES_FROM) {
    const lane = (length >> 2) & ~7;
    crc = fourLanes(address, lane, crc);
    address += 4 * lane;
    length -= 4 * lane;
  }
  const end = address + length;
  const end8 = address + (length & ~7);
  for (; address < end8; address += 8) crc = step8(crc, load<u64>(address));
  for (; address < end; address++) crc = step1(crc, load<u8>(address));
  return ~crc;
}

/** `value` * x^(8 * `bytes`): what a remainder becomes when as many zero bytes follow. */
export function shift(value: u64, bytes: u64): u64 {
  for (let k: usize = 0; bytes != 0; k++, bytes >>= 1) {
    if (bytes & 1) value = multiply(value, load<u64>(POWERS + k * 8));
  }
  return value;
}

/** Four remainders that do not wait for each other, over four stretches of `lane` bytes, which is a multiple of 8. */
function fourLanes(address: usize, lane: usize, crc: u64): u64 {
  let a = crc, b: u64 = 0, c: u64 = 0, d: u64 = 0;
  const end = address + lane;
  for (; address < end; address += 8) {
    a = step8(a, load<u64>(address));
    b = step8(b, load<u64>(address + lane));
    c = step8(c, load<u64>(address + 2 * lane));
    d = step8(d, load<u64>(address + 3 * lane));
  }
  const past = shift(ONE, lane);
  return multiply(multiply(multiply(a, past) ^ b, past) ^ c, past) ^ d;
}

// @ts-ignore: decorator
@inline
function step8(crc: u64, bytes: u64): u64 {
  const x = crc ^ bytes;
  return load<u64>(TABLES + 7 * TABLE_BYTES + (<usize> (x & 0xff)) * 8) ^
    load<u64>(TABLES + 6 * TABLE_BYTES + (<usize> ((x >> 8) & 0xff)) * 8) ^
    load<u64>(TABLES + 5 * TABLE_BYTES + (<usize> ((x >> 16) & 0xff)) * 8) ^
    load<u64>(TABLES + 4 * TABLE_BYTES + (<usize> ((x >> 24) & 0xff)) * 8) ^
    load<u64>(TABLES + 3 * TABLE_BYTES + (<usize> ((x >> 32) & 0xff)) * 8) ^
    load<u64>(TABLES + 2 * TABLE_BYTES + (<usize> ((x >> 40) & 0xff)) * 8) ^
    load<u64>(TABLES + TABLE_BYTES + (<usize> ((x >> 48) & 0xff)) * 8) ^
    load<u64>(TABLES + (<usize> (x >> 56)) * 8);
}

// @ts-ignore: decorator
@inline
function step1(crc: u64, byte: u8): u64 {
  return load<u64>(TABLES + (<usize> ((crc ^ byte) & 0xff)) * 8) ^ (crc >> 8);
}

// @ts-ignore: decorator
@inline
function timesX(value: u64): u64 {
  return (value >> 1) ^ (POLYNOMIAL & (0 - (value & 1)));
}

/** Product modulo the polynomial. */
function multiply(a: u64, b: u64): u64 {
  let product: u64 = 0;
  for (; b != 0; b <<= 1) {
    if (b & ONE) product ^= a;
    a = timesX(a);
  }
  return product;
}

// AssemblyScript (https://www.assemblyscript.org), compiled into ../kernel_wasm.ts by `deno task wasm`.
//
// CRC-64/ECMA-182 as COS computes it: reflected, initial value and final XOR all ones. A reflected value holds the
// coefficient of x^0 in its highest bit, so multiplying by x is a shift to the right.
//
// Long stretches are swept into a short remainder with the same CRC, which needs no table: 8 GB/s. The remainder, and
// what was short to begin with, goes through tables in four lanes that do not wait for each other: 2 GB/s.

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

/**
 * x^2912 + x^1638 + x^1414 + x^1323 + x^1121 + x^936 + x^368 + 1 is a multiple of the generator polynomial (found by a
 * birthday search). Squared three times it still is, and has the same terms with exponents eight times as large: terms
 * that are whole bytes apart. Adding it to a message, shifted by whole bytes, changes no CRC, so a byte can be cleared by
 * adding it to the seven bytes at these distances behind it.
 * See Russell, "Chorba: A novel CRC32 implementation" (arXiv:2412.16398).
 */
const DEGREE: usize = 2912;
const TERM1: usize = 368;
const TERM2: usize = 936;
const TERM3: usize = 1121;
const TERM4: usize = 1323;
const TERM5: usize = 1414;
const TERM6: usize = 1638;

/** Bytes swept in one turn of the loop, and between two moves of the history. */
const STRIDE: usize = 128;
const SWEEP: usize = 128 * STRIDE;
const SWEEP_FROM: usize = 2 * DEGREE;

/** The last DEGREE bytes that were cleared, as they were, and room for those of one sweep behind them. */
const HISTORY: usize = POWERS + 64 * 8;
/** What sweeping leaves over: at least DEGREE bytes, and less than a stride more. */
const REMAINDER: usize = HISTORY + DEGREE + SWEEP;

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
  if (length >= SWEEP_FROM) {
    length = sweep(address, length, crc);
    address = REMAINDER;
    crc = 0;
  }
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

/** Puts a shorter message at REMAINDER that has the same remainder modulo the polynomial. @returns its length. */
function sweep(address: usize, length: usize, crc: u64): usize {
  let left = (length - DEGREE) & ~(STRIDE - 1);
  const remainder = length - left;
  memory.fill(HISTORY, 0, DEGREE);
  // DEGREE bytes before the message: the constant term adds it to the first bytes, where a CRC so far belongs.
  store<u64>(HISTORY, crc);
  while (left > 0) {
    const end = address + min(left, SWEEP);
    let history = HISTORY;
    for (; address < end; address += STRIDE, history += STRIDE) {
      clear64(address, history);
      clear64(address + 64, history + 64);
    }
    left -= history - HISTORY;
    memory.copy(HISTORY, history, DEGREE);
  }
  // Nothing behind this is cleared, so nothing of it is added to what follows.
  memory.fill(HISTORY + DEGREE, 0, remainder);
  const last = remainder - 16;
  for (let i: usize = 0; i < last; i += 16) {
    v128.store(REMAINDER + i, swept(address + i, HISTORY + i));
  }
  v128.store(REMAINDER + last, swept(address + last, HISTORY + last));
  return remainder;
}

@inline
function clear64(address: usize, history: usize): void {
  v128.store(history, swept(address, history), DEGREE);
  v128.store(history, swept(address + 16, history + 16), DEGREE + 16);
  v128.store(history, swept(address + 32, history + 32), DEGREE + 32);
  v128.store(history, swept(address + 48, history + 48), DEGREE + 48);
}

/** 16 bytes of the message with all that was added to them; `history` is where the bytes DEGREE before them were kept. */
@inline
function swept(address: usize, history: usize): v128 {
  return v128.xor(
    v128.xor(
      v128.xor(v128.load(address), v128.load(history)),
      v128.xor(v128.load(history, TERM1), v128.load(history, TERM2)),
    ),
    v128.xor(
      v128.xor(v128.load(history, TERM3), v128.load(history, TERM4)),
      v128.xor(v128.load(history, TERM5), v128.load(history, TERM6)),
    ),
  );
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

@inline
function step1(crc: u64, byte: u8): u64 {
  return load<u64>(TABLES + (<usize> ((crc ^ byte) & 0xff)) * 8) ^ (crc >> 8);
}

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

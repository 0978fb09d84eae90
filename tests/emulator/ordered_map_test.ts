import assert from "node:assert/strict";
import { compareUtf8, OrderedMap, prefixEnd } from "../../src/emulator/storage/ordered_map.ts";

const encoder = new TextEncoder();

function compareBytes(a: string, b: string): number {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  }
  return left.length - right.length;
}

/** A reproducible sequence of integers below `limit` (xorshift). */
function sequence(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const ALPHABET = ["a", "b", "/", "0", "é", "腾", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}"];

function randomKey(next: (limit: number) => number): string {
  return Array.from({ length: next(6) }, () => ALPHABET[next(ALPHABET.length)]).join("");
}

Deno.test("compareUtf8 orders as the UTF-8 bytes do, also above U+FFFF", () => {
  const next = sequence(7);
  assert(compareUtf8("\uffff", "😀") < 0);
  for (let i = 0; i < 5_000; i++) {
    const [a, b] = [randomKey(next), randomKey(next)];
    assert.equal(Math.sign(compareUtf8(a, b)), Math.sign(compareBytes(a, b)), `${a} : ${b}`);
  }
});

Deno.test("prefixEnd is the first string after all that begin with the prefix", () => {
  assert.equal(prefixEnd("a/"), "a0");
  assert.equal(prefixEnd("a\ud7ff"), "a\ue000");
  assert.equal(prefixEnd("a\uffff"), "a\u{10000}");
  assert.equal(prefixEnd("a\u{10ffff}"), "b");
  assert.equal(prefixEnd("\u{10ffff}"), undefined);
  assert.equal(prefixEnd(""), undefined);
});

Deno.test("OrderedMap behaves as a sorted Map through random insertions and deletions", () => {
  const next = sequence(42);
  const map = new OrderedMap<number>();
  const model = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const key = randomKey(next);
    if (next(3) === 0) {
      assert.equal(map.delete(key), model.get(key));
      model.delete(key);
    } else {
      assert.equal(map.set(key, i), model.get(key));
      model.set(key, i);
    }
  }
  assert.equal(map.size, model.size);
  assert(map.size > 3_000, "more than one leaf");
  const sorted = [...model].sort(([a], [b]) => compareBytes(a, b));
  assert.deepEqual([...map.entries()], sorted);
  for (let i = 0; i < 200; i++) {
    const from = randomKey(next);
    const [first] = map.entries(from);
    assert.deepEqual(first, sorted.find(([key]) => compareBytes(key, from) >= 0));
    assert.equal(map.get(from), model.get(from));
  }
});

Deno.test("OrderedMap can be emptied and filled again", () => {
  const map = new OrderedMap<number>();
  const keys = Array.from({ length: 3_000 }, (_, i) => `k${String(i).padStart(5, "0")}`);
  for (const [i, key] of keys.entries()) map.set(key, i);
  for (const key of keys) map.delete(key);
  assert.equal(map.size, 0);
  assert.deepEqual([...map.entries()], []);
  map.set("x", 1);
  assert.deepEqual([...map.entries("a")], [["x", 1]]);
});

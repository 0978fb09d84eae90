import assert from "node:assert/strict";
import { crc64 } from "../../src/checksum/crc64.ts";
import { PartMemory } from "../../src/checksum/part_memory.ts";
import { noise } from "./noise.ts";

Deno.test("PartMemory cuts its room into slices that do not overlap", () => {
  const memory = new PartMemory({ bytes: 10_500, sliceSize: 1000 });
  assert.equal(memory.slices.length, 10);
  memory.slices.forEach((slice, index) => slice.fill(index + 1));
  memory.slices.forEach((slice, index) => {
    assert.equal(slice.length, memory.sliceSize);
    assert.ok(slice.every((byte) => byte === index + 1), `slice ${index}`);
  });
});

Deno.test("PartMemory makes slices of 1 MiB unless told otherwise", () => {
  const memory = new PartMemory({ bytes: 3 * 1024 * 1024 });
  assert.deepEqual(memory.slices.map((slice) => slice.length), Array(3).fill(1024 * 1024));
});

Deno.test("PartMemory checksums any part of a slice where it lies, whatever was written around it", () => {
  const bytes = noise(70_000);
  const memory = new PartMemory({ bytes: 3 * 70_000, sliceSize: 70_000 });
  for (const slice of memory.slices) slice.set(bytes);
  for (let offset = 0; offset < 17; offset++) {
    for (const length of [0, 1, 8, 31, 2047, 2048, 4099, 65_000]) {
      assert.equal(
        memory.crc64(memory.slices[1]!.subarray(offset, offset + length)),
        crc64(bytes.subarray(offset, offset + length)),
        `${length} bytes at ${offset}`,
      );
    }
  }
  for (const slice of memory.slices) assert.deepEqual(slice, bytes);
});

Deno.test("PartMemory checksums up to its last byte and not beyond", () => {
  const bytes = noise(64 * 1024);
  const memory = new PartMemory({ bytes: bytes.length, sliceSize: bytes.length });
  const slice = memory.slices[0]!;
  assert.equal(slice.byteOffset + slice.length, slice.buffer.byteLength);
  slice.set(bytes);
  for (let start = 0; start < 150; start++) {
    assert.equal(
      memory.crc64(slice.subarray(start)),
      crc64(bytes.subarray(start)),
      `from ${start}`,
    );
  }
});

Deno.test("PartMemory carries a checksum over a chain of slices", () => {
  const bytes = noise(40_000);
  const memory = new PartMemory({ bytes: 40_000, sliceSize: 10_000 });
  let crc = 0n;
  for (const [index, slice] of memory.slices.entries()) {
    slice.set(bytes.subarray(index * 10_000, (index + 1) * 10_000));
    crc = memory.crc64(slice, crc);
  }
  assert.equal(crc, crc64(bytes));
});

Deno.test("PartMemory refuses bytes that lie elsewhere", () => {
  const memory = new PartMemory({ bytes: 1000, sliceSize: 1000 });
  const other = new PartMemory({ bytes: 1000, sliceSize: 1000 });
  assert.throws(() => memory.crc64(new Uint8Array(10)), TypeError);
  assert.throws(() => memory.crc64(other.slices[0]!), TypeError);
});

Deno.test("PartMemory refuses sizes that make no slice or no address", () => {
  const refused = [
    { bytes: 999, sliceSize: 1000 },
    { bytes: 0 },
    { bytes: -1 },
    { bytes: NaN },
    { bytes: 1000, sliceSize: 0 },
    { bytes: 1000, sliceSize: -1 },
    { bytes: 1000, sliceSize: 1.5 },
    { bytes: 2 ** 32 },
  ];
  for (const options of refused) {
    assert.throws(() => new PartMemory(options), RangeError, JSON.stringify(options));
  }
});

Deno.test("PartMemory of 1 GiB costs address space, not memory, until it is written to", () => {
  const before = Deno.memoryUsage().rss;
  const memory = new PartMemory({ bytes: 1024 ** 3 });
  const made = Deno.memoryUsage().rss;
  assert.equal(memory.slices.length, 1024);
  assert.ok(made - before < 16 * 1024 ** 2, `${(made - before) / 1024 ** 2} MiB became resident`);
  for (const slice of memory.slices.slice(0, 64)) slice.fill(1);
  const written = Deno.memoryUsage().rss;
  assert.ok(written - made > 48 * 1024 ** 2, "64 MiB were written but did not become resident");
});

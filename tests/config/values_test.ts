import assert from "node:assert/strict";
import { authority, bucket, keyPrefix, region } from "../../src/config/cos_values.ts";
import {
  boolean,
  choice,
  cidrList,
  duration,
  endpoint,
  formatDuration,
  formatSize,
  integer,
  ipAddress,
  port,
  portRange,
  publicHost,
  size,
  socketAddress,
  text,
  type ValueType,
} from "../../src/config/values.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Each text with what it is read as; undefined where it is refused. */
function assertReads<T>(type: ValueType<T>, cases: readonly (readonly [string, T | undefined])[]) {
  for (const [text, value] of cases) assert.deepEqual(type.read(text), value, `"${text}"`);
}

Deno.test("size reads bytes and units of 1024, within its range", () => {
  assertReads(size({ min: MIB, max: 1024 * GIB }), [
    ["8388608", 8 * MIB],
    ["8MiB", 8 * MIB],
    ["8 MB", 8 * MIB],
    ["8m", 8 * MIB],
    ["200G", 200 * GIB],
    ["1T", 1024 * GIB],
    ["2048KiB", 2 * MIB],
    ["1048576B", MIB],
    ["1048575", undefined],
    ["2T", undefined],
    ["-8MiB", undefined],
    ["1.5G", undefined],
    ["8MiBs", undefined],
    ["MiB", undefined],
    ["", undefined],
    ["0x800000", undefined],
    ["99999999999999999999999", undefined],
  ]);
});

Deno.test("duration reads seconds and units into milliseconds, within its range", () => {
  assertReads(duration({ min: 1_000, max: 7 * 86_400_000 }), [
    ["30", 30_000],
    ["30s", 30_000],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["7d", 7 * 86_400_000],
    ["1 H", 3_600_000],
    ["0", undefined],
    ["8d", undefined],
    ["30ms", undefined],
    ["1h30m", undefined],
  ]);
});

Deno.test("formatSize and formatDuration write what can be read again", () => {
  const sizes = [0, 1, 1023, 1024, 1536, 8 * MIB, 200 * GIB, 1024 * GIB];
  for (const bytes of sizes) {
    assert.equal(size({ min: 0, max: 1024 * GIB }).read(formatSize(bytes)), bytes);
  }
  for (const time of [0, 1_000, 61_000, 300_000, 86_400_000]) {
    assert.equal(duration({ min: 0, max: 86_400_000 }).read(formatDuration(time)), time);
  }
  assert.equal(formatSize(200 * GIB), "200GiB");
  assert.equal(formatDuration(300_000), "5m");
});

Deno.test("boolean reads four words for each side in any case", () => {
  for (const word of ["true", "Yes", "ON", "1"]) assert.equal(boolean.read(word), true);
  for (const word of ["false", "No", "OFF", "0"]) assert.equal(boolean.read(word), false);
  for (const word of ["", "2", "truee", "y", "t"]) assert.equal(boolean.read(word), undefined);
});

Deno.test("integer and port read digits within their range", () => {
  assertReads(integer({ min: 1, max: 64 }), [
    ["1", 1],
    ["064", 64],
    ["0", undefined],
    ["65", undefined],
    ["4.0", undefined],
    ["1e1", undefined],
    ["+4", undefined],
  ]);
  assertReads(port(0), [["0", 0], ["65535", 65_535], ["65536", undefined]]);
  assertReads(port(1), [["0", undefined], ["21", 21]]);
});

Deno.test("choice reads any case and gives the word of the table", () => {
  const type = choice(["http", "https"]);
  assertReads(type, [["HTTPS", "https"], ["http", "http"], ["ftp", undefined]]);
  assert.equal(type.wanted, "http or https");
});

Deno.test("text refuses control characters", () => {
  assertReads(text("a name"), [["pa ss", "pa ss"], ["a\tb", undefined], ["a\r\nb", undefined]]);
});

Deno.test("portRange reads both notations, both ends included", () => {
  const all = { first: 60_000, last: 65_535 };
  assertReads(portRange, [
    ["60000,65535", all],
    ["60000-65535", all],
    ["60000 , 65535", all],
    ["2121-2121", { first: 2121, last: 2121 }],
    ["65535,60000", undefined],
    ["60000", undefined],
    ["0-10", undefined],
    ["60000-65536", undefined],
    ["1-2-3", undefined],
    ["a,b", undefined],
  ]);
});

Deno.test("cidrList reads blocks between commas or nothing", () => {
  const blocks = cidrList.read("10.0.0.0/8, 2001:db8::/32 ,192.0.2.7");
  assert.deepEqual(blocks?.map(({ text }) => text), ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]);
  for (const wrong of ["10.0.0.0/33", "10.0.0.0/8,", "host", ""]) {
    assert.equal(cidrList.read(wrong), undefined, wrong);
  }
});

Deno.test("addresses of this machine and of others are read by what they are for", () => {
  assertReads(ipAddress, [
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["localhost", undefined],
    ["256.0.0.1", undefined],
  ]);
  assertReads(publicHost, [
    ["203.0.113.10", "203.0.113.10"],
    ["ftp.example.com", "ftp.example.com"],
    ["gateway", "gateway"],
    ["0.0.0.0", undefined],
    ["203.0.113.300", undefined],
    ["::1", undefined],
    ["::ffff:203.0.113.10", undefined],
    ["ftp..example.com", undefined],
    ["-ftp.example.com", undefined],
    ["http://ftp.example.com", undefined],
    ["a b", undefined],
  ]);
  assertReads(endpoint, [
    ["cos.ap-guangzhou.myqcloud.com", "cos.ap-guangzhou.myqcloud.com"],
    ["127.0.0.1:9000", "127.0.0.1:9000"],
    ["localhost:9000", "localhost:9000"],
    ["[::1]:9000", "[::1]:9000"],
    ["http://127.0.0.1:9000", undefined],
    ["cos.example.com/path", undefined],
    ["cos.example.com:0", undefined],
    ["cos.example.com:", undefined],
    ["user@cos.example.com", undefined],
    ["::1:9000", undefined],
  ]);
  assertReads(socketAddress, [
    ["127.0.0.1:2121", { hostname: "127.0.0.1", port: 2121 }],
    ["localhost:0", { hostname: "127.0.0.1", port: 0 }],
    ["[::]:21", { hostname: "::", port: 21 }],
    [":2121", undefined],
    ["2121", undefined],
    ["127.0.0.1", undefined],
    ["127.0.0.1:70000", undefined],
    ["::1:2121", undefined],
    ["example.com:2121", undefined],
  ]);
});

Deno.test("bucket, region and authority are read in COS's forms", () => {
  assertReads(bucket, [
    ["examplebucket-1250000000", "examplebucket-1250000000"],
    ["a-b-c-1", "a-b-c-1"],
    ["examplebucket", undefined],
    ["Example-1250000000", undefined],
    ["-a-1", undefined],
    ["a.b-1", undefined],
    ["a/../b-1", undefined],
  ]);
  assertReads(region, [
    ["ap-guangzhou", "ap-guangzhou"],
    ["cn-south", "cn-south"],
    ["ap-", undefined],
    ["ap.guangzhou", undefined],
    ["ap-guangzhou/x", undefined],
  ]);
  assertReads(authority, [
    ["R", { read: true, write: false }],
    ["w", { read: false, write: true }],
    ["RW", { read: true, write: true }],
    ["wr", { read: true, write: true }],
    ["RR", undefined],
    ["RWX", undefined],
    ["", undefined],
  ]);
});

Deno.test("keyPrefix ends in a slash and cannot step out of itself", () => {
  assertReads(keyPrefix, [
    ["team/a", "team/a/"],
    ["team/a/", "team/a/"],
    ["/team/a/", "team/a/"],
    ["部门/a", "部门/a/"],
    ["..a/b..", "..a/b../"],
    ["/", ""],
    ["//", undefined],
    ["///", undefined],
    ["a//b", undefined],
    ["a/../b", undefined],
    ["../a", undefined],
    ["./a", undefined],
    ["a/.", undefined],
    ["a/..", undefined],
    ["a\u0000b", undefined],
    ["a\u0085b", undefined],
    ["a".repeat(848), `${"a".repeat(848)}/`],
    ["a".repeat(849), undefined],
    ["部".repeat(283), undefined],
  ]);
});

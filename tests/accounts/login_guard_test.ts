import assert from "node:assert/strict";
import { LoginGuard, type LoginGuardOptions } from "../../src/accounts/login_guard.ts";
import { parseCidr } from "../../src/net/cidr.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function watching(options: Partial<LoginGuardOptions> = {}) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const guard = new LoginGuard({
    threshold: 4,
    window: 10 * MINUTE,
    ban: 5 * MINUTE,
    except: [],
    clock,
    log,
    ...options,
  });
  const fail = (hostname: string, times: number) =>
    Array.from({ length: times }, () => guard.failed(hostname));
  return { clock, log, guard, fail };
}

Deno.test("the guard delays each failed login twice as long as the one before, up to 4 s", () => {
  const { fail } = watching({ threshold: 100 });
  assert.deepEqual(fail("192.0.2.1", 6), [500, 1000, 2000, 4000, 4000, 4000]);
  assert.deepEqual(fail("192.0.2.2", 1), [500]);
});

Deno.test("the guard bans an address at the threshold, until the ban ends, and says so once", () => {
  const { clock, log, guard, fail } = watching();
  fail("192.0.2.1", 3);
  assert.equal(guard.isBanned("192.0.2.1"), false);
  fail("192.0.2.1", 1);
  clock.advance(1 * MINUTE);
  fail("192.0.2.1", 10);
  assert.equal(guard.isBanned("192.0.2.1"), true);
  assert.equal(guard.isBanned("::ffff:192.0.2.1"), true);
  assert.equal(guard.isBanned("192.0.2.2"), false);
  assert.deepEqual(log.lines, [{
    level: "warning",
    message: "Address banned: too many failed logins",
    fields: { address: "192.0.2.1", failures: 4, seconds: 300 },
  }]);
  clock.advance(4 * MINUTE - 1);
  assert.equal(guard.isBanned("192.0.2.1"), true);
  clock.advance(1);
  assert.equal(guard.isBanned("192.0.2.1"), false);
  assert.deepEqual(fail("192.0.2.1", 1), [500], "it begins anew");
});

Deno.test("a failed login counts for the guard's window", () => {
  const { clock, guard, fail } = watching();
  fail("192.0.2.1", 1);
  clock.advance(9 * MINUTE);
  fail("192.0.2.1", 2);
  clock.advance(1 * MINUTE);
  fail("192.0.2.1", 1);
  assert.equal(guard.isBanned("192.0.2.1"), false);
  fail("192.0.2.1", 1);
  assert.equal(guard.isBanned("192.0.2.1"), true);
});

Deno.test("the guard takes the addresses of an IPv6 /64 network for one", () => {
  const { log, guard, fail } = watching();
  fail("2001:db8:0:1::1", 2);
  fail("2001:db8:0:1:ffff:ffff:ffff:ffff", 2);
  assert.equal(guard.isBanned("2001:DB8:0:1:2:3:4:5"), true);
  assert.equal(guard.isBanned("2001:db8:0:2::1"), false);
  assert.equal(log.lines[0]!.fields.address, "2001:db8:0:1::/64");
});

Deno.test("the guard leaves its exceptions alone, and everybody when its threshold is 0", () => {
  const { guard, fail } = watching({ except: [parseCidr("10.0.0.0/8"), parseCidr("fd00::/8")] });
  for (const hostname of ["10.1.2.3", "fd00::1", "::ffff:10.1.2.3"]) {
    assert.deepEqual(fail(hostname, 10), Array(10).fill(0));
    assert.deepEqual([guard.isBanned(hostname), guard.excepts(hostname)], [false, true]);
  }
  assert.equal(guard.excepts("192.0.2.1"), false);
  const neighbour = watching({ except: [parseCidr("2001:db8:0:1::1")] });
  neighbour.fail("2001:db8:0:1::2", 10);
  assert.equal(neighbour.guard.isBanned("2001:db8:0:1::2"), true);
  assert.equal(neighbour.guard.isBanned("2001:db8:0:1::1"), false);
  const off = watching({ threshold: 0 });
  assert.deepEqual(off.fail("192.0.2.1", 100), Array(100).fill(0));
  assert.deepEqual([off.guard.isBanned("192.0.2.1"), off.guard.size], [false, 0]);
});

Deno.test("the guard remembers ten thousand addresses, those that failed last", () => {
  const { guard, fail } = watching({ threshold: 2 });
  const address = (number: number) => `10.0.${number >> 8}.${number & 255}`;
  for (let number = 0; number < 10_000; number++) fail(address(number), 1);
  fail(address(0), 1);
  for (let number = 10_000; number < 12_000; number++) fail(address(number), 2);
  assert.equal(guard.size, 10_000);
  for (const number of [2_001, 2_000]) fail(address(number), 1);
  assert.deepEqual([0, 2_000, 2_001, 11_999].map((number) => guard.isBanned(address(number))), [
    true,
    false,
    true,
    true,
  ]);
});

import assert from "node:assert/strict";
import { Masquerade } from "../../src/ftp/data/masquerade.ts";
import { parseCidr } from "../../src/net/cidr.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";

const MINUTE = 60_000;

/** Answers with what `answers` holds when it is asked; an Error is thrown. */
class FakeResolver {
  answer: readonly string[] | Error = ["192.0.2.1"];
  asked = 0;
  readonly resolve = (name: string): Promise<readonly string[]> => {
    this.asked++;
    assert.equal(name, "ftp.example.org");
    return this.answer instanceof Error
      ? Promise.reject(this.answer)
      : Promise.resolve(this.answer);
  };
}

async function start(resolver: FakeResolver) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const masquerade = await Masquerade.start({
    name: "ftp.example.org",
    except: [parseCidr("10.0.0.0/8"), parseCidr("2001:db8::/32")],
    resolve: resolver.resolve,
    clock,
    log,
  });
  /** Turns the clock and lets what it started run. */
  const pass = async (milliseconds: number) => {
    clock.advance(milliseconds);
    for (let round = 0; round < 20; round++) await Promise.resolve();
  };
  return { masquerade, clock, log, pass };
}

Deno.test("Masquerade gives an IPv4 address as it is, without looking anything up", async () => {
  const clock = new FakeClock();
  using masquerade = await Masquerade.start({
    name: "203.0.113.9",
    except: [],
    resolve: () => Promise.reject(new Error("asked")),
    clock,
    log: new MemoryLog(),
  });
  assert.equal(masquerade.addressFor("198.51.100.1", "192.0.2.9"), "203.0.113.9");
  assert.equal(clock.pending, 0);
});

Deno.test("Masquerade gives the local address to the clients that are excepted", async () => {
  using masquerade = (await start(new FakeResolver())).masquerade;
  assert.equal(masquerade.addressFor("198.51.100.1", "10.0.0.2"), "192.0.2.1");
  assert.equal(masquerade.addressFor("10.1.2.3", "10.0.0.2"), "10.0.0.2");
  assert.equal(masquerade.addressFor("2001:db8::7", "2001:db8::1"), "2001:db8::1");
});

Deno.test("Masquerade looks a domain up again each minute and keeps the last good answer", async () => {
  const resolver = new FakeResolver();
  const { masquerade, log, pass, clock } = await start(resolver);
  assert.equal(masquerade.address, "192.0.2.1");
  await pass(MINUTE - 1);
  assert.equal(resolver.asked, 1);
  resolver.answer = ["2001:db8::1", "192.0.2.2", "192.0.2.3"];
  await pass(1);
  assert.equal(masquerade.address, "192.0.2.2");
  resolver.answer = new Error("no DNS");
  await pass(MINUTE);
  assert.equal(masquerade.address, "192.0.2.2");
  resolver.answer = ["2001:db8::1"];
  await pass(MINUTE);
  assert.equal(masquerade.address, "192.0.2.2");
  assert.equal(log.lines.filter(({ level }) => level === "warning").length, 2);
  resolver.answer = ["192.0.2.4"];
  await pass(MINUTE);
  assert.equal(masquerade.address, "192.0.2.4");
  assert.equal(resolver.asked, 5);
  masquerade[Symbol.dispose]();
  await pass(MINUTE);
  assert.equal(resolver.asked, 5);
  assert.equal(clock.pending, 0);
});

Deno.test("Masquerade does not start with a name that never resolved to IPv4", async () => {
  const resolver = new FakeResolver();
  for (const answer of [new Error("no such host"), [], ["2001:db8::1"]]) {
    resolver.answer = answer;
    await assert.rejects(
      start(resolver),
      /Cannot resolve masquerade_address "ftp\.example\.org": /,
    );
  }
});

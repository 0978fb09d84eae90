import assert from "node:assert/strict";
import { type Check, selectChecks } from "../../src/doctor/check.ts";
import { masquerade } from "../../src/doctor/server/address_checks.ts";
import { icmpEcho } from "../../src/doctor/server/path_checks.ts";
import { passiveRange } from "../../src/doctor/server/port_checks.ts";
import { SERVER_CHECKS } from "../../src/doctor/server/server_checks.ts";
import type {
  BucketHost,
  BucketHosts,
  ServerSurvey,
} from "../../src/doctor/server/server_survey.ts";
import type { Libc } from "../../src/net/libc.ts";
import type { Listener } from "../../src/net/connection.ts";
import { surveyOf } from "./surveyed_machine.ts";

const RUN = { signal: new AbortController().signal, found: () => [] };
const PORTS = "/proc/sys/net/ipv4/ip_local_port_range";

async function outcomesOf(check: Check<ServerSurvey>, survey: ServerSurvey): Promise<string[]> {
  return (await check.run(survey, RUN)).map(({ status, summary }) => `${status}: ${summary}`);
}

/** Listens on all ports but these. */
function listenExcept(...taken: readonly number[]): ServerSurvey["tools"]["listen"] {
  return (address) => {
    if (taken.includes(address.port)) throw new Deno.errors.AddrInUse("Address already in use");
    return { address, close() {} } as Listener;
  };
}

Deno.test("server.passive: ports in use and those of outgoing connections are named while enough are left", async () => {
  const survey = surveyOf({
    network: ["passive_port = 60000,65535"],
    tools: { listen: listenExcept(60_000, 60_001, 61_000) },
    kernelFiles: { [PORTS]: "32768\t60999\n" },
  });
  assert.deepEqual(await outcomesOf(passiveRange, survey), [
    "pass: 5536 ports, 60000-65535",
    "pass: Outgoing connections of this machine use ports 32768-60999 (ip_local_port_range), " +
    "which leaves 4536 of the passive range to clients alone: enough",
    "pass: 3 of them in use, which are passed over: 60000-60001, 61000",
  ]);
});

Deno.test("server.passive lets others do something while it tries thousands of ports", async () => {
  let turns = 0;
  let port = 0;
  const others = setInterval(() => turns++);
  const survey = surveyOf({
    tools: {
      listen(address) {
        port = address.port;
        return { address, close() {} } as Listener;
      },
    },
  });
  await passiveRange.run(survey, RUN);
  clearInterval(others);
  assert.equal(port, 65_535);
  assert.ok(turns > 1, `${turns}`);
  const stopped = { ...RUN, signal: AbortSignal.abort(new Error("time is up")) };
  await assert.rejects(async () => await passiveRange.run(survey, stopped), /time is up/);
});

Deno.test("server.passive: a range that is free and nobody else's is one pass", async () => {
  const survey = surveyOf({
    tools: { listen: listenExcept() },
    kernelFiles: { [PORTS]: "32768\t59999\n" },
  });
  assert.deepEqual(await outcomesOf(passiveRange, survey), ["pass: 5536 ports, 60000-65535"]);
});

Deno.test("server.passive: too few ports are a warning next to those in use", async () => {
  const survey = surveyOf({
    network: ["passive_port = 60000,60003"],
    tools: { listen: listenExcept(60_002) },
  });
  const [first, ...others] = await outcomesOf(passiveRange, survey);
  assert.match(first!, /^warn: 3 ports for max_connection_num/);
  assert.deepEqual(others, ["pass: 1 of them in use, which are passed over: 60002"]);
});

Deno.test("server.masquerade: a name counts by its IPv4 address, and is no good without", async () => {
  const named = (addresses: readonly string[]) =>
    surveyOf({
      network: ["masquerade_address = ftp.example.com"],
      tools: { resolve: () => Promise.resolve(addresses) },
    });
  assert.deepEqual(await outcomesOf(masquerade, named(["2400:3200::7", "1.2.3.7"])), [
    "pass: 227 names 1.2.3.7 (public): not an address of this machine, so a NAT must bring it here",
  ]);
  assert.deepEqual(await outcomesOf(masquerade, named(["2400:3200::7"])), [
    "fail: masquerade_address ftp.example.com has no IPv4 address, and a 227 reply can name no other",
  ]);
});

Deno.test("server.passive is looked at whatever becomes of listen_port", () => {
  assert.deepEqual(selectChecks(SERVER_CHECKS, ["server.passive"]).map(({ id }) => id), [
    "server.passive",
  ]);
});

Deno.test("server.passive: an address that is not this machine's is a skip", async () => {
  const survey = surveyOf({
    tools: {
      listen() {
        throw new Deno.errors.AddrNotAvailable("Cannot assign requested address");
      },
    },
  });
  assert.deepEqual(await outcomesOf(passiveRange, survey), [
    "skip: The range cannot be looked at on 0.0.0.0: Cannot assign requested address",
  ]);
});

Deno.test("server.icmp: COS is asked at the public domain of each bucket, once, and no answer is a warning at most", async () => {
  // Tests run without FFI: a machine that has no route.
  const calls = { socket: () => 3, setsockopt: () => 0, connect: () => -1, close: () => 0 };
  const libc = { calls, errno: () => "ENETUNREACH" } as unknown as Libc;
  const asked: string[] = [];
  const host = (hostname: string): BucketHost => {
    return { hostname, port: 443, secure: true, proxy: undefined };
  };
  const proxy = { address: { hostname: "proxy.example", port: 3128 }, authorization: undefined };
  const network = "auto";
  const twice: BucketHosts["hosts"] = [host("internal.example"), host("public.example")];
  const survey = surveyOf({
    buckets: [
      { account: "one", network, hosts: twice },
      { account: "two", network, hosts: twice },
      { account: "three", network, hosts: [host("nowhere.example")] },
      { account: "four", network, hosts: [{ ...host("public.example"), proxy }] },
    ],
    tools: {
      libc,
      resolve(name) {
        asked.push(name);
        return name === "nowhere.example"
          ? Promise.reject(new Error("no such name"))
          : Promise.resolve(["2001:db8::9", "192.0.2.9"]);
      },
    },
  });
  assert.deepEqual(await outcomesOf(icmpEcho, survey), [
    "warn: COS (public.example) 192.0.2.9 cannot be asked: ENETUNREACH",
    "warn: The proxy proxy.example 192.0.2.9 cannot be asked: ENETUNREACH",
  ]);
  assert.deepEqual(asked, ["public.example", "nowhere.example", "proxy.example"]);
});

import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { type Connection, type Dialer, systemDialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import { type BucketLocation, EndpointChooser, endpointsOf } from "../../src/store/cos/endpoint.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import { RawServer } from "../net/raw_server.ts";
import { KEYS } from "./cos_stand_in.ts";
import { ScriptedConnection } from "../net/scripted_connection.ts";

const BUCKET = "examplebucket-1250000000";
const REGION: BucketLocation = {
  bucket: BUCKET,
  region: "ap-guangzhou",
  endpoint: undefined,
  protocol: "https",
  network: "auto",
};
const INTERNAL = `${BUCKET}.cos-internal.ap-guangzhou.tencentcos.cn`;
const PUBLIC = `${BUCKET}.cos.ap-guangzhou.myqcloud.com`;

const LOCATIONS: readonly (readonly [Partial<BucketLocation>, readonly string[]])[] = [
  [{}, [`https ${INTERNAL}:443 / ${INTERNAL}`, `https ${PUBLIC}:443 / ${PUBLIC}`]],
  [{ network: "internal" }, [`https ${INTERNAL}:443 / ${INTERNAL}`]],
  [{ network: "public", protocol: "http" }, [`http ${PUBLIC}:80 / ${PUBLIC}`]],
  [{ endpoint: "cos.example" }, [`https ${BUCKET}.cos.example:443 / ${BUCKET}.cos.example`]],
  [{ endpoint: "cos.example:443" }, [`https ${BUCKET}.cos.example:443 / ${BUCKET}.cos.example`]],
  [
    { endpoint: "cos.example:8443" },
    [`https ${BUCKET}.cos.example:8443 / ${BUCKET}.cos.example:8443`],
  ],
  [
    { endpoint: "127.0.0.1:9000", protocol: "http" },
    [`http 127.0.0.1:9000 /${BUCKET}/ 127.0.0.1:9000`],
  ],
  [{ endpoint: "localhost", protocol: "http" }, [`http localhost:80 /${BUCKET}/ localhost`]],
  [{ endpoint: "[::1]:9000" }, [`https ::1:9000 /${BUCKET}/ [::1]:9000`]],
];
for (const [location, expected] of LOCATIONS) {
  Deno.test(`endpoints of ${JSON.stringify(location)}`, () => {
    const endpoints = endpointsOf({ ...REGION, ...location });
    assert.deepEqual(
      endpoints.map(({ secure, hostname, port, root, host }) =>
        `${secure ? "https" : "http"} ${hostname}:${port} ${root} ${host}`
      ),
      expected,
    );
  });
}

/** Connects to the hosts in `reachable`; to those in `silent` it never does. */
class MapDialer implements Dialer {
  reachable: string[] = [];
  silent: string[] = [];
  readonly asked: string[] = [];

  connect({ hostname }: { hostname: string }, signal: AbortSignal): Promise<Connection> {
    this.asked.push(hostname);
    if (this.reachable.includes(hostname)) return Promise.resolve(new ScriptedConnection([]));
    if (!this.silent.includes(hostname)) {
      return Promise.reject(new Deno.errors.ConnectionRefused("refused"));
    }
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  }
  connectTls(): Promise<Connection> {
    return Promise.reject(new Error("A probe needs no TLS"));
  }
  startTls(): Promise<Connection> {
    return Promise.reject(new Error("A probe needs no TLS"));
  }
}

function chooser(location: Partial<BucketLocation> = {}) {
  const dialer = new MapDialer();
  const clock = new FakeClock();
  const log = new MemoryLog();
  const endpoints = new EndpointChooser(endpointsOf({ ...REGION, ...location }), {
    dialer,
    clock,
    log,
  });
  return { dialer, clock, log, endpoints };
}

Deno.test("auto takes the internal endpoint where it answers, and asks once", async () => {
  const { dialer, endpoints, log } = chooser();
  dialer.reachable = [INTERNAL, PUBLIC];
  const [first, second] = await Promise.all([endpoints.current(), endpoints.current()]);
  assert.equal(first.hostname, INTERNAL);
  assert.equal(second, first);
  assert.deepEqual(dialer.asked, [INTERNAL]);
  assert.equal(log.lines[0]!.fields.endpoint, INTERNAL);
});

Deno.test("auto takes the public endpoint where the internal one refuses", async () => {
  const { endpoints } = chooser();
  assert.equal((await endpoints.current()).hostname, PUBLIC);
});

Deno.test("auto waits for the internal endpoint a short time only", async () => {
  const { dialer, clock, endpoints } = chooser();
  dialer.silent = [INTERNAL];
  const choice = endpoints.current();
  clock.advance(2_000);
  assert.equal((await choice).hostname, PUBLIC);
  assert.equal(clock.pending, 0);
});

Deno.test("auto looks again when the endpoint it took cannot be connected to", async () => {
  const { dialer, endpoints } = chooser();
  dialer.reachable = [INTERNAL];
  const internal = await endpoints.current();
  dialer.reachable = [];
  endpoints.lost(internal);
  const other = await endpoints.current();
  assert.equal(other.hostname, PUBLIC);
  dialer.reachable = [INTERNAL];
  endpoints.lost(internal);
  assert.equal(await endpoints.current(), other, "an old failure must not undo a new choice");
  endpoints.lost(other);
  assert.equal((await endpoints.current()).hostname, INTERNAL);
});

Deno.test("a single endpoint is not asked", async () => {
  const { dialer, endpoints } = chooser({ network: "public" });
  assert.equal((await endpoints.current()).hostname, PUBLIC);
  assert.deepEqual(dialer.asked, []);
});

Deno.test("call goes on at the other endpoint when the nearer one stops connecting", async () => {
  const hosts: string[] = [];
  await using server = new RawServer(async (peer) => {
    const head = await peer.readHead();
    // A probe connects, and says nothing.
    if (head === null) return;
    hosts.push(/host: (.*)\r/.exec(head)![1]!);
    await peer.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  const refused = new Set<string>();
  const connect: Dialer["connect"] = ({ hostname }, signal) =>
    refused.has(hostname)
      ? Promise.reject(new Deno.errors.ConnectionRefused("refused"))
      : systemDialer.connect(server.address, signal);
  const dialer: Dialer = { connect, connectTls: connect, startTls: () => assert.fail("no proxy") };
  using http = new HttpClient({ dialer, clock: systemClock });
  const store = createCosStore({
    location: REGION,
    credentials: () => Promise.resolve(KEYS),
    http,
    dialer,
    clock: systemClock,
    random: () => 0,
    log: new MemoryLog(),
  });
  await store.delete("a", uninterrupted());
  refused.add(INTERNAL);
  await store.delete("b", uninterrupted());
  assert.deepEqual(hosts, [INTERNAL, PUBLIC]);
});

import assert from "node:assert/strict";
import { bucketHosts } from "../../src/app/diagnose.ts";
import { bucketLatency } from "../../src/doctor/server/endpoint_check.ts";
import type { Outcome } from "../../src/doctor/check.ts";
import { formatAddress, type SocketAddress, systemDialer } from "../../src/net/connection.ts";
import type { ProxySettings } from "../../src/net/http_proxy.ts";
import { FakeClock } from "../fake_clock.ts";
import { type Peer, RawServer } from "../net/raw_server.ts";
import { surveyOf } from "./surveyed_machine.ts";

const RUN = { signal: new AbortController().signal, found: () => [] };
const INTERNAL = "examplebucket-1250000000.cos-internal.ap-guangzhou.tencentcos.cn";
const PUBLIC = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com";
const PROXY = "10.0.0.9";
const ADDRESSES = new Map([[INTERNAL, "169.254.0.47"], [PUBLIC, "1.2.3.5"], [PROXY, PROXY]]);

/** What `server.endpoint` says where these hosts can be connected to, after so many milliseconds. */
async function endpointOutcome(
  { server, reached, proxy = {}, account = [] }: {
    /** Who answers at all of them; several times are those of one connection after the other. */
    server: SocketAddress;
    reached: Readonly<Record<string, number | number[]>>;
    proxy?: ProxySettings;
    account?: readonly string[];
  },
): Promise<Outcome> {
  const clock = new FakeClock();
  const delays = new Map(
    Object.entries(reached).map(([name, delay]) => [ADDRESSES.get(name), delay]),
  );
  const { config } = surveyOf({ account });
  const survey = surveyOf({
    account,
    buckets: bucketHosts(config, proxy),
    tools: {
      clock,
      resolve: (name) =>
        name in reached || name !== INTERNAL
          ? Promise.resolve([ADDRESSES.get(name)!])
          : Promise.reject(new Error("getaddrinfo ENOTFOUND")),
      dialer: {
        ...systemDialer,
        async connect({ hostname }, signal) {
          const delay = delays.get(hostname);
          if (delay === undefined) throw Object.assign(new Error(), { code: "ECONNREFUSED" });
          const connection = await systemDialer.connect(server, signal);
          clock.advance(typeof delay === "number" ? delay : delay.shift()!);
          return connection;
        },
      },
    },
  });
  const [outcome, ...others] = await bucketLatency.run(survey, RUN);
  assert.deepEqual(others, []);
  return outcome!;
}

const silent = (peer: Peer) => peer.gone();

Deno.test("server.endpoint: the internal domain is compared with the public one, and the nearer one is used", async () => {
  await using server = new RawServer(silent);
  const { status, summary, data } = await endpointOutcome({
    server: server.address,
    reached: { [INTERNAL]: 0, [PUBLIC]: 12 },
  });
  assert.equal(status, "pass");
  assert.equal(
    summary,
    `user: ${INTERNAL}:443 (link-local) in less than 1 ms (used); ` +
      `${PUBLIC}:443 (public) in 12 ms`,
  );
  assert.deepEqual(data, {
    used: `${INTERNAL}:443`,
    hosts: [
      { host: `${INTERNAL}:443`, proxy: null, milliseconds: 0 },
      { host: `${PUBLIC}:443`, proxy: null, milliseconds: 12 },
    ],
  });
});

Deno.test("server.endpoint: outside of the cloud the public domain is used", async () => {
  await using server = new RawServer(silent);
  const { status, summary } = await endpointOutcome({
    server: server.address,
    reached: { [PUBLIC]: 12 },
  });
  assert.equal(status, "pass");
  assert.match(summary, /internal\S+ does not resolve: .*; \S+ \(public\) in 12 ms \(used\)$/);
});

Deno.test("server.endpoint: cos_network = internal where only the public domain answers is a failure", async () => {
  await using server = new RawServer(silent);
  const account = ["cos_network = internal"];
  const { status, remedy } = await endpointOutcome({
    server: server.address,
    reached: { [PUBLIC]: 12 },
    account,
  });
  assert.deepEqual([status, remedy?.text], [
    "fail",
    "Take the domain that answers: cos_network = auto",
  ]);
  const mended = { server: server.address, reached: { [PUBLIC]: 12 } };
  assert.equal((await endpointOutcome(mended)).status, "pass");
});

Deno.test("server.endpoint: nobody answers", async () => {
  await using server = new RawServer(silent);
  const { status, summary } = await endpointOutcome({ server: server.address, reached: {} });
  assert.equal(status, "fail");
  assert.match(summary, /1\.2\.3\.5:443 refused after \d+ ms \(ECONNREFUSED\) \(used\)$/);
});

Deno.test("server.endpoint: an answer that this machine was late to see does not count", async () => {
  await using server = new RawServer(silent);
  const { status, summary } = await endpointOutcome({
    server: server.address,
    reached: { [PUBLIC]: [900, 40, 300] },
  });
  assert.equal(status, "pass");
  assert.match(summary, /in 40 ms \(used\)$/);
});

Deno.test("server.endpoint: COS that is two seconds away is a warning", async () => {
  await using server = new RawServer(silent);
  const { status, summary, remedy } = await endpointOutcome({
    server: server.address,
    reached: { [PUBLIC]: 2_000 },
  });
  assert.equal(status, "warn");
  assert.match(summary, /in 2000 ms \(used\)$/);
  assert.match(remedy!.text, /^Run cosftp in the bucket's region/);
});

/** A proxy; what it was asked for is in `asked`. */
function proxyServer(asked: string[], answer = "HTTP/1.1 200 OK\r\n\r\n"): RawServer {
  return new RawServer(async (peer) => {
    const head = await peer.readHead();
    if (head === null) return;
    asked.push(head.split("\r\n")[0]!);
    await peer.write(answer);
    await peer.gone();
  });
}

Deno.test("server.endpoint: where https_proxy leads out COS is reached through it", async () => {
  const asked: string[] = [];
  await using server = proxyServer(asked);
  const proxy = { https: `http://${PROXY}:3128` };
  const { status, summary } = await endpointOutcome({
    server: server.address,
    reached: { [PROXY]: 20 },
    proxy,
  });
  assert.equal(status, "pass");
  const way = `${PUBLIC}:443 through the proxy ${PROXY}:3128 in 20 ms (used)`;
  assert.ok(summary.endsWith(way), summary);
  assert.deepEqual(
    [...new Set(asked)],
    [INTERNAL, PUBLIC].map((host) => `CONNECT ${host}:443 HTTP/1.1`),
  );
});

Deno.test("server.endpoint: a proxy that lets nobody out is named; no_proxy goes past it", async () => {
  await using server = proxyServer([], "HTTP/1.1 403 Forbidden\r\n\r\n");
  const { hostname, port } = server.address;
  const https = `http://${PROXY}:3128`;
  const reached = { [PROXY]: 1, [PUBLIC]: 5 };
  const refused = await endpointOutcome({
    server: { hostname, port },
    reached,
    proxy: { https },
  });
  assert.equal(refused.status, "fail");
  assert.ok(
    refused.summary.endsWith(`through the proxy ${PROXY}:3128: 403 Forbidden (used)`),
    refused.summary,
  );
  assert.match(
    refused.remedy!.text,
    new RegExp(`${formatAddress({ hostname: PUBLIC, port: 443 })} out, or exempt .* no_proxy`),
  );
  const noProxy = ".myqcloud.com";
  const past = await endpointOutcome({
    server: { hostname, port },
    reached,
    proxy: { https, noProxy },
  });
  assert.equal(past.status, "pass");
  assert.match(past.summary, /\.myqcloud\.com:443 \(public\) in \d ms \(used\)$/);
});

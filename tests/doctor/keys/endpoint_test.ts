import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/clock.ts";
import { type Dialer, listen } from "../../../src/net/connection.ts";
import { FakeClock } from "../../fake_clock.ts";
import { LOCALHOST } from "../../net/localhost_certificate.ts";
import { RawServer } from "../../net/raw_server.ts";
import {
  checkAccount,
  dialerTo,
  everyName,
  findingOf,
  inRegion,
  onlyFailure,
  startBucket,
  statuses,
} from "./checked_bucket.ts";

const UNUSED = { hostname: "192.0.2.1", port: 443 };

function unknownName(): Promise<never> {
  const error = new Error("getaddrinfo ENOTFOUND");
  return Promise.reject(Object.assign(error, { code: "ENOTFOUND" }));
}

function failing(error: Error): Dialer {
  const fail = () => Promise.reject(error);
  return { connect: fail, connectTls: fail, startTls: fail };
}

Deno.test("all is well with an account whose keys, bucket and endpoint are right", async () => {
  await using bucket = await startBucket();
  const findings = await checkAccount(bucket.address);
  assert.deepEqual(statuses(findings), [
    "endpoint.dns: pass",
    "endpoint.tcp: pass",
    "endpoint.tls: pass",
    "clock.skew: pass",
    "bucket.exists: pass",
    "bucket.region: pass",
    "key.id: pass",
    "key.signature: pass",
    "bucket.list: pass",
    "rights.read: pass",
    "object.sample: pass",
    "rights.uploads: pass",
    "rights.write: skip",
    "rights.records: skip",
  ]);
  assert.ok(findings.every(({ target }) => target === "alice (photos-1250000001)"));
});

Deno.test("a name that cannot be resolved is named, with the resolver's code", async () => {
  const findings = await checkAccount(UNUSED, {
    settings: inRegion("ap-guangzhou"),
    resolve: unknownName,
    dialer: failing(new Error("nobody connects")),
  });
  const { check, summary, remedy } = onlyFailure(findings);
  assert.equal(check, "endpoint.dns");
  assert.match(
    summary,
    /photos-1250000001\.cos\.ap-guangzhou\.myqcloud\.com port 80 cannot be resolved: .*ENOTFOUND/,
  );
  assert.deepEqual(remedy!.commands, [
    "getent ahosts photos-1250000001.cos.ap-guangzhou.myqcloud.com",
  ]);
  assert.ok(findings.slice(1).every(({ status }) => status === "skip"));
});

Deno.test("a region that does not exist is told from a broken name server, and the right one is found", async () => {
  await using bucket = await startBucket({ region: "ap-beijing" });
  const findings = await checkAccount(UNUSED, {
    settings: inRegion("ap-shenzen"),
    resolve: unknownName,
    dialer: dialerTo(bucket.address),
  });
  const { check, remedy } = onlyFailure(findings);
  assert.equal(check, "endpoint.dns");
  assert.equal(remedy!.text, "There is no region ap-shenzen: the bucket is in ap-beijing. Write");
  assert.deepEqual(remedy!.commands, ["cos_region = ap-beijing"]);
});

Deno.test("the nearer endpoint is not used where only the public one can be resolved", async () => {
  await using bucket = await startBucket();
  const findings = await checkAccount(UNUSED, {
    settings: { ...inRegion("ap-guangzhou"), cos_network: "auto" },
    resolve: (name) => name.includes("internal") ? unknownName() : everyName(),
    dialer: dialerTo(bucket.address),
    checks: ["endpoint.dns"],
  });
  const { status, summary } = findingOf(findings, "endpoint.dns");
  assert.equal(status, "pass");
  assert.match(
    summary,
    /^\S+\.cos\.ap-guangzhou\S+ is 203\.0\.113\.1; \S+internal\S+ cannot be resolved/,
  );
});

Deno.test("a proxy is what must be resolved and connected to where one leads out", async () => {
  await using proxy = new RawServer(async () => {});
  const { port } = proxy.address;
  const findings = await checkAccount(UNUSED, {
    settings: { cos_endpoint: "cos.example.com" },
    proxy: { http: `http://localhost:${port}` },
    checks: ["endpoint.tcp"],
    dialer: dialerTo(proxy.address),
  });
  assert.match(findingOf(findings, "endpoint.dns").summary, /^the proxy localhost is (127|::1)/);
  assert.match(findingOf(findings, "endpoint.tcp").summary, /^the proxy localhost answers at 127/);
});

Deno.test("a proxy that cannot be resolved is named once, and where it comes from", async () => {
  const findings = await checkAccount(UNUSED, {
    settings: inRegion("ap-guangzhou"),
    proxy: { http: "http://proxy.invalid:80" },
    checks: ["endpoint.dns"],
    resolve: () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" })),
  });
  const { summary, detail, remedy } = findingOf(findings, "endpoint.dns");
  assert.match(summary, /^the proxy proxy\.invalid port 80 cannot be resolved/);
  assert.match(`${detail}${remedy!.text}`, /^undefined.*spelling of the proxy in https_proxy/);
});

Deno.test("behind a proxy too the nearer endpoint is used only where this machine itself can connect to it", async () => {
  await using proxy = new RawServer(async () => {});
  const through = dialerTo(proxy.address);
  for (const isInside of [true, false]) {
    const findings = await checkAccount(UNUSED, {
      settings: { ...inRegion("ap-guangzhou"), cos_network: "auto" },
      proxy: { http: `http://localhost:${proxy.address.port}` },
      checks: ["endpoint.tcp"],
      dialer: {
        ...through,
        connect: (address, signal) =>
          !isInside && address.hostname.includes("internal")
            ? Promise.reject(new Error("No route to host"))
            : through.connect(address, signal),
      },
    });
    const { summary, data } = findingOf(findings, "endpoint.tcp");
    assert.match(summary, /^the proxy localhost answers at 127/);
    assert.equal(data!.chosen, isInside ? 0 : 1);
    assert.equal(summary.includes("internal"), !isInside, summary);
  }
});

Deno.test("an endpoint that refuses connections is unreachable", async () => {
  const listener = listen({ hostname: "127.0.0.1", port: 0 });
  const { address } = listener;
  listener.close();
  const { check, summary, remedy } = onlyFailure(await checkAccount(address));
  assert.equal(check, "endpoint.tcp");
  assert.match(summary, /cannot be connected to: Connection refused/);
  assert.match(remedy!.commands![0]!, new RegExp(`telnet://127\\.0\\.0\\.1:${address.port}$`));
});

Deno.test("an endpoint to which there is no route is unreachable", async () => {
  const error = Object.assign(new Error("No route to host (os error 113)"), {
    code: "EHOSTUNREACH",
  });
  const findings = await checkAccount(UNUSED, { dialer: failing(error) });
  const { check, summary } = onlyFailure(findings);
  assert.equal(check, "endpoint.tcp");
  assert.match(summary, /: No route to host \(EHOSTUNREACH\)$/);
});

Deno.test("an endpoint that never answers is unreachable after five seconds", async () => {
  const clock = new FakeClock();
  const dialing = Promise.withResolvers<void>();
  const connect: Dialer["connect"] = (_, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      dialing.resolve();
    });
  const checking = checkAccount(UNUSED, {
    clock,
    dialer: { ...failing(new Error("no TLS")), connect },
  });
  await dialing.promise;
  clock.advance(5_000);
  const { check, summary } = onlyFailure(await checking);
  assert.equal(check, "endpoint.tcp");
  assert.match(summary, /no answer within 5 s: packets are dropped$/);
});

Deno.test("a certificate that is not COS's own is called interception", async () => {
  await using tls = new TlsListener();
  const { port } = tls;
  const findings = await checkAccount(UNUSED, {
    settings: { cos_endpoint: `cos.example.com:${port}`, cos_protocol: "https" },
    resolve: everyName,
    dialer: dialerTo({ hostname: "127.0.0.1", port }),
  });
  const { check, summary, detail, remedy } = onlyFailure(findings);
  assert.equal(check, "endpoint.tls");
  assert.match(
    summary,
    /^TLS is intercepted: the certificate of photos-1250000001\.cos\.example\.com/,
  );
  assert.match(detail!, /invalid peer certificate/);
  assert.match(remedy!.commands![0]!, /^openssl s_client -connect photos-1250000001\.cos\.example/);
});

Deno.test("an endpoint that does not speak TLS is named", async () => {
  await using server = new RawServer((peer) => peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const settings = { cos_protocol: "https" };
  const { check, summary } = onlyFailure(await checkAccount(server.address, { settings }));
  assert.equal(check, "endpoint.tls");
  assert.match(summary, /accepts the connection but does not answer$/);
});

Deno.test("COS that takes seconds for an answer is a warning, and nothing else is wrong", async () => {
  await using bucket = await startBucket();
  // Each look at the clock is a second later than the one before.
  let now = systemClock.now();
  const clock: Clock = { ...systemClock, now: () => now += 1_000 };
  const findings = await checkAccount(bucket.address, { clock, checks: ["endpoint.tls"] });
  const { status, summary, remedy, data } = findingOf(findings, "endpoint.tls");
  assert.equal(status, "warn");
  assert.match(summary, /^COS answers at 127\.0\.0\.1:\d+ only after \d000 ms$/);
  assert.ok(data!.milliseconds);
  assert.match(remedy!.text, /^Run cosftp in the bucket's region/);
  const fast = await checkAccount(bucket.address, { checks: ["endpoint.tls"] });
  assert.match(findingOf(fast, "endpoint.tls").summary, /^COS answers at \S+ in \d+ ms$/);
});

Deno.test("something that answers and is not COS is named", async () => {
  await using server = new RawServer(async (peer) => {
    while (await peer.readHead() !== null) {
      await peer.write(
        "HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n",
      );
    }
  });
  const { check, summary } = onlyFailure(await checkAccount(server.address));
  assert.equal(check, "endpoint.tls");
  assert.match(summary, /^Something that is not COS answers at .* with status 302/);
});

/** The machine's time, and `milliseconds` more. */
function ahead(milliseconds: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + milliseconds };
}

Deno.test("a skewed clock is measured by COS's, and named with COS's code where COS would refuse", async () => {
  for (
    const [skew, status, pattern] of [
      [30_000, "pass", /right to \d+ s$/],
      [-300_000, "warn", /^The clock is (298|299|300) s ahead of COS's$/],
      [3_600_000, "fail", /^The clock is 3(598|599|600) s behind COS's.*RequestTimeTooSkewed$/],
    ] as const
  ) {
    await using bucket = await startBucket({ clock: ahead(skew) });
    const findings = await checkAccount(bucket.address);
    const finding = findingOf(findings, "clock.skew");
    assert.equal(finding.status, status);
    assert.match(finding.summary, pattern);
    // The gateway goes by COS's time, so nothing else is wrong.
    assert.equal(findingOf(findings, "key.signature").status, "pass");
    if (status !== "pass") {
      assert.deepEqual(finding.remedy!.commands![0], "timedatectl set-ntp true");
    }
  }
});

/** Offers a certificate that nobody trusts, and nothing behind it. */
class TlsListener implements AsyncDisposable {
  readonly #listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...LOCALHOST });
  readonly #running = this.#accept();

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      await conn.handshake().catch(() => {});
      conn.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#running;
  }
}

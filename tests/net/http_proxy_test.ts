import assert from "node:assert/strict";
import { proxyChooser } from "../../src/net/http_proxy.ts";
import { answer, failure, Harness } from "./http_client_harness.ts";

const ORIGIN = { secure: true, hostname: "b.cos.test", port: 443 };

Deno.test("HTTPS goes through a tunnel of the proxy, and TLS is for the origin", async () => {
  const heads: (string | null)[] = [];
  await using harness = new Harness(async (peer) => {
    heads.push(await peer.readHead());
    await peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
    heads.push(await peer.readHead());
    await peer.write(answer("through"));
  }, { proxied: "us%40er:p%3Aw@" });
  assert.equal(await harness.text({ origin: ORIGIN, headers: { host: "b.cos.test" } }), "through");
  assert.deepEqual(heads, [
    "CONNECT b.cos.test:443 HTTP/1.1\r\nHost: b.cos.test:443\r\n" +
    `Proxy-Authorization: Basic ${btoa("us@er:p:w")}\r\n\r\n`,
    "GET / HTTP/1.1\r\nhost: b.cos.test\r\n\r\n",
  ]);
  assert.deepEqual(harness.dialer.tlsNames, ["b.cos.test"]);
});

Deno.test("plain HTTP is asked of the proxy in absolute form", async () => {
  let head: string | null = "";
  await using harness = new Harness(async (peer) => {
    head = await peer.readHead();
    await peer.write(answer("asked"));
  }, { proxied: "user:pw@" });
  const origin = { secure: false, hostname: "b.cos.test", port: 8080 };
  assert.equal(
    await harness.text({ origin, target: "/a?b", headers: { host: "b.cos.test:8080" } }),
    "asked",
  );
  assert.equal(
    head,
    "GET http://b.cos.test:8080/a?b HTTP/1.1\r\nhost: b.cos.test:8080\r\n" +
      `proxy-authorization: Basic ${btoa("user:pw")}\r\n\r\n`,
  );
});

for (
  const [what, bytes, reason] of [
    ["refuses", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", /407 Proxy Authentication/],
    ["leaves", "", /closed the connection/],
    ["speaks before the server can", "HTTP/1.1 200 OK\r\n\r\nx", /before the server/],
    ["speaks no HTTP", "SSH-2.0\r\n\r\n", /status line/],
  ] as const
) {
  Deno.test(`tunnel through a proxy that ${what} is no connection`, async () => {
    await using harness = new Harness(async (peer) => {
      await peer.readHead();
      await peer.write(bytes);
    }, { proxied: "" });
    const error = await failure(harness.send({ origin: ORIGIN }), "not-connected", {
      requestSent: false,
    });
    assert.match(error.message, reason);
    await harness.dialer.connections[0]!.closed;
  });
}

Deno.test("proxy that does not answer is given up with the connect timeout", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    harness.clock.advance(10_000);
    await peer.gone();
  }, { proxied: "" });
  await failure(harness.send({ origin: ORIGIN }), "timeout", { requestSent: false });
});

const EXCEPTIONS: readonly (readonly [noProxy: string, hostname: string, direct: boolean])[] = [
  ["", "cos.test", false],
  ["*", "cos.test", true],
  ["cos.test", "cos.test", true],
  ["cos.test", "b.cos.test", true],
  ["cos.test", "acos.test", false],
  [".cos.test", "b.cos.test", true],
  ["*.cos.test", "b.cos.test", true],
  ["other.test, COS.test", "b.cos.test", true],
  ["cos.test:443", "cos.test", true],
  ["cos.test:80", "cos.test", false],
  ["10.0.0.0/8", "10.1.2.3", true],
  ["10.0.0.0/8", "11.1.2.3", false],
  ["192.0.2.1", "192.0.2.1", true],
  ["fd00::/8", "fd00::1", true],
  ["2.1", "192.0.2.1", false],
];
for (const [noProxy, hostname, direct] of EXCEPTIONS) {
  Deno.test(`no_proxy "${noProxy}" ${direct ? "covers" : "does not cover"} ${hostname}`, () => {
    const choose = proxyChooser({ https: "http://proxy.test:3128", noProxy });
    assert.equal(choose({ secure: true, hostname, port: 443 }) === undefined, direct);
  });
}

Deno.test("each protocol has its own proxy", () => {
  const choose = proxyChooser({ http: "a.test:3128", https: "http://[::1]" });
  assert.deepEqual(choose({ ...ORIGIN, secure: false })?.address, {
    hostname: "a.test",
    port: 3128,
  });
  assert.deepEqual(choose(ORIGIN)?.address, { hostname: "::1", port: 80 });
  assert.equal(proxyChooser({ http: "a.test" })(ORIGIN), undefined);
});

Deno.test("proxy that speaks TLS or is no URL is refused, and its password not shown", () => {
  for (
    const url of [
      "https://user:secret@a.test",
      "socks5://user:secret@a.test",
      "http://us%er:secret@a.test",
      "http://",
    ]
  ) {
    assert.throws(() => proxyChooser({ https: url }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

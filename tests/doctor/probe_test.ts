import assert from "node:assert/strict";
import type { EchoResult } from "../../src/net/icmp.ts";
import type { ProbeResult } from "../../src/net/tcp_probe.ts";
import { CLIENT, Network, ROUTER, SERVER } from "./network.ts";
import { networkTest } from "./network_test_case.ts";

const PROBE = new URL("probe.ts", import.meta.url).pathname;

async function probe(network: Network, ...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await network.client.outcome([
    Deno.execPath(),
    ..."run --quiet --no-prompt --allow-ffi --allow-read".split(" "),
    PROBE,
    ...args,
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout)[0];
}

const tcp = async (network: Network, host: string, port: number) =>
  await probe(network, "tcp", "5000", host, `${port}`) as ProbeResult;
const ping = async (network: Network, host: string, ...size: string[]) =>
  await probe(network, "echo", "1000", host, ...size) as EchoResult;

networkTest(
  "TCP and ICMP probes tell what a firewall, a router and a missing host answer",
  async (t) => {
    await using network = await Network.build({ nat: "none" });
    await network.server.paste([
      "iptables -A INPUT -p tcp --dport 1 -j DROP",
      "iptables -A INPUT -p tcp --dport 2 -j REJECT --reject-with icmp-host-prohibited",
      "iptables -A INPUT -p tcp --dport 3 -j REJECT --reject-with icmp-port-unreachable",
      "iptables -A INPUT -p tcp --dport 4 -j REJECT --reject-with tcp-reset",
      "iptables -A INPUT -p tcp --dport 5 -j REJECT --reject-with icmp-admin-prohibited",
    ]);
    await t.step("DROP is silence", async () => {
      const { errno, elapsed, icmp } = await tcp(network, SERVER, 1);
      assert.deepEqual([errno, icmp], ["ETIMEDOUT", undefined]);
      assert.ok(elapsed >= 4_900, `${elapsed}`);
    });
    for (
      const [port, errno, code] of [
        [2, "EHOSTUNREACH", 10],
        [3, "ECONNREFUSED", 3],
        [5, "EHOSTUNREACH", 13],
      ] as const
    ) {
      await t.step(`REJECT by ICMP code ${code} is ${errno} with that message`, async () => {
        const result = await tcp(network, SERVER, port);
        assert.equal(result.errno, errno);
        assert.deepEqual(
          [result.icmp?.type, result.icmp?.code, result.icmp?.from],
          [3, code, SERVER],
        );
      });
    }
    for (const port of [4, 6]) {
      const what = port === 4 ? "REJECT by reset" : "a port that nobody listens on";
      await t.step(`${what} is refused without ICMP`, async () => {
        const { errno, icmp } = await tcp(network, SERVER, port);
        assert.deepEqual([errno, icmp], ["ECONNREFUSED", undefined]);
      });
    }
    await t.step("a missing neighbour is told by our own machine, late", async () => {
      const { errno, elapsed, icmp } = await tcp(network, "1.2.3.9", 1);
      assert.equal(errno, "EHOSTUNREACH");
      assert.ok(elapsed > 1_000, `${elapsed}`);
      assert.ok(icmp === undefined || icmp.from === CLIENT, JSON.stringify(icmp));
    });
    await t.step("no route is told at once", async () => {
      assert.equal((await tcp(network, "192.0.2.1", 1)).errno, "ENETUNREACH");
    });
    await t.step("echo comes back, and not when it is dropped or rejected", async () => {
      assert.equal((await ping(network, SERVER)).kind, "reply");
      await network.server.paste(["iptables -A INPUT -p icmp --icmp-type echo-request -j DROP"]);
      assert.equal((await ping(network, SERVER)).kind, "silence");
      await network.server.paste([
        "iptables -F",
        "iptables -A INPUT -p icmp -j REJECT --reject-with icmp-host-prohibited",
      ]);
      const rejected = await ping(network, SERVER);
      assert.equal(rejected.kind, "icmp");
      assert.equal(rejected.kind === "icmp" && rejected.icmp.code, 10);
      await network.server.paste(["iptables -F"]);
    });
    await t.step("a packet that is too large for the path is told by the router", async () => {
      await network.router.paste(["ip link set lan0 mtu 1400"]);
      const result = await ping(network, SERVER, "1500");
      assert.ok(result.kind === "icmp", result.kind);
      assert.deepEqual(result.icmp, { version: 4, type: 3, code: 4, mtu: 1400, from: ROUTER });
      assert.equal((await ping(network, SERVER, "1400")).kind, "reply");
      assert.deepEqual(await ping(network, SERVER, "1501"), { kind: "unsent", errno: "EMSGSIZE" });
    });
    await t.step("IPv6 has its own messages", async () => {
      const [here, there] = ["fd00:1::2", "fd00:1::1"];
      await network.client.paste([`ip address add ${here}/64 dev wan0 nodad`]);
      await network.router.paste([
        `ip address add ${there}/64 dev wan0 nodad`,
        "ip6tables -A INPUT -p tcp --dport 2 -j REJECT --reject-with icmp6-adm-prohibited",
        "ip6tables -A INPUT -p tcp --dport 3 -j REJECT --reject-with icmp6-port-unreachable",
      ]);
      assert.equal((await ping(network, there)).kind, "reply");
      assert.equal((await ping(network, there, "1500")).kind, "reply");
      for (const [port, errno, code] of [[2, "EACCES", 1], [3, "ECONNREFUSED", 4]] as const) {
        const result = await tcp(network, there, port);
        assert.equal(result.errno, errno);
        assert.deepEqual(result.icmp, { version: 6, type: 1, code, from: there });
      }
      assert.equal((await tcp(network, there, 4)).errno, "ECONNREFUSED");
    });
  },
);

import assert from "node:assert/strict";
import { Host, newName } from "./namespaces.ts";
import { CLIENT } from "./network.ts";
import { networkTest } from "./network_test_case.ts";
import { linesFor, type ReportedFinding, Scene } from "./scene.ts";

const ON_SERVER = "# On the server";

/** The statuses and summaries of findings, `pass: ...`. */
function told(findings: readonly ReportedFinding[]): string[] {
  return findings.map(({ status, summary }) => `${status}: ${summary}`);
}

/** The one finding that is asked for. */
function only(findings: readonly ReportedFinding[], check: string): ReportedFinding {
  const [finding, ...others] = findings.filter((it) => it.check === check);
  assert.ok(finding && others.length === 0, JSON.stringify(findings, null, 1));
  return finding;
}

networkTest(
  "doctor on the server: what it warns of, and that what it prints mends it",
  async (t) => {
    await using scene = await Scene.build({
      nat: "none",
      settings: ["passive_port = 60000,60999", "masquerade_address = 10.0.0.2"],
    });
    const { server, router } = scene.network;
    /** What `check` finds with these settings. */
    const look = (check: string, settings = "") =>
      scene.doctorBy(server, `${settings} cosftp doctor --json ${check}`);
    const setting = (key: string, value: string) => `COSFTP_${key}='${value}'`;
    const masquerade = (value: string) =>
      look("server.masquerade", setting("NETWORK_MASQUERADE_ADDRESS", value));

    await t.step("server.addresses: a machine with only a loopback is a warning", async () => {
      assert.deepEqual(told(await look("server.addresses")), ["pass: eth0 10.0.0.2 (private)"]);
      await using alone = await Host.create(newName("alone"));
      const line = "cosftp doctor --json server.addresses";
      const finding = only(await scene.doctorBy(alone, line), "server.addresses");
      assert.deepEqual(told([finding]), [
        "warn: This machine has no address that others can reach",
      ]);
      await alone.paste(finding.remedy!.commands);
      await alone.paste([
        "ip link add eth0 type veth peer name eth1",
        "ip address add 10.9.0.1/24 dev eth0",
      ]);
      await alone.paste(["ip link set eth0 up"]);
      assert.deepEqual(told(await scene.doctorBy(alone, line)), ["pass: eth0 10.9.0.1 (private)"]);
    });

    await t.step(
      "server.masquerade: ours, behind a NAT, private, carrier-grade NAT, unknown",
      async () => {
        assert.deepEqual(told(await masquerade("10.0.0.2")), [
          "pass: 227 names 10.0.0.2 (private), which eth0 of this machine has",
        ]);
        assert.deepEqual(told(await masquerade("1.2.3.7")), [
          "pass: 227 names 1.2.3.7 (public): not an address of this machine, so a NAT must bring it here",
        ]);
        for (
          const [address, scope] of [["10.0.0.7", "private"], ["100.64.3.4", "carrier-grade NAT"]]
        ) {
          const finding = only(await masquerade(address!), "server.masquerade");
          assert.deepEqual(told([finding]), [
            `warn: 227 names ${address} (${scope}), which is no address of this machine and cannot be reached from the Internet`,
          ]);
          assert.match(
            finding.remedy!.text,
            /^Write the address at which clients reach the server/,
          );
        }
        const unknown = only(await masquerade("ftp.example.invalid"), "server.masquerade");
        assert.equal(unknown.status, "fail");
        assert.match(
          unknown.summary,
          /^masquerade_address ftp\.example\.invalid does not resolve: /,
        );
        assert.deepEqual(unknown.remedy!.commands, ["getent ahostsv4 ftp.example.invalid"]);
      },
    );

    await t.step("server.ipv6: served, not served, listened for in vain", async () => {
      const ipv6 = (address: string) =>
        look("server.ipv6", setting("NETWORK_LISTEN_ADDRESS", address));
      assert.deepEqual(told(await ipv6("0.0.0.0")), [
        "pass: Not used: this machine has no public address",
      ]);
      const finding = only(await ipv6("::"), "server.ipv6");
      assert.deepEqual(told([finding]), [
        "warn: listen_address is ::, but this machine has no public IPv6 address",
      ]);
      await server.paste(["ip address add 2400:3200::2/64 dev eth0 nodad"]);
      assert.deepEqual(told(await ipv6("::")), ["pass: Served, at 2400:3200::2"]);
      assert.deepEqual(told(await ipv6("0.0.0.0")), [
        "pass: Not served, although this machine has 2400:3200::2: listen_address = :: would",
      ]);
      await server.paste(["ip address del 2400:3200::2/64 dev eth0"]);
    });

    // Before anybody has connected: ports of outgoing connections would be in use.
    await t.step("server.passive: ports of outgoing connections", async () => {
      const sysctl = "sysctl -qw net.ipv4.ip_local_port_range=";
      await server.paste([
        `${sysctl}'32768 60999'`,
        "sysctl -qw net.ipv4.ip_local_reserved_ports=8080",
      ]);
      const finding = only(await look("server.passive"), "server.passive");
      assert.deepEqual(told([finding]), [
        "warn: Outgoing connections of this machine use ports 32768-60999, which leaves 0 of the passive range to clients alone",
      ]);
      await server.paste(linesFor(finding, ON_SERVER));
      assert.deepEqual(told(await look("server.passive")), ["pass: 1000 ports, 60000-60999"]);
      const reserved = await server.run(["sysctl", "-n", "net.ipv4.ip_local_reserved_ports"]);
      assert.equal(reserved.trim(), "8080,60000-60999", "what others have reserved stays");
    });

    await t.step("server.passive: services that listen there, and too few ports", async () => {
      await using other = server.start([
        "python3",
        "-uc",
        "import socket, time; held = [socket.create_server(('', p)) for p in (60000, 60001)]; " +
        "print('listens'); time.sleep(600)",
      ]);
      await other.hasSaid(/listens/);
      assert.deepEqual(told(await look("server.passive")), [
        "pass: 1000 ports, 60000-60999",
        "pass: 2 of them in use, which are passed over: 60000-60001",
      ]);
      const two = setting("NETWORK_PASSIVE_PORT", "60000,60001");
      const none = only(await look("server.passive", two), "server.passive");
      assert.deepEqual(told([none]), ["fail: No port of 60000-60001 can be listened on"]);
      assert.match(none.remedy!.text, /choose another passive_port range/);
      const few = setting("NETWORK_PASSIVE_PORT", "60002,60101");
      const [finding] = await look("server.passive", few);
      assert.deepEqual(told([finding!]), [
        "warn: 100 ports for max_connection_num = 512 sessions: when all of them transfer, some are told 425",
      ]);
      assert.match(finding!.remedy!.text, /^Widen passive_port, .* or lower max_connection_num$/);
      const lowered = `${few} ${setting("OPTIONAL_MAX_CONNECTION_NUM", "100")}`;
      assert.deepEqual(told(await look("server.passive", lowered)), [
        "pass: 100 ports, 60002-60101",
      ]);
    });

    await t.step("server.listen: another program has the port", async () => {
      await using other = server.start([
        "python3",
        "-uc",
        "import socket; s = socket.create_server(('', 2121)); print('listens')\n" +
        "while True: s.accept()[0].send(b'SSH-2.0-other\\r\\n')",
      ]);
      await other.hasSaid(/listens/);
      const finding = only(await look("server.listen"), "server.listen");
      assert.deepEqual(told([finding]), [
        "fail: Port 2121 is taken by another program, which does not greet as FTP servers do",
      ]);
      assert.match(await server.run(["sh", "-euc", finding.remedy!.commands[0]!]), /"python3"/);
      const elsewhere = setting("NETWORK_LISTEN_PORT", "2120");
      const free = only(await look("server.listen", elsewhere), "server.listen");
      const [line] = linesFor(free, ON_SERVER);
      assert.match(free.summary, /^Nobody listens on 0\.0\.0\.0:2120/);
      await scene.serve(`${elsewhere} ${line}`);
      assert.deepEqual(told(await look("server.listen", elsewhere)), [
        "pass: cosftp runs on port 2120: 220 cosftp ready",
      ]);
    });

    await t.step("server.files: fewer than max_connection_num needs", async () => {
      const line = "cosftp doctor --json server.files";
      const limited = await scene.doctorBy(server, `ulimit -n 400; ${line}`);
      const finding = only(limited, "server.files");
      assert.deepEqual(told([finding]), [
        "warn: 400 files and sockets, 3684 are needed for 512 sessions that all transfer",
      ]);
      const [command] = finding.remedy!.commands;
      // Where the shell may have so many.
      const raised = await scene.doctorBy(server, `${command}; ${line}`);
      assert.deepEqual(told(raised), [
        "pass: 3684 files and sockets, 3684 are needed for 512 sessions that all transfer",
      ]);
      // serve raises the soft limit by itself.
      const soft = await scene.doctorBy(server, `ulimit -n 4000; ulimit -Sn 400; ${line}`);
      assert.equal(only(soft, "server.files").status, "pass");
    });

    await t.step("server.icmp: this machine answers no echo request", async () => {
      await server.paste(["sysctl -qw net.ipv4.icmp_echo_ignore_all=1"]);
      const findings = (await look("server.icmp")).filter(({ check }) => check === "server.icmp");
      const finding = findings.find(({ status }) => status === "warn")!;
      assert.equal(
        finding.summary,
        "This machine answers no echo request: net.ipv4.icmp_echo_ignore_all is 1",
      );
      await server.paste(linesFor(finding, ON_SERVER));
      const mended = (await look("server.icmp")).filter(({ check }) => check === "server.icmp");
      assert.deepEqual(mended.map(({ status }) => status), ["pass", "pass", "pass"]);
      assert.match(mended[0]!.summary, /^The gateway 10\.0\.0\.1 answers in /);
    });

    await t.step(
      "ICMP and the firewall's rules that this user may not have are skipped",
      async () => {
        const without = (capability: string, check: string) =>
          scene.doctorBy(
            server,
            `setpriv --bounding-set=-${capability} cosftp doctor --json ${check}`,
          );
        const icmp = only(await without("net_raw", "server.mtu"), "server.mtu");
        assert.deepEqual(told([icmp]), ["skip: ICMP is not permitted to this user (EPERM)"]);
        await server.paste(icmp.remedy!.commands);
        assert.equal(only(await without("net_raw", "server.mtu"), "server.mtu").status, "pass");
        const [rules, ...others] = await without("net_admin", "firewall");
        assert.equal(rules!.status, "skip");
        assert.match(rules!.summary, /^The rules of the firewall cannot be read: /);
        assert.deepEqual(rules!.remedy!.commands, ["sudo cosftp doctor firewall"]);
        assert.deepEqual([...new Set(told(others))], ["skip: Not tried: it needs firewall.rules"]);
      },
    );

    await t.step("server.mtu: a whole path, a narrow one that says so, a black hole", async () => {
      const mtu = async () =>
        only(
          await look("server.mtu", setting("COS_ACCOUNT_0_COS_ENDPOINT", `${CLIENT}:9000`)),
          "server.mtu",
        );
      assert.deepEqual(told([await mtu()]), [`pass: To ${CLIENT}: Packets of 1500 bytes arrive`]);
      await router.paste(["ip link set wan0 mtu 1400"]);
      const narrow = await mtu();
      assert.equal(narrow.status, "pass");
      assert.match(narrow.summary, /Packets up to 1400 bytes arrive, larger ones are answered: /);
      const drop = "-A INPUT -p icmp --icmp-type fragmentation-needed -j DROP";
      await server.paste([`iptables ${drop}`]);
      const finding = await mtu();
      assert.equal(finding.status, "fail");
      assert.match(finding.summary, /Packets above about 1[34]\d\d bytes vanish, and no ICMP/);
      await server.paste(linesFor(finding, "# On the server, with iptables"));
      assert.match((await mtu()).summary, /^To \S+ Packets up to 1400 bytes arrive/);
      await server.paste(["iptables -F"]);
      await router.paste(["ip link set wan0 mtu 1500"]);
    });
  },
);

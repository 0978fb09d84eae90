import assert from "node:assert/strict";
import { assertOpened, exposureOf } from "./exposure.ts";
import {
  assertPass,
  assertWell,
  fromClient,
  mend,
  type NetworkCase,
  onServer,
} from "./network_case.ts";
import { ROUTER, SERVER } from "./network.ts";
import { linesFor, worseOf } from "./scene.ts";
import { CONTROL, DROP, firewall, ICMP, nft, PASSIVE, REJECT } from "./server_rules.ts";

const WITH_IPTABLES = "# On the server, with iptables";
const WITH_NFT = "# On the server, with nftables";

export const NETWORK_CASES: readonly NetworkCase[] = [
  {
    name: "(a) all well, behind a NAT and a firewall: no alarm",
    nat: "hairpin",
    settings: [`masquerade_address = ${ROUTER}`],
    onServer: firewall(ICMP, CONTROL, PASSIVE, DROP),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      assertWell(client);
      assertWell(server);
    },
  },
  {
    name: "(b) masquerade_address is missing behind DNAT",
    nat: "outside",
    async expect(scene) {
      const finding = worseOf(await fromClient(scene), "target.pasv");
      assert.equal(finding.status, "fail");
      assert.match(finding.summary, /^227 names 10\.0\.0\.2 \(private\), which cannot be reached/);
      assert.match(
        finding.remedy!.text,
        /^Tell the server to name 1\.2\.3\.1: masquerade_address/,
      );
      const there = worseOf(await onServer(scene), "server.masquerade");
      assert.match(there.summary, /^No masquerade_address, and 10\.0\.0\.2 cannot be reached/);
      const [line] = linesFor(finding, "# On the server, cosftp");
      await scene.serve(line);
      assertWell(await fromClient(scene));
    },
  },
  {
    name: "(c) the passive range is dropped",
    onServer: firewall(ICMP, CONTROL, DROP),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      const finding = worseOf(client, "target.data");
      assert.equal(finding.status, "fail");
      assert.match(finding.summary, /^Data connections: nothing came back from .* \(ETIMEDOUT\)/);
      assert.match(finding.remedy!.text, /A firewall .* drops it, or a cloud security group/);
      const there = worseOf(server, "firewall.passive");
      assert.equal(
        there.summary,
        "The passive range 60000-65535 is dropped by iptables filter INPUT: policy drop",
      );
      assert.deepEqual(linesFor(there, WITH_IPTABLES), linesFor(finding, WITH_IPTABLES));
      const on = scene.network.server;
      const opened = ["tcp 60000-65535"];
      const findings = [finding];
      await mend(scene, { findings, comment: WITH_IPTABLES, on, opened, again: fromClient });
      assertPass(await onServer(scene), "firewall.passive");
    },
  },
  {
    name: "(d) the passive range is rejected with host-prohibited, as CentOS does",
    onServer: firewall(ICMP, CONTROL, REJECT),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      const finding = worseOf(client, "target.data");
      assert.equal(finding.status, "fail");
      assert.match(
        finding.summary,
        /rejects .* \(EHOSTUNREACH, ICMP host administratively prohibited \(type 3, code 10\)/,
      );
      assert.match(finding.remedy!.text, /CentOS/);
      const there = worseOf(server, "firewall.passive");
      assert.match(there.summary, /rejected by iptables filter INPUT: -A INPUT -j REJECT/);
      const probed = await scene.doctor(scene.network.client, "--probe", SERVER);
      assert.match(worseOf(probed, "probe.contact").summary, /rejects .* \(EHOSTUNREACH/);
      const on = scene.network.server;
      const opened = ["tcp 60000-65535"];
      const findings = [there];
      await mend(scene, { findings, comment: WITH_IPTABLES, on, opened, again: onServer });
      assertPass(await fromClient(scene, "target.data"), "target.data");
    },
  },
  {
    name: "(e) all ICMP is dropped",
    onServer: nft("meta l4proto icmp drop"),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      assert.match(worseOf(client, "target.icmp").summary, /nothing comes back, a firewall drops/);
      const lost = server.filter(({ check }) => check === "firewall.icmp");
      assert.deepEqual(lost.map(({ status }) => status), ["warn", "fail", "warn", "warn"]);
      assert.equal(
        lost[1]!.summary,
        "ICMP fragmentation-needed is dropped by nft inet filter input: meta l4proto icmp drop",
      );
      const on = scene.network.server;
      const opened = ["icmp 8", "icmp 3", "icmp 11"];
      await mend(scene, { findings: lost, comment: WITH_NFT, on, opened, again: onServer });
      assertPass(await fromClient(scene, "target.icmp"), "target.icmp");
    },
  },
  {
    name: "(f) only ICMP echo is dropped",
    onServer: firewall("-A INPUT -p icmp --icmp-type 8 -j DROP", ICMP, CONTROL, PASSIVE, DROP),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      const finding = worseOf(client, "target.icmp");
      assert.equal(finding.status, "warn");
      const there = worseOf(server, "firewall.icmp");
      assert.match(
        there.summary,
        /^ICMP echo-request is dropped by iptables filter INPUT: -A INPUT/,
      );
      const on = scene.network.server;
      const opened = ["icmp 8"];
      const findings = [finding];
      await mend(scene, { findings, comment: WITH_IPTABLES, on, opened, again: fromClient });
      assertPass(await onServer(scene), "firewall.icmp");
    },
  },
  {
    name: "(g) half of the passive range is open",
    settings: ["passive_port = 60000,60999"],
    onServer: firewall(ICMP, CONTROL, "-A INPUT -p tcp --dport 60000:60499 -j ACCEPT", DROP),
    async expect(scene) {
      const { client, server } = scene.network;
      await using _holding = await scene.holdPorts();
      const probe = () => scene.doctor(client, "--probe", SERVER);
      const [seen, known] = await Promise.all([probe(), onServer(scene, "firewall.passive")]);
      const finding = worseOf(seen, "probe.ports");
      assert.equal(finding.summary, "Ports 60500-60999 are dropped: nothing comes back");
      const there = worseOf(known, "firewall.passive");
      assert.match(there.summary, /^The passive range 60500-60999 is dropped by iptables/);
      assert.deepEqual(linesFor(there, WITH_IPTABLES), linesFor(finding, WITH_IPTABLES));
      const opened = ["tcp 60500-60999"];
      const findings = [finding];
      await mend(scene, { findings, comment: WITH_IPTABLES, on: server, opened, again: probe });
      assertPass(await onServer(scene), "firewall.passive");
      // A gateway beside it still finds ports.
      assertPass(await fromClient(scene), "target.data");
    },
  },
  {
    name: "(h) the listen port is closed: nobody serves",
    serves: false,
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      const finding = worseOf(client, "target.tcp");
      assert.equal(finding.status, "fail");
      assert.match(finding.summary, /10\.0\.0\.2:2121 refused after \d+ ms \(ECONNREFUSED\)/);
      assert.match(
        finding.remedy!.text,
        /nobody listens there .* or a firewall rejects by TCP reset/,
      );
      assertPass(server, "firewall.control");
      const there = worseOf(server, "server.listen");
      assert.match(there.summary, /^Nobody listens on 0\.0\.0\.0:2121/);
      const [line] = linesFor(there, "# On the server");
      await scene.serve(line);
      assertWell(await fromClient(scene));
    },
  },
  {
    name: "(i) the listen port is rejected by TCP reset",
    onServer: nft("tcp dport 2121 reject with tcp reset"),
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      const finding = worseOf(client, "target.tcp");
      assert.match(finding.summary, /refused .* \(ECONNREFUSED\)/);
      assert.match(finding.remedy!.text, /a firewall rejects by TCP reset/);
      const there = worseOf(server, "firewall.control");
      assert.equal(
        there.summary,
        "listen_port 2121 is rejected by nft inet filter input: tcp dport 2121 reject with tcp reset",
      );
      const on = scene.network.server;
      const opened = ["tcp 2121"];
      await mend(scene, { findings: [there], comment: WITH_NFT, on, opened, again: onServer });
      assertWell(await fromClient(scene));
    },
  },
  {
    name: "(j) an MTU black hole: the path is narrow, and nobody hears of it",
    onRouter: ["ip link set wan0 mtu 1400"],
    onServer: firewall(
      "-A INPUT -p icmp --icmp-type fragmentation-needed -j DROP",
      ICMP,
      CONTROL,
      PASSIVE,
      DROP,
    ),
    async expect(scene) {
      await scene.fill(100);
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      const finding = worseOf(client, "target.list");
      assert.match(finding.summary, /^LIST stalls: the data connection is open/);
      assert.match(finding.detail!, /an MTU black hole/);
      const back = worseOf(client, "target.active");
      assert.match(
        back.summary,
        /does not work from here: it connected, but nothing came for 5 s$/,
      );
      assertPass(client, "target.data");
      const there = worseOf(server, "firewall.icmp");
      assert.match(there.summary, /^ICMP fragmentation-needed is dropped by iptables/);
      const on = scene.network.server;
      const opened = ["icmp 3/4"];
      const findings = [finding];
      await mend(scene, { findings, comment: WITH_IPTABLES, on, opened, again: fromClient });
      assertPass(await onServer(scene), "firewall.icmp");
    },
  },
  {
    name: "(k) hairpin is impossible",
    nat: "outside",
    settings: [`masquerade_address = ${ROUTER}`],
    onServer: firewall(ICMP, CONTROL, PASSIVE, DROP),
    async expect(scene) {
      const { client: outside, server: from } = scene.network;
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      assertWell(client);
      const finding = worseOf(server, "server.hairpin");
      assert.equal(finding.status, "warn");
      assert.match(finding.summary, /^Hairpin is impossible: 1\.2\.3\.1:2121 refused/);
      const comment = "# On the router, with iptables";
      const on = scene.network.router;
      const look = () => exposureOf(from, { from: outside, address: ROUTER });
      const before = await look();
      const opened = ["tcp 2121", "tcp 60000-65535"];
      await mend(scene, { findings: [finding], comment, on, opened, from, again: onServer });
      assertOpened({ before, after: await look(), opened: new Set() });
      assertWell(await fromClient(scene));
    },
  },
  {
    name: "replies are dropped: what goes out must be allowed, and is not",
    onServer: [
      "iptables -A OUTPUT -o lo -j ACCEPT",
      "iptables -A OUTPUT -p icmp -j ACCEPT",
      "iptables -P OUTPUT DROP",
    ],
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene, "firewall")]);
      assert.match(worseOf(client, "target.tcp").summary, /nothing came back/);
      assertPass(server, "firewall.icmp");
      const there = worseOf(server, "firewall.control");
      assert.equal(
        there.summary,
        "listen_port 2121 is let in, but its replies are dropped by iptables filter OUTPUT: policy drop",
      );
      const on = scene.network.server;
      const findings = [there];
      await mend(scene, { findings, comment: WITH_IPTABLES, on, opened: [], again: onServer });
      assertPass(await fromClient(scene, "target.list"), "target.list");
    },
  },
  {
    name:
      "the client may open fewer files than --probe needs: no fault of the server, nor of cosftp",
    settings: ["passive_port = 60000,60999"],
    async expect(scene) {
      await using _holding = await scene.holdPorts();
      // Ports that are silent keep their files for long.
      for (const [first, limit, check] of [[60_100, 256, "ports"], [60_000, 64, "contact"]]) {
        const silent = `iptables -A INPUT -p tcp --dport ${first}:60999 -j DROP`;
        await scene.network.server.paste([silent]);
        const line = `ulimit -n ${limit}; exec cosftp doctor --json --probe ${SERVER}`;
        const findings = await scene.doctorBy(scene.network.client, line);
        const advice = findings.filter((it) => it.check === `probe.${check}`)
          .map(({ remedy, summary }) => `${summary} ${remedy?.text}`).join("\n");
        assert.match(advice, /[Nn]o open file .*raise the limit here \(ulimit -n 1024/);
      }
    },
  },
  {
    name: "there is no way to the address: nothing is to be opened",
    serves: false,
    async expect(scene) {
      const target = "ftp://user@8.8.8.8:2121";
      const findings = await scene.doctor(scene.network.client, "--plain", "--target", target);
      const { summary, remedy } = worseOf(findings, "target.icmp");
      assert.equal(summary, "Echo requests to 8.8.8.8: cannot be sent, ENETUNREACH");
      assert.deepEqual(remedy!.commands ?? [], []);
      const tcp = worseOf(findings, "target.tcp");
      assert.match(tcp.summary, /there is no route to 8\.8\.8\.8:2121 \(ENETUNREACH\)/);
      assert.deepEqual(tcp.remedy!.commands ?? [], []);
    },
  },
  {
    name: "the server says itself that its network or TCP cannot be reached: a firewall's words",
    onServer: [
      "iptables -A INPUT -p tcp --dport 2121 -j REJECT --reject-with icmp-net-unreachable",
      "iptables -A INPUT -p tcp --dport 2122 -j REJECT --reject-with icmp-proto-unreachable",
    ],
    async expect(scene) {
      for (const port of [2121, 2122]) {
        const args = ["--plain", "--target", `ftp://user@${SERVER}:${port}`, "target.tcp"];
        const finding = worseOf(await scene.doctor(scene.network.client, ...args), "target.tcp");
        assert.match(finding.summary, /a firewall rejects 10\.0\.0\.2:212\d: .* unreachable/);
        const [line] = linesFor(finding, WITH_IPTABLES);
        assert.equal(line, `iptables -I INPUT -p tcp --dport ${port} -j ACCEPT`);
      }
    },
  },
  {
    name: "the client's own firewall keeps active mode out: worth a warning, no more",
    async expect(scene) {
      await scene.network.client.paste(["iptables -A INPUT -p tcp --syn -j DROP"]);
      const findings = await fromClient(scene);
      const { status, summary } = worseOf(findings, "target.active");
      assert.equal(status, "warn");
      assert.match(summary, /^Active mode does not work from here: it did not connect within 5 s/);
      assertWell(findings.filter(({ check }) => check !== "target.active"));
    },
  },
  {
    name: "the router forwards half of the passive range: --probe settles that nobody else refuses",
    nat: "outside",
    settings: [`masquerade_address = ${ROUTER}`, "passive_port = 60000,60999"],
    onRouter: ["nft insert rule ip nat prerouting tcp dport 60500-60999 accept"],
    async expect(scene) {
      await using _holding = await scene.holdPorts();
      const finding = worseOf(
        await scene.doctor(scene.network.client, "--probe", ROUTER),
        "probe.ports",
      );
      assert.match(
        finding.summary,
        /^Ports 60500-60999 are refused, although the server holds them: .* a router does not forward/,
      );
      assertPass(await onServer(scene, "firewall.passive"), "firewall.passive");
    },
  },
  {
    name: "all well with TLS, which must be used",
    nat: "outside",
    settings: [`masquerade_address = ${ROUTER}`],
    tls: ROUTER,
    async expect(scene) {
      const findings = await fromClient(scene);
      assertWell(findings);
      assertPass(findings, "target.tls");
      const login = findings.find(({ check }) => check === "target.login")!;
      assert.equal(login.summary, "user is logged in over TLS");
    },
  },
  {
    name: "something on the way swallows TLS on data connections only",
    nat: "outside",
    settings: [`masquerade_address = ${ROUTER}`],
    tls: ROUTER,
    onRouter: [
      "nft add chain ip nat forward '{ type filter hook forward priority 0; }'",
      "nft add rule ip nat forward tcp dport 60000-65535 meta length gt 120 drop",
    ],
    async expect(scene) {
      const findings = await fromClient(scene, "target.list");
      assertPass(findings, "target.data");
      const { summary, remedy } = worseOf(findings, "target.list");
      assert.equal(summary, "LIST: TLS fails on the data connection: no answer within 10 s");
      assert.match(remedy!.text, /exempt the range from that$/);
    },
  },
  {
    name: "half of the passive range is rejected: silent ports among them are no other case",
    settings: ["passive_port = 60000,60999"],
    onServer: firewall(ICMP, CONTROL, "-A INPUT -p tcp --dport 60000:60499 -j ACCEPT", REJECT),
    async expect(scene) {
      await using _holding = await scene.holdPorts();
      const { client, server } = scene.network;
      const probe = () => scene.doctor(client, "--probe", SERVER);
      const finding = worseOf(await probe(), "probe.ports");
      assert.equal(finding.summary, "Ports 60500-60999 are rejected by a firewall (ICMP)");
      const opened = ["tcp 60500-60999"];
      const findings = [finding];
      await mend(scene, { findings, comment: WITH_IPTABLES, on: server, opened, again: probe });
    },
  },
];

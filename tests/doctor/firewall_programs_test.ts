import assert from "node:assert/strict";
import { startFirewalld } from "./firewalld.ts";
import {
  assertPass,
  assertWell,
  fromClient,
  mend,
  type NetworkCase,
  onServer,
  playCase,
} from "./network_case.ts";
import { networkTest } from "./network_test_case.ts";
import { missingFirewalls } from "./permitted.ts";
import { linesFor, worseOf } from "./scene.ts";
import { stepsSideBySide } from "./side_by_side.ts";

const WITH_UFW = "# On the server, with ufw";
const WITH_FIREWALLD = "# On the server, with firewalld";
const PASSIVE = ["tcp 60000-65535"];

const UFW_CASES: readonly NetworkCase[] = [
  {
    name: "ufw that lets in listen_port alone, by IPv4 and IPv6",
    ipv6: true,
    prepare: async (server) => {
      for (const folder of ["ufw", "default"]) await server.ownFolder(folder);
    },
    onServer: ["ufw allow 2121/tcp", "ufw --force enable"],
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      assert.match(worseOf(client, "target.data").summary, /nothing came back/);
      for (const check of ["rules", "control", "icmp"]) assertPass(server, `firewall.${check}`);
      const findings = server.filter(({ check }) => check === "firewall.passive");
      assert.deepEqual(findings.map(({ status, summary }) => [status, summary]), [
        [
          "fail",
          "The passive range 60000-65535 over IPv4 is dropped by iptables filter INPUT: policy drop",
        ],
        [
          "fail",
          "The passive range 60000-65535 over IPv6 is dropped by ip6tables filter INPUT: policy drop",
        ],
      ]);
      const by = { comment: WITH_UFW, on: scene.network.server };
      await mend(scene, { ...by, findings, opened: PASSIVE, again: onServer });
      assertWell(await fromClient(scene));
    },
  },
];

/** The server has a firewalld, whose folder goes with the case. */
function withFirewalld({ name, lines, expect }: {
  name: string;
  lines: readonly string[];
  expect: NetworkCase["expect"];
}): { readonly name: string; readonly play: () => Promise<void> } {
  return {
    name,
    async play() {
      await using resources = new AsyncDisposableStack();
      await playCase({
        name,
        prepare: async (server) => void resources.use(await startFirewalld(server)),
        onServer: [...lines, "firewall-cmd --reload"],
        expect,
      });
    },
  };
}

const FIREWALLD_CASES = [
  withFirewalld({
    name: "firewalld that lets in listen_port alone and blocks echo",
    lines: [
      "firewall-cmd --permanent --add-port=2121/tcp",
      "firewall-cmd --permanent --add-icmp-block=echo-request",
    ],
    async expect(scene) {
      const [client, server] = await Promise.all([fromClient(scene), onServer(scene)]);
      const finding = worseOf(client, "target.data");
      assert.match(finding.summary, /rejects .* \(EHOSTUNREACH, ICMP/);
      assertPass(server, "firewall.control");
      const there = worseOf(server, "firewall.passive");
      assert.match(there.summary, /rejected by nft inet firewalld filter_INPUT: reject/);
      assert.deepEqual(linesFor(there, WITH_FIREWALLD), [
        "firewall-cmd --permanent --zone=public --add-port=60000-65535/tcp",
        "firewall-cmd --reload",
      ]);
      const by = { comment: WITH_FIREWALLD, on: scene.network.server };
      await mend(scene, { ...by, findings: [finding], opened: PASSIVE, again: fromClient });
      assertPass(await onServer(scene), "firewall.passive");
      const echo = worseOf(server, "firewall.icmp");
      assert.match(echo.summary, /^ICMP echo-request is rejected by nft inet firewalld/);
      await mend(scene, { ...by, findings: [echo], opened: ["icmp 8"], again: onServer });
      assertWell(await fromClient(scene));
    },
  }),
  withFirewalld({
    name: "firewalld whose zone for the interface is not the default one",
    lines: [
      "firewall-cmd --permanent --zone=drop --add-interface=eth0",
      "firewall-cmd --permanent --zone=drop --add-port=2121/tcp",
    ],
    async expect(scene) {
      const server = await onServer(scene);
      const by = { comment: WITH_FIREWALLD, on: scene.network.server };
      const findings = [worseOf(server, "firewall.passive")];
      assert.match(findings[0]!.summary, /dropped by nft inet firewalld filter_INPUT/);
      await mend(scene, { ...by, findings, opened: PASSIVE, again: onServer });
      const echo = [worseOf(server, "firewall.icmp")];
      await mend(scene, { ...by, findings: echo, opened: ["icmp 8"], again: onServer });
      assertWell(await fromClient(scene));
    },
  }),
  withFirewalld({
    name: "firewalld that forwards listen_port elsewhere",
    lines: ["firewall-cmd --permanent --add-forward-port=port=2121:proto=tcp:toport=22"],
    async expect(scene) {
      const there = worseOf(await onServer(scene, "firewall"), "firewall.control");
      assert.equal(there.status, "warn");
      assert.match(there.summary, /may be sent elsewhere by nft inet firewalld nat_PREROUTING/);
      const [line] = linesFor(there, WITH_FIREWALLD);
      const listed = await scene.network.server.run(["sh", "-euc", line!]);
      assert.match(listed, /^port=2121:proto=tcp:toport=22/);
    },
  }),
];

networkTest(
  "doctor understands ufw, and what it prints is accepted and opens nothing else",
  (t) => stepsSideBySide(t, UFW_CASES.map((it) => ({ name: it.name, play: () => playCase(it) }))),
  missingFirewalls().ufw,
);

// Not everywhere: installing it starts it, where there is a systemd.
networkTest(
  "doctor understands firewalld, and what it prints is accepted and opens nothing else",
  (t) => stepsSideBySide(t, FIREWALLD_CASES),
  { optional: missingFirewalls().firewalld },
);

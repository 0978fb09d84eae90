import assert from "node:assert/strict";
import type { Host } from "./namespaces.ts";
import { ROUTER, SERVER } from "./network.ts";
import { findingOf, linesFor, type ReportedFinding, Scene } from "./scene.ts";

/** The rules of a server that lets in what it must, and ICMP; the last line is what becomes of the rest. */
function firewall(...lines: readonly string[]): string[] {
  return [
    "iptables -A INPUT -i lo -j ACCEPT",
    "iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT",
    ...lines.map((line) => `iptables ${line}`),
  ];
}

const ICMP = "-A INPUT -p icmp -j ACCEPT";
const CONTROL = "-A INPUT -p tcp --dport 2121 -j ACCEPT";
const PASSIVE = "-A INPUT -p tcp --dport 60000:65535 -j ACCEPT";
const DROP = "-P INPUT DROP";
/** As CentOS installs it. */
const REJECT = "-A INPUT -j REJECT --reject-with icmp-host-prohibited";

/** Ports that nobody asked to open. */
const OTHERS = [1, 22, 2120, 2122, 59_999];

/** A network in which something is wrong, what doctor has to say, and that mending it as printed mends it and nothing else. */
export interface NetworkCase {
  readonly name: string;
  readonly nat?: boolean;
  /** Lines of [NETWORK]. */
  readonly settings?: readonly string[];
  readonly onRouter?: readonly string[];
  readonly onServer?: readonly string[];
  /** Whether the gateway runs from the start. @default true */
  readonly serves?: boolean;
  readonly expect: (scene: Scene) => Promise<void>;
}

/** Runs one. */
export async function playCase(played: NetworkCase): Promise<void> {
  const { nat = false, settings, onRouter = [], onServer = [] } = played;
  await using scene = await Scene.build({ nat, settings });
  await scene.network.router.paste(onRouter);
  if (played.serves !== false) await scene.serve();
  await scene.network.server.paste(onServer);
  await played.expect(scene);
}

/** From the client, at the address that it knows. */
const fromClient = (scene: Scene, ...checks: string[]) => {
  const address = scene.nat ? ROUTER : SERVER;
  return scene.doctor(
    scene.network.client,
    "--plain",
    "--target",
    `ftp://user@${address}:2121`,
    ...checks,
  );
};

/** Pastes what `finding` prints for `comment`, on `host`; the check must then pass, and no other port be open. */
async function mend(scene: Scene, options: {
  finding: ReportedFinding;
  comment: string;
  on: Host;
  /** Looks again. @default the same check, from the client */
  again?: () => Promise<readonly ReportedFinding[]>;
}): Promise<void> {
  const { finding, comment, on, again = () => fromClient(scene, finding.check) } = options;
  const address = scene.nat ? ROUTER : SERVER;
  const before = await scene.reachable(address, OTHERS);
  await on.paste(linesFor(finding, comment));
  const mended = findingOf(await again(), finding.check);
  assert.equal(mended.status, "pass", `${mended.check}: ${mended.summary}`);
  assert.deepEqual(await scene.reachable(address, OTHERS), before, "other ports are as they were");
}

/** Every finding is a pass, but for those about TLS, which nobody speaks here, and writing, which nobody asked for. */
function assertWell(findings: readonly ReportedFinding[]): void {
  const worse = findings.filter(({ status, check }) =>
    status !== "pass" && check !== "target.tls" && check !== "target.write"
  );
  assert.deepEqual(worse, []);
}

const IPTABLES = "# On the server, with iptables";

export const NETWORK_CASES: readonly NetworkCase[] = [
  {
    name: "(a) all well, behind a NAT and a firewall: no alarm",
    nat: true,
    settings: [`masquerade_address = ${ROUTER}`],
    onServer: firewall(ICMP, CONTROL, PASSIVE, DROP),
    async expect(scene) {
      assertWell(await fromClient(scene));
    },
  },
  {
    name: "(b) masquerade_address is missing behind DNAT",
    nat: true,
    async expect(scene) {
      const findings = await fromClient(scene);
      const finding = findingOf(findings, "target.pasv");
      assert.equal(finding.status, "fail");
      assert.match(finding.summary, /^227 names 10\.0\.0\.2 \(private\), which cannot be reached/);
      assert.match(
        finding.remedy!.text,
        /^Tell the server to name 203\.0\.113\.1: masquerade_address/,
      );
      const [line] = linesFor(finding, "# On the server, cosftp");
      await scene.serve(line);
      assertWell(await fromClient(scene));
    },
  },
  {
    name: "(c) the passive range is dropped",
    onServer: firewall(ICMP, CONTROL, DROP),
    async expect(scene) {
      const finding = findingOf(await fromClient(scene), "target.data");
      assert.equal(finding.status, "fail");
      assert.match(finding.summary, /^Data connections: nothing came back from .* \(ETIMEDOUT\)/);
      assert.match(finding.remedy!.text, /DROP|drops/);
      await mend(scene, { finding, comment: IPTABLES, on: scene.network.server });
    },
  },
  {
    name: "(d) the passive range is rejected with host-prohibited, as CentOS does",
    onServer: firewall(ICMP, CONTROL, REJECT),
    async expect(scene) {
      const finding = findingOf(await fromClient(scene), "target.data");
      assert.equal(finding.status, "fail");
      assert.match(
        finding.summary,
        /rejects .* \(EHOSTUNREACH, ICMP host administratively prohibited \(type 3, code 10\)/,
      );
      assert.match(finding.remedy!.text, /CentOS/);
      await mend(scene, { finding, comment: IPTABLES, on: scene.network.server });
    },
  },
];

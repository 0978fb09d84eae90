import assert from "node:assert/strict";
import { cosftpCommand } from "../clients/gateway_process.ts";
import { makeCertificate } from "./certificates.ts";
import {
  accountOf,
  missingServers,
  type ServerKind,
  type ServerSetup,
  startForeignServer,
} from "./foreign_server.ts";
import { Network, SERVER } from "./network.ts";
import { networkTest } from "./network_test_case.ts";
import { type ReportedFinding, worseOf } from "./scene.ts";
import { stepsSideBySide } from "./side_by_side.ts";

/** An FTP server of others in a network, and what doctor has to say about it. */
interface ServerCase {
  readonly name: string;
  readonly setup: (folder: string) => ServerSetup | Promise<ServerSetup>;
  /** @default "ftp" */
  readonly scheme?: "ftp" | "ftps";
  readonly onServer?: readonly string[];
  readonly args?: (folder: string) => readonly string[];
  readonly expect: (findings: readonly ReportedFinding[]) => void;
}

async function play(
  { setup, scheme = "ftp", onServer = [], args, expect }: ServerCase,
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "cosftp-foreign-" });
  resources.defer(() => Deno.remove(folder, { recursive: true }));
  const network = resources.use(await Network.build({ nat: "none" }));
  const chosen = await setup(folder);
  resources.use(await startForeignServer(network, { folder, setup: chosen }));
  await network.server.paste(onServer);
  const target = `${scheme}://${accountOf(chosen.kind)}@${SERVER}:2121`;
  const { stdout, stderr } = await network.client.outcome([
    ...cosftpCommand(),
    ...["doctor", "--json", "--target", target],
    ...args?.(folder) ?? ["--plain"],
  ], { env: { COSFTP_PASSWORD: "secret" } });
  assert.notEqual(stdout, "", stderr);
  expect(JSON.parse(stdout).findings);
}

/** Nothing to complain of, but for what is said of TLS, and writing that nobody asked for. */
function isWell(findings: readonly ReportedFinding[]): void {
  const worse = findings.filter(({ status, check }) =>
    status !== "pass" && check !== "target.write" && check !== "target.tls"
  );
  assert.deepEqual(worse, []);
}

const DROP = [
  "iptables -A INPUT -p tcp --dport 60000:60099 -j DROP",
];

const ADDRESS_OPTION: Readonly<Record<ServerKind, RegExp>> = {
  vsftpd: /pasv_address of vsftpd/,
  proftpd: /MasqueradeAddress of proftpd/,
  "pure-ftpd": /ForcePassiveIP of pure-ftpd/,
};

/** What keeps a server from asking the DNS, which there is none of in these networks. */
const QUIET: Readonly<Record<ServerKind, readonly string[]>> = {
  vsftpd: [],
  proftpd: ["UseReverseDNS off"],
  "pure-ftpd": [],
};

function everywhere(kind: ServerKind): ServerCase[] {
  const lines = QUIET[kind];
  return [
    { name: `${kind}, healthy: no alarm`, setup: () => ({ kind, lines }), expect: isWell },
    {
      name: `${kind} that names an address which nobody can reach`,
      setup: () => ({ kind, lines, named: "10.9.9.9" }),
      expect(findings) {
        const { status, summary, remedy } = worseOf(findings, "target.pasv");
        assert.equal(status, "fail");
        assert.match(summary, /^227 names 10\.9\.9\.9 \(private\), which cannot be reached/);
        assert.match(remedy!.text, ADDRESS_OPTION[kind]);
      },
    },
    {
      name: `${kind} whose passive ports are dropped`,
      setup: () => ({ kind, lines }),
      onServer: DROP,
      expect(findings) {
        const { status, summary } = worseOf(findings, "target.data");
        assert.equal(status, "fail");
        assert.match(summary, /^Data connections: nothing came back from 10\.0\.0\.2:600\d\d /);
      },
    },
  ];
}

/** vsftpd with TLS, and a certificate. */
const withTls =
  (wanted: { address?: string; until?: Date }, ...lines: string[]) => async (folder: string) => {
    const { certificate, key } = await makeCertificate(folder, { address: SERVER, ...wanted });
    return {
      kind: "vsftpd" as const,
      lines: [
        "ssl_enable=YES",
        "allow_anon_ssl=YES",
        "force_anon_data_ssl=NO",
        "force_anon_logins_ssl=NO",
        `rsa_cert_file=${certificate}`,
        `rsa_private_key_file=${key}`,
        ...lines,
      ],
    };
  };

const trusting = (folder: string) => ["--ca", `${folder}/authority.pem`];

const CASES: readonly ServerCase[] = [
  ...everywhere("vsftpd"),
  ...everywhere("proftpd"),
  ...everywhere("pure-ftpd"),
  {
    name: "vsftpd with TLS, healthy: all over TLS",
    setup: withTls({}, "require_ssl_reuse=NO"),
    args: trusting,
    expect(findings) {
      isWell(findings);
      const tls = findings.find(({ check }) => check === "target.tls")!;
      assert.deepEqual([tls.status, tls.summary], [
        "pass",
        "TLS, and the certificate is good for 10.0.0.2",
      ]);
    },
  },
  {
    name: "vsftpd with implicit TLS, healthy",
    setup: withTls({}, "require_ssl_reuse=NO", "implicit_ssl=YES"),
    scheme: "ftps",
    args: trusting,
    expect(findings) {
      isWell(findings);
      const login = findings.find(({ check }) => check === "target.login")!;
      assert.equal(login.summary, "anonymous is logged in over TLS");
    },
  },
  {
    name: "vsftpd whose certificate has expired",
    setup: withTls({ until: new Date("2020-01-01") }, "require_ssl_reuse=NO"),
    args: trusting,
    expect(findings) {
      const { status, remedy } = worseOf(findings, "target.tls");
      assert.equal(status, "fail");
      assert.match(remedy!.text, /^Renew it/);
    },
  },
  {
    name: "vsftpd that wants the TLS session resumed on data connections",
    setup: withTls({}),
    args: trusting,
    expect(findings) {
      const { status, remedy } = worseOf(findings, "target.list");
      assert.equal(status, "fail");
      assert.match(remedy!.text, /require_ssl_reuse=NO/);
    },
  },
  {
    name: "vsftpd whose certificate nobody vouches for: the password is not sent",
    setup: withTls({}, "require_ssl_reuse=NO"),
    args: () => [],
    expect(findings) {
      const { status, summary, remedy } = worseOf(findings, "target.tls");
      assert.equal(status, "fail");
      assert.match(summary, /^TLS failed: .*UnknownIssuer/);
      assert.match(remedy!.text, /^Nobody whom this machine trusts has signed it/);
      assert.equal(worseOf(findings, "target.login").status, "skip");
    },
  },
  {
    name: "vsftpd whose certificate is for another address",
    setup: withTls({ address: "192.0.2.9" }, "require_ssl_reuse=NO"),
    args: trusting,
    expect(findings) {
      const { status, remedy } = worseOf(findings, "target.tls");
      assert.equal(status, "fail");
      assert.match(remedy!.text, /^It is made out to another name/);
    },
  },
  {
    name: "proftpd that looks up the client's name and finds no DNS",
    setup: () => ({ kind: "proftpd" }),
    args: () => ["--plain", "target.greeting"],
    expect(findings) {
      const { status, remedy } = worseOf(findings, "target.greeting");
      assert.equal(status, "warn");
      assert.match(remedy!.text, /UseReverseDNS off/);
    },
  },
];

networkTest(
  "doctor tells healthy FTP servers of others from misconfigured ones",
  (t) => stepsSideBySide(t, CASES.map((it) => ({ name: it.name, play: () => play(it) }))),
  missingServers()[0],
);

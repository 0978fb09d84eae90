import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";

const test = gatewayTests("sslscan", { TLS: { tls_required: "all" } });

test("finds TLS 1.2 and 1.3 with forward secrecy and AEAD, and nothing else", async (context) => {
  const { gateway: { host, port, implicitPort }, run } = context;
  const scans = [["--starttls-ftp", `${host}:${port}`], [`${host}:${implicitPort}`]];
  for (const target of scans) {
    const { stdout } = await run(["sslscan", "--no-colour", "--no-groups", ...target]);
    const protocols = [...stdout.matchAll(/^(SSLv\d|TLSv1\.\d) +enabled$/gm)].map(([, name]) =>
      name
    );
    assert.deepEqual(protocols, ["TLSv1.2", "TLSv1.3"]);
    const ciphers = [...stdout.matchAll(/^(?:Accepted|Preferred) +(\S+) +\d+ bits +(\S+)/gm)];
    assert.ok(ciphers.length >= 4, stdout);
    for (const [, protocol, cipher] of ciphers) {
      assert.match(
        `${protocol} ${cipher}`,
        /^(TLSv1\.3 TLS_|TLSv1\.2 ECDHE-\w+-)(AES\d+[-_]GCM|AES_\d+_GCM|CHACHA20)/,
      );
    }
    assert.match(stdout, /^Session renegotiation not supported$/m);
    assert.doesNotMatch(stdout, /^TLSv\S+ vulnerable/m);
  }
});

import assert from "node:assert/strict";
import { CertificateError, judgeCertificate } from "../../src/net/certificate.ts";
import { selfSignedCertificate } from "../../src/net/self_signed.ts";
import { LOCALHOST } from "./localhost_certificate.ts";

const NOW = Date.UTC(2026, 10, 21);
const OPTIONS = { names: ["localhost", "127.0.0.1"], now: NOW, days: 30 } as const;

Deno.test("a self-signed certificate says whose it is and how long", async () => {
  for (let round = 0; round < 20; round++) {
    const pair = await selfSignedCertificate(OPTIONS);
    assert.deepEqual(judgeCertificate(pair), {
      subject: "CN=localhost",
      names: "DNS:localhost, IP Address:127.0.0.1",
      validFrom: new Date(NOW - 86_400_000),
      validTo: new Date(NOW + 30 * 86_400_000),
    });
  }
});

Deno.test("a client that trusts a self-signed certificate speaks TLS with it", async () => {
  const { cert, key } = await selfSignedCertificate({ ...OPTIONS, now: Date.now() });
  for (const hostname of ["localhost", "127.0.0.1"]) {
    using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
    const { port } = listener.addr as Deno.NetAddr;
    const [client, server] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port })
        .then((conn) => Deno.startTls(conn, { hostname, caCerts: [cert] })),
      listener.accept(),
    ]);
    await Promise.all([client.handshake(), server.handshake()]);
    client.close();
    server.close();
  }
});

/** What is wrong with a pair: the file to look at and why. */
function fault(pair: { cert: string; key: string }): string {
  try {
    judgeCertificate(pair);
  } catch (error) {
    if (error instanceof CertificateError) return `${error.part}: ${error.message}`;
  }
  return "none";
}

Deno.test("a certificate that cannot be used is refused with what is wrong about it", async () => {
  const other = await selfSignedCertificate(OPTIONS);
  const { cert, key } = LOCALHOST;
  assert.equal(fault({ cert, key }), "none");
  assert.match(fault({ cert: "", key }), /^cert: found no certificate, wanted PEM/);
  assert.match(fault({ cert: key, key }), /^cert: found no certificate/);
  assert.match(
    fault({ cert: cert.replace("AwIBAgIU", "AwIBAgAA"), key }),
    /^cert: found a damaged certificate/,
  );
  assert.match(fault({ cert, key: cert }), /^key: found no private key/);
  assert.match(fault({ cert, key: key.replace("MIGH", "AAAA") }), /^key: found a damaged/);
  assert.match(fault({ cert, key: other.key }), /^key: found the key of another certificate/);
  const encrypted = key.replaceAll("PRIVATE", "ENCRYPTED PRIVATE");
  assert.match(fault({ cert, key: encrypted }), /^key: found a private key that is encrypted/);
});

Deno.test("a certificate with its chain and comments, and key parameters, is understood", () => {
  const { cert, key } = LOCALHOST;
  const parameters =
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const pair = { cert: `subject=CN=localhost\n${cert}\n${cert}`, key: parameters + key };
  assert.equal(judgeCertificate(pair).subject, "CN=localhost");
});

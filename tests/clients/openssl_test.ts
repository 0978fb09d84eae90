import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";

const test = gatewayTests("openssl", { TLS: { tls_required: "all" } });

for (const version of ["tls1_2", "tls1_3"]) {
  test(`resumes a session of ${version}`, async ({ gateway: { host, port, certificate }, run }) => {
    const connect = async (...flags: string[]) => {
      const at = ["-connect", `${host}:${port}`, "-starttls", "ftp", `-${version}`];
      const trust = ["-CAfile", certificate, "-verify_return_error", "-ign_eof"];
      const command = ["openssl", "s_client", ...at, ...trust, ...flags] as const;
      // A TLS 1.3 ticket comes with the first reply.
      return (await run([...command], { stdin: "NOOP\r\nQUIT\r\n" })).stdout;
    };
    assert.match(await connect("-sess_out", "session.pem"), /^New, TLSv1/m);
    const resumed = await connect("-sess_in", "session.pem");
    assert.match(resumed, /^Reused, TLSv1/m);
    assert.match(resumed, /^200 .*\r?\n221 /m);
  });
}

test("is told why the handshake failed", async ({ gateway: { host, port }, run }) => {
  const at = ["-connect", `${host}:${port}`, "-starttls", "ftp"];
  const command = ["openssl", "s_client", ...at, "-tls1_2", "-cipher", "AES128-SHA"] as const;
  const { stderr } = await run([...command], { stdin: "", code: 1 });
  assert.match(stderr, /alert handshake failure/);
});

import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";

const test = gatewayTests("python3", { TLS: { tls_required: "all" } });
const SCRIPT = new URL("tls_sessions.py", import.meta.url).pathname;

for (const version of ["TLSv1_2", "TLSv1_3"]) {
  test(`resumes sessions of ${version}, on data connections only their own`, async (context) => {
    const { gateway: { host, port, user, password, certificate }, run } = context;
    const args = [host, `${port}`, user, password, certificate, version];
    const { stdout } = await run(["python3", SCRIPT, ...args]);
    assert.deepEqual(JSON.parse(stdout), {
      control: true,
      "data, of control": [false, false, false],
      "data, of data": [true, true, true],
    });
  });
}

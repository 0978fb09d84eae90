import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";
import { digestTree } from "./file_tree.ts";

const SCRIPT = new URL("many_sessions.py", import.meta.url).pathname;

for (const [how, sessions] of [["in clear text", 200], ["under TLS", 50]] as const) {
  const test = gatewayTests("python3", {
    NETWORK: { passive_port: "21000,21999" },
    LOGIN: { max_connection_per_address: 0 },
    OPTIONAL: { max_login_num: sessions, log_level: "INFO" },
    ...how === "under TLS" && { TLS: { tls_required: "all" } },
  });

  test(`ftplib holds ${sessions} sessions at once ${how}, and no more`, async (context) => {
    const { gateway, run } = context;
    const { host, port, user, password, certificate } = gateway;
    const { stdout } = await run([
      "python3",
      SCRIPT,
      ...[host, `${port}`, user, password, `${sessions}`],
      ...(how === "under TLS" ? [certificate] : []),
    ]);
    assert.equal(stdout.trim(), "421");
    const files = Array.from({ length: sessions }, (_, index) => {
      return [`${index}`, new TextEncoder().encode(`${index}\n`.repeat(20_000))] as const;
    });
    assert.deepEqual(await gateway.bucket.digests(), digestTree(new Map(files)));
  });
}

import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";
import { digestTree } from "./file_tree.ts";

const SESSIONS = 200;
const SCRIPT = new URL("many_sessions.py", import.meta.url).pathname;

const test = gatewayTests("python3", {
  NETWORK: { passive_port: "21000,21999" },
  LOGIN: { max_connection_per_address: 0 },
  OPTIONAL: { max_login_num: SESSIONS, log_level: "INFO" },
});

test(`ftplib holds ${SESSIONS} sessions at once, and no more`, async ({ gateway, run }) => {
  const { host, port, user, password } = gateway;
  const { stdout } = await run([
    "python3",
    SCRIPT,
    ...[host, `${port}`, user, password, `${SESSIONS}`],
  ]);
  assert.equal(stdout.trim(), "421");
  const files = Array.from({ length: SESSIONS }, (_, index) => {
    return [`${index}`, new TextEncoder().encode(`${index}\n`.repeat(20_000))] as const;
  });
  assert.deepEqual(await gateway.bucket.digests(), digestTree(new Map(files)));
});

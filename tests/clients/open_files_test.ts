import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";

gatewayTests("curl")(
  "and many others fit: a gateway may open as many files as its user may",
  async ({ gateway, run }) => {
    const { stdout } = await run(["cat", `/proc/${gateway.process.pid}/limits`]);
    const [, soft, hard] = /^Max open files +(\w+) +(\w+)/m.exec(stdout)!;
    assert.equal(soft, hard);
  },
);

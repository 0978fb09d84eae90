import assert from "node:assert/strict";
import type { Import } from "./import_graph.ts";
import { findForbiddenImports, findRoomCycles } from "./rooms.ts";

function planted(from: string, to: string): Import[] {
  return [{ from, to, typeOnly: false }];
}

for (
  const [from, to] of [
    ["src/ftp/session.ts", "src/store/cos/client.ts"],
    ["src/ftp/server.ts", "src/config/ini.ts"],
    ["src/ftp/server.ts", "src/emulator/emulator.ts"],
    ["src/vfs/tree.ts", "src/accounts/account.ts"],
    ["src/vfs/tree.ts", "src/ftp/reply.ts"],
    ["src/app/serve.ts", "src/cli/terminal.ts"],
    ["src/cli/serve.ts", "src/store/cos/client.ts"],
    ["src/store/object_store.ts", "src/store/cos/client.ts"],
    ["src/config/config.ts", "src/store/object_store.ts"],
    ["src/telemetry/log.ts", "src/telemetry/admin/page.ts"],
    ["src/net/connection.ts", "tests/fake_clock.ts"],
    ["src/net/connection.ts", "node:net"],
    ["src/store/cos/client.ts", "node:https"],
    ["src/nowhere/thing.ts", "src/clock.ts"],
  ] as const
) {
  Deno.test(`import rules refuse ${from} importing ${to}`, () => {
    assert.equal(findForbiddenImports(planted(from, to)).length, 1);
  });
}

for (
  const [from, to] of [
    ["main.ts", "src/cli/program.ts"],
    ["src/app/serve.ts", "src/store/cos/client.ts"],
    ["src/store/cos/client.ts", "src/store/object_store.ts"],
    ["src/ftp/failure_reply.ts", "src/store/object_store.ts"],
    ["src/ftp/server.ts", "src/config/config.ts"],
    ["src/store/cos/signer.ts", "npm:/cos-nodejs-sdk-v5@3.0.0"],
    ["src/config/values.ts", "src/net/cidr.ts"],
  ] as const
) {
  Deno.test(`import rules allow ${from} importing ${to}`, () => {
    assert.deepEqual(findForbiddenImports(planted(from, to)), []);
  });
}

Deno.test("room cycles are found across several rooms, once", () => {
  const circle = [
    ...planted("src/config/values.ts", "src/net/cidr.ts"),
    ...planted("src/net/cidr.ts", "src/clock.ts"),
    ...planted("src/clock.ts", "src/config/config.ts"),
    ...planted("src/config/values.ts", "src/config/config.ts"),
    ...planted("src/ftp/server.ts", "src/net/connection.ts"),
  ];
  assert.deepEqual(findRoomCycles(circle), [
    "src/config -> src/net -> src/clock.ts -> src/config",
  ]);
});

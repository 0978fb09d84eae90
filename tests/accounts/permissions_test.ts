import assert from "node:assert/strict";
import { type Permission, permits } from "../../src/accounts/permissions.ts";

const ALL: readonly Permission[] = ["read", "write", "delete", "rename"];

Deno.test("permits follows authority, delete_enable and rename_enable", () => {
  for (
    const [authority, deleteEnable, renameEnable, allowed] of [
      ["RW", true, true, ["read", "write", "delete", "rename"]],
      ["RW", false, true, ["read", "write", "rename"]],
      ["RW", true, false, ["read", "write", "delete"]],
      ["W", true, true, ["write", "delete", "rename"]],
      ["W", false, false, ["write"]],
      ["R", true, true, ["read"]],
      ["R", false, false, ["read"]],
      ["", true, true, []],
    ] as const
  ) {
    const permissions = {
      authority: { read: authority.includes("R"), write: authority.includes("W") },
      deleteEnable,
      renameEnable,
      overwriteEnable: true,
    };
    assert.deepEqual(ALL.filter((needed) => permits(permissions, needed)), allowed, authority);
  }
});

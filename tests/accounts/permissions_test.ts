import assert from "node:assert/strict";
import { type Permission, permits } from "../../src/accounts/permissions.ts";

const ALL: readonly Permission[] = ["read", "write", "delete"];

Deno.test("permits follows authority and delete_enable", () => {
  for (
    const [authority, deleteEnable, allowed] of [
      ["RW", true, ["read", "write", "delete"]],
      ["RW", false, ["read", "write"]],
      ["W", true, ["write", "delete"]],
      ["W", false, ["write"]],
      ["R", true, ["read"]],
      ["R", false, ["read"]],
      ["", true, []],
    ] as const
  ) {
    const permissions = {
      authority: { read: authority.includes("R"), write: authority.includes("W") },
      deleteEnable,
    };
    assert.deepEqual(ALL.filter((needed) => permits(permissions, needed)), allowed, authority);
  }
});

/** What a process started with more permissions than it needs may give up. */
const PERMISSIONS = ["run", "ffi", "sys", "env", "write", "read", "net"] as const;
export type Permission = (typeof PERMISSIONS)[number];

/**
 * Gives up permissions of this process, for good. Each is given up as a whole: one path or host cannot be taken out of a
 * permission for all.
 *
 * @returns what it still has as a whole.
 */
export function giveUpPermissions(names: readonly Permission[]): readonly Permission[] {
  for (const name of names) Deno.permissions.revokeSync({ name });
  return PERMISSIONS.filter((name) => Deno.permissions.querySync({ name }).state === "granted");
}

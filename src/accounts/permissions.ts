/** What a command needs from the account it runs for. */
export type Permission = "read" | "write" | "delete";

/** What an account may do: `authority` and `delete_enable` of the configuration. */
export interface Permissions {
  readonly authority: { readonly read: boolean; readonly write: boolean };
  readonly deleteEnable: boolean;
}

/** Whether `permissions` allow what `needed` stands for. Deleting is a kind of writing. */
export function permits(permissions: Permissions, needed: Permission): boolean {
  switch (needed) {
    case "read":
      return permissions.authority.read;
    case "write":
      return permissions.authority.write;
    case "delete":
      return permissions.authority.write && permissions.deleteEnable;
  }
}

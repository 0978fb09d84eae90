/** What a command needs from the account it runs for. */
export type Permission = "read" | "write" | "delete" | "rename";

/** What an account may do: the keys of the same names of the configuration. */
export interface Permissions {
  readonly authority: { readonly read: boolean; readonly write: boolean };
  readonly deleteEnable: boolean;
  readonly renameEnable: boolean;
  /** Whether a file that exists may be replaced or changed by writing. */
  readonly overwriteEnable: boolean;
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
    case "rename":
      return permissions.authority.write && permissions.renameEnable;
  }
}

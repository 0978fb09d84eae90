import type { Account } from "../accounts/account.ts";
import type { Tree } from "../vfs/tree.ts";

/** Who is logged in on a session, and their view of the bucket. */
export interface LoggedIn {
  readonly account: Account;
  readonly tree: Tree;
  readonly slot: Disposable;
}

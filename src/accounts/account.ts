import type { DownloadResources } from "../vfs/download.ts";
import type { UploadResources } from "../vfs/upload.ts";
import type { Permissions } from "./permissions.ts";

/** Who is logged in, and the part of a bucket that is theirs. */
export interface Account extends Permissions {
  /** The FTP user name. */
  readonly name: string;
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly keyPrefix: string;
  /** How files go to and come from the account's bucket; both hold its store. */
  readonly transfers: UploadResources & DownloadResources;
}

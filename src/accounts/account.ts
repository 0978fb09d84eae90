import type { Cidr } from "../net/cidr.ts";
import type { TokenBucket } from "../net/token_bucket.ts";
import type { DownloadResources } from "../vfs/download.ts";
import type { UploadResources } from "../vfs/upload.ts";
import type { FileTimes } from "../vfs/file_times.ts";
import type { NameEncoding } from "./name_encoding.ts";
import type { Permissions } from "./permissions.ts";

/** Who is logged in, and the part of a bucket that is theirs. */
export interface Account extends Permissions {
  /** The FTP user name. */
  readonly name: string;
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly keyPrefix: string;
  /** How its clients write names, unless a session asks for UTF-8. */
  readonly nameEncoding: NameEncoding;
  /** Whether all of its connections must speak TLS. */
  readonly requireTls: boolean;
  /** Where its clients may set the times of files. */
  readonly times?: FileTimes;
  /** From where it may log in. @default anywhere */
  readonly allowFrom?: readonly Cidr[];
  /** How often it may be logged in at the same time. @default without limit */
  readonly maxSessions?: number;
  /** What its data connections are held to, all together. @default nothing */
  readonly upload?: TokenBucket;
  readonly download?: TokenBucket;
  /** How files go to and come from the account's bucket; both hold its store. */
  readonly transfers: UploadResources & DownloadResources;
}

/** Why the FTP view of a bucket refuses an operation. Each kind has one row in `ftp/failure_reply.ts`. */
export type TreeErrorKind =
  | "not-found"
  | "exists"
  | "not-empty"
  | "not-a-file"
  | "not-permitted"
  | "name-not-allowed"
  | "same-path"
  | "inside-itself"
  | "too-large"
  | "too-many-files"
  | "changed"
  | "beyond-end"
  | "not-resumable"
  | "too-short"
  | "taken-over";

/** An operation on the tree was refused. The message is fit for an FTP client: it names no key, bucket or COS detail. */
export class TreeError extends Error {
  override readonly name = "TreeError";
  readonly kind: TreeErrorKind;

  constructor(kind: TreeErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The error of an upload that another session, here or on another gateway, goes on with. */
export function takenOver(): TreeError {
  return new TreeError("taken-over", "Another session goes on with this upload");
}

import { StoreError } from "../store/object_store.ts";
import { TreeError, type TreeErrorKind } from "../vfs/tree_error.ts";
import { DataConnectionError, type DataErrorKind } from "./data/data_error.ts";
import { CommandError } from "./command_error.ts";
import { Code, type Reply, reply, type ReplyCode } from "./reply.ts";
import { TransferAborted, type TransferAbortReason } from "./transfer.ts";

const TREE: Readonly<Record<TreeErrorKind, ReplyCode>> = {
  "not-found": Code.actionNotTaken,
  "exists": Code.actionNotTaken,
  "not-empty": Code.actionNotTaken,
  "not-a-file": Code.actionNotTaken,
  "not-permitted": Code.actionNotTaken,
  "same-path": Code.actionNotTaken,
  "inside-itself": Code.actionNotTaken,
  "name-not-allowed": Code.nameNotAllowed,
  "too-large": Code.exceededStorage,
  "too-many-files": Code.actionNotTaken,
  "changed": Code.transferAborted,
  "beyond-end": Code.invalidRestart,
  "not-resumable": Code.invalidRestart,
  "too-short": Code.localError,
  "taken-over": Code.localError,
};

const DATA: Readonly<Record<DataErrorKind, ReplyCode>> = {
  "not-prepared": Code.cannotOpenDataConnection,
  "no-port": Code.cannotOpenDataConnection,
  "not-opened": Code.cannotOpenDataConnection,
  "not-protected": Code.dataNegotiationFailed,
  "lost": Code.transferAborted,
  "truncated": Code.transferAborted,
  "stalled": Code.transferAborted,
};

const ABORTED: Readonly<Record<TransferAbortReason, ReplyCode>> = {
  "abor": Code.transferAborted,
  "control-lost": Code.transferAborted,
  "shutdown": Code.serviceNotAvailable,
};

/** COS's codes that a client can do something about; all others are the gateway's trouble: 451. */
const STORE: Readonly<Record<string, readonly [ReplyCode, string]>> = {
  NoSuchKey: [Code.actionNotTaken, "No such file"],
  NotFound: [Code.actionNotTaken, "No such file"],
  AccessDenied: [Code.actionNotTaken, "The bucket's permissions do not allow this"],
  InvalidObjectState: [
    Code.actionNotTaken,
    "The file is archived: restore it in COS before reading it",
  ],
  FileAlreadyExists: [Code.actionNotTaken, "File exists"],
  KeyTooLong: [Code.nameNotAllowed, "The name is too long"],
  InvalidObjectName: [Code.nameNotAllowed, "COS does not allow this name"],
  InvalidURI: [Code.nameNotAllowed, "COS does not allow this name"],
  EntityTooLarge: [Code.exceededStorage, "The file is too large for COS"],
};

/**
 * The reply for what went wrong: the one place where errors become codes. Only texts written for clients are sent; what COS
 * or the runtime said is for the log.
 */
export function failureReply(error: unknown): Reply {
  if (error instanceof CommandError) return reply(error.code, error.message);
  if (error instanceof TreeError) return reply(TREE[error.kind], error.message);
  if (error instanceof DataConnectionError) return reply(DATA[error.kind], error.message);
  if (error instanceof TransferAborted) return reply(ABORTED[error.reason], error.message);
  if (error instanceof StoreError) {
    const [code, text] = STORE[error.code] ?? [Code.localError, "COS could not do this now"];
    return reply(code, text);
  }
  return reply(Code.localError, "The gateway failed: see its log");
}

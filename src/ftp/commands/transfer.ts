import { Download } from "../../vfs/download.ts";
import { TreeError } from "../../vfs/tree_error.ts";
import { Upload } from "../../vfs/upload.ts";
import {
  appendAt,
  restartAt,
  type StartOptions,
  type UploadStart,
} from "../../vfs/upload_start.ts";
import type { VirtualPath } from "../../vfs/virtual_path.ts";
import type { Argument } from "../argument.ts";
import { CommandError } from "../command_error.ts";
import { DataConnection } from "../data/data_connection.ts";
import { receive } from "../data/receive.ts";
import { send } from "../data/send.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

/**
 * Sends 150 and opens the data connection. 150 goes first: clients begin their side of it only then.
 *
 * @throws {DataConnectionError} `not-opened`; the signal's reason.
 */
export async function openDataConnection(
  session: Session,
  signal: AbortSignal,
  text: string,
): Promise<DataConnection> {
  await session.send(reply(Code.aboutToOpenDataConnection, text));
  const connection = await session.data.connect(signal);
  const { clock, stallTimeout, arrivals } = session.services;
  const { upload, download } = session.loggedIn.account;
  const options = { signal, clock, stallTimeout, arrivals, upload, download };
  return new DataConnection(connection, options);
}

async function retrieve(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  const { restartMarker: start } = session;
  if (start > 0 && session.type === "ascii") {
    throw new CommandError(Code.invalidRestart, "REST needs TYPE I");
  }
  const { account, tree } = session.loggedIn;
  const key = tree.fileKey(path);
  return await session.transfer(`RETR ${path}`, async (transfer) => {
    const { signal } = transfer;
    using download = await Download.open(account.transfers, { key, start, signal });
    transfer.requestId = download.requestId;
    const text = `Opening data connection for ${path.name} (${download.size} bytes)`;
    using data = await openDataConnection(session, signal, text);
    await send(data, download, { type: session.type, transfer });
    return reply(Code.transferComplete, "Transfer complete");
  });
}

/** After REST n it goes on with an interrupted upload (RFC 3659 section 5, whose n is a byte of the file). */
async function store(session: Session, argument: Argument): Promise<Reply> {
  const { restartMarker: marker } = session;
  const path = uploadPath(session, argument);
  const title = `STOR ${path}`;
  if (marker === 0) return await upload(session, { path, title });
  if (session.type === "ascii") throw new CommandError(Code.invalidRestart, "REST needs TYPE I");
  const { account: { transfers } } = session.loggedIn;
  const start = (options: StartOptions) => restartAt(transfers, { ...options, marker });
  return await upload(session, { path, title, start });
}

/** RFC 1123 section 4.1.2.9: 150 says which name was chosen. */
async function storeUnique(session: Session, argument: Argument): Promise<Reply> {
  refuseRestart(session);
  const base = argument.isEmpty
    ? session.workingDirectory.child("file")
    : uploadPath(session, argument);
  const path = base.parent.child(`${base.name}.${uniqueSuffix(session)}`);
  return await upload(session, {
    path,
    title: `STOU ${path}`,
    opening: `FILE: ${path.name}`,
    done: `Transfer complete: ${path.name}`,
  });
}

/** The old file stays as it is until the longer one is whole. */
async function append(session: Session, argument: Argument): Promise<Reply> {
  refuseRestart(session);
  const path = uploadPath(session, argument);
  const { account: { transfers }, tree } = session.loggedIn;
  const wasShownKept = tree.hasShownKept(path);
  const start = (options: StartOptions) => appendAt(transfers, { ...options, wasShownKept });
  return await upload(session, { path, title: `APPE ${path}`, start });
}

async function upload(session: Session, options: {
  path: VirtualPath;
  title: string;
  /** The text of 150 and of 226. */
  opening?: string;
  done?: string;
  /** Finds out what the client's bytes come after. @default nothing */
  start?: (options: StartOptions) => Promise<UploadStart>;
}): Promise<Reply> {
  const { path, title } = options;
  const { account, tree } = session.loggedIn;
  const key = tree.fileKey(path);
  return await session.transfer(title, async (transfer) => {
    const { signal } = transfer;
    if (!account.overwriteEnable) await tree.refuseExisting(path, { signal });
    const start = await options.start?.({ key, signal }) ?? { kind: "nothing" };
    await using upload = await Upload.open(account.transfers, { key, signal, start });
    if (start.kind === "kept") {
      const { marker, kept: { size, record } } = start;
      session.log.info(`${title}: resumed`, {
        from: marker,
        kept: size,
        uploadId: record.uploadId,
      });
    }
    const opening = options.opening ?? `Ready for ${path.name}`;
    {
      using data = await openDataConnection(session, upload.signal, opening);
      await receive(data, upload, { type: session.type, transfer });
    }
    await session.confirmClient(transfer);
    transfer.requestId = (await upload.publish()).requestId;
    return reply(Code.transferComplete, options.done ?? "Transfer complete");
  });
}

/** The path of a file to be written: not one that, by how it is spelt, can only be a directory. */
function uploadPath(session: Session, argument: Argument): VirtualPath {
  if (/(^|\/)\.{0,2}$/.test(argument.text)) {
    throw new TreeError("name-not-allowed", "Cannot use the name of a directory as a file name");
  }
  return session.resolve(argument);
}

function uniqueSuffix(session: Session): string {
  const { clock, random } = session.services;
  const part = () => Math.floor(random() * 36 ** 6).toString(36).padStart(6, "0");
  return `${clock.now().toString(36)}${part()}${part()}`;
}

function refuseRestart(session: Session): void {
  if (session.restartMarker > 0) {
    throw new CommandError(Code.invalidRestart, "REST is for RETR and STOR: nothing was changed");
  }
}

function restart(session: Session, argument: Argument): Reply {
  const { text } = argument;
  const marker = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(marker)) {
    return reply(Code.argumentSyntaxError, "REST takes a number of bytes");
  }
  session.restartMarker = marker;
  return reply(Code.pendingFurtherInformation, `Restarting at ${marker}`);
}

function allocate(session: Session, argument: Argument): Reply {
  const size = /^(\d+)( R \d+)?$/i.exec(argument.text)?.[1];
  if (size === undefined) return reply(Code.argumentSyntaxError, "ALLO takes a number of bytes");
  const { maxFileSize } = session.loggedIn.account.transfers.plan;
  if (Number(size) > maxFileSize) {
    return reply(Code.exceededStorage, `Files above ${maxFileSize} bytes are not accepted`);
  }
  return reply(Code.superfluous, "No storage needs to be allocated");
}

/** The transfer itself was ended when the command arrived; here it gets its second reply (RFC 959 section 4.1.3). */
function abort(session: Session): Reply {
  session.data.reset();
  return reply(Code.transferComplete, "ABOR was carried out");
}

export const TRANSFER_COMMANDS: readonly CommandRow[] = [
  {
    verb: "RETR",
    argument: "required",
    syntax: "RETR <file>",
    help: "download a file",
    rfc: "RFC 959 4.1.3",
    permission: "read",
    dataConnection: true,
    run: retrieve,
  },
  {
    verb: "STOR",
    argument: "required",
    syntax: "STOR <file>",
    help: "upload a file",
    rfc: "RFC 959 4.1.3",
    permission: "write",
    dataConnection: true,
    run: store,
  },
  {
    verb: "STOU",
    argument: "optional",
    syntax: "STOU [<file>]",
    help: "upload under a name that is not taken",
    rfc: "RFC 959 4.1.3",
    permission: "write",
    dataConnection: true,
    run: storeUnique,
  },
  {
    verb: "APPE",
    argument: "required",
    syntax: "APPE <file>",
    help: "append to a file",
    rfc: "RFC 959 4.1.3",
    permission: "write",
    dataConnection: true,
    run: append,
  },
  {
    verb: "REST",
    argument: "required",
    syntax: "REST <bytes>",
    help: "begin the next RETR or STOR there",
    rfc: "RFC 3659 5",
    feature: () => "REST STREAM",
    run: restart,
  },
  {
    verb: "ALLO",
    argument: "required",
    syntax: "ALLO <bytes>",
    help: "ask whether a file of this size is accepted",
    rfc: "RFC 959 4.1.3",
    run: allocate,
  },
  {
    verb: "ABOR",
    argument: "none",
    syntax: "ABOR",
    help: "end the transfer",
    rfc: "RFC 959 4.1.3",
    duringTransfer: "abort",
    run: abort,
  },
];

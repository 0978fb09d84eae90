import { Download } from "../../vfs/download.ts";
import { TreeError } from "../../vfs/tree_error.ts";
import { Upload } from "../../vfs/upload.ts";
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

async function store(session: Session, argument: Argument): Promise<Reply> {
  refuseRestart(session);
  const path = uploadPath(session, argument);
  return await upload(session, { path, title: `STOR ${path}` });
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

/** Appends by storing the old bytes again in front of the new ones; the old file stays until the new one is whole. */
async function append(session: Session, argument: Argument): Promise<Reply> {
  refuseRestart(session);
  const path = uploadPath(session, argument);
  const begin = (upload: Upload) => copyOldBytes(upload, session, path);
  return await upload(session, { path, title: `APPE ${path}`, begin });
}

async function upload(session: Session, options: {
  path: VirtualPath;
  title: string;
  /** The text of 150 and of 226. */
  opening?: string;
  done?: string;
  /** Takes over what comes before the client's bytes. @default nothing */
  begin?: (upload: Upload) => Promise<void>;
}): Promise<Reply> {
  const { path } = options;
  const { account, tree } = session.loggedIn;
  const key = tree.fileKey(path);
  return await session.transfer(options.title, async (transfer) => {
    if (!account.overwriteEnable) await tree.refuseExisting(path, transfer);
    await using upload = new Upload(account.transfers, { key, signal: transfer.signal });
    await options.begin?.(upload);
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

/** @throws {TreeError} `append-too-large` above one part. */
async function copyOldBytes(upload: Upload, session: Session, path: VirtualPath): Promise<void> {
  const { account: { transfers }, tree } = session.loggedIn;
  const { minPartSize } = transfers.plan;
  try {
    using old = await Download.open(transfers, {
      key: tree.fileKey(path),
      start: 0,
      signal: upload.signal,
    });
    if (old.size > minPartSize) {
      throw new TreeError(
        "append-too-large",
        `APPE to files above ${minPartSize} bytes is not implemented yet`,
      );
    }
    for (;;) {
      const count = await old.read(await upload.space());
      if (count === null) break;
      upload.advance(count);
    }
  } catch (error) {
    if (!(error instanceof TreeError && error.kind === "not-found")) throw error;
  }
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
    throw new CommandError(
      Code.invalidRestart,
      "Uploads cannot be resumed yet: nothing was changed",
    );
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
    help: "begin the next download there",
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

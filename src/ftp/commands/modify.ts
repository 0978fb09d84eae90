import { permits } from "../../accounts/permissions.ts";
import { uninterrupted } from "../../store/object_store.ts";
import type { Argument } from "../argument.ts";
import { Code, quoted, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

async function removeFile(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  await session.loggedIn.tree.removeFile(path, uninterrupted());
  session.log.info(`DELE ${path}: done`);
  return reply(Code.actionCompleted, `${path} was removed`);
}

async function removeDirectory(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  await session.loggedIn.tree.removeDirectory(path, uninterrupted());
  session.log.info(`RMD ${path}: done`);
  return reply(Code.actionCompleted, `${path} was removed`);
}

async function makeDirectory(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  await session.loggedIn.tree.makeDirectory(path, uninterrupted());
  session.log.info(`MKD ${path}: done`);
  return reply(Code.pathCreated, `${quoted(path)} was made`);
}

async function renameFrom(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  await session.loggedIn.tree.stat(path, uninterrupted());
  session.renameFrom = path;
  return reply(Code.pendingFurtherInformation, "Send RNTO next");
}

async function renameTo(session: Session, argument: Argument): Promise<Reply> {
  const { renameFrom: from, loggedIn: { account, tree } } = session;
  if (!from) return reply(Code.badSequence, "Send RNFR first");
  const to = session.resolve(argument);
  await tree.rename(from, to, {
    overwrite: permits(account, "delete") && account.overwriteEnable ? "allow" : "forbid",
    maxFiles: session.services.renameMaxFiles,
  });
  session.log.info(`RNTO ${from} to ${to}: done`);
  return reply(Code.actionCompleted, `${from} is now ${to}`);
}

export const MODIFY_COMMANDS: readonly CommandRow[] = [
  {
    verb: "DELE",
    argument: "required",
    syntax: "DELE <file>",
    help: "remove a file",
    rfc: "RFC 959 4.1.3",
    permission: "delete",
    run: removeFile,
  },
  {
    verb: "RMD",
    argument: "required",
    syntax: "RMD <directory>",
    help: "remove an empty directory",
    rfc: "RFC 959 4.1.3",
    permission: "delete",
    run: removeDirectory,
  },
  {
    verb: "XRMD",
    argument: "required",
    syntax: "XRMD <directory>",
    help: "as RMD",
    rfc: "RFC 775",
    permission: "delete",
    run: removeDirectory,
  },
  {
    verb: "MKD",
    argument: "required",
    syntax: "MKD <directory>",
    help: "make a directory",
    rfc: "RFC 959 4.1.3",
    permission: "write",
    run: makeDirectory,
  },
  {
    verb: "XMKD",
    argument: "required",
    syntax: "XMKD <directory>",
    help: "as MKD",
    rfc: "RFC 775",
    permission: "write",
    run: makeDirectory,
  },
  {
    verb: "RNFR",
    argument: "required",
    syntax: "RNFR <path>",
    help: "name what is to be renamed",
    rfc: "RFC 959 4.1.3",
    permission: "rename",
    run: renameFrom,
  },
  {
    verb: "RNTO",
    argument: "required",
    syntax: "RNTO <path>",
    help: "rename it to this",
    rfc: "RFC 959 4.1.3",
    permission: "rename",
    run: renameTo,
  },
];

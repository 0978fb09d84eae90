import { uninterrupted } from "../../store/object_store.ts";
import { TreeError } from "../../vfs/tree_error.ts";
import type { VirtualPath } from "../../vfs/virtual_path.ts";
import type { Argument } from "../argument.ts";
import { Code, quoted, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

function printWorkingDirectory(session: Session): Reply {
  return reply(
    Code.pathCreated,
    `${quoted(session.workingDirectory)} is the working directory`,
  );
}

async function enter(session: Session, path: VirtualPath): Promise<Reply> {
  if (!await session.loggedIn.tree.isDirectory(path, uninterrupted())) {
    throw new TreeError("not-found", `${path}: No such directory`);
  }
  session.workingDirectory = path;
  return reply(Code.actionCompleted, `${quoted(path)} is the working directory`);
}

const change = (session: Session, argument: Argument) => enter(session, session.resolve(argument));

function changeToParent(session: Session): Reply {
  // What holds the working directory exists: no request is needed.
  session.workingDirectory = session.workingDirectory.parent;
  return reply(
    Code.actionCompleted,
    `${quoted(session.workingDirectory)} is the working directory`,
  );
}

export const NAVIGATION_COMMANDS: readonly CommandRow[] = [
  {
    verb: "CWD",
    argument: "required",
    syntax: "CWD <directory>",
    help: "change the working directory",
    rfc: "RFC 959 4.1.1",
    run: change,
  },
  {
    verb: "XCWD",
    argument: "required",
    syntax: "XCWD <directory>",
    help: "as CWD",
    rfc: "RFC 775",
    run: change,
  },
  {
    verb: "CDUP",
    argument: "none",
    syntax: "CDUP",
    help: "change to the parent directory",
    rfc: "RFC 959 4.1.1",
    run: changeToParent,
  },
  {
    verb: "XCUP",
    argument: "none",
    syntax: "XCUP",
    help: "as CDUP",
    rfc: "RFC 775",
    run: changeToParent,
  },
  {
    verb: "PWD",
    argument: "none",
    syntax: "PWD",
    help: "show the working directory",
    rfc: "RFC 959 4.1.3",
    run: printWorkingDirectory,
  },
  {
    verb: "XPWD",
    argument: "none",
    syntax: "XPWD",
    help: "as PWD",
    rfc: "RFC 775",
    run: printWorkingDirectory,
  },
];

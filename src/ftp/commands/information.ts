import { utf8 } from "../../accounts/name_encoding.ts";
import { permits } from "../../accounts/permissions.ts";
import { uninterrupted } from "../../store/object_store.ts";
import { TreeError } from "../../vfs/tree_error.ts";
import type { Argument } from "../argument.ts";
import { notPermitted } from "../command_error.ts";
import { type Fact, FACTS, formatTimeVal, parseTimeVal } from "../data/facts.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

async function sizeOf(session: Session, argument: Argument): Promise<Reply> {
  if (session.type === "ascii") {
    return reply(Code.actionNotTaken, "SIZE needs TYPE I: the size in TYPE A is not known");
  }
  const path = session.resolve(argument);
  const { kind, size } = await session.loggedIn.tree.statUploaded(path, uninterrupted());
  if (kind === "directory") throw new TreeError("not-found", `${path}: No such file`);
  return reply(Code.fileStatus, String(size));
}

async function modificationTime(session: Session, argument: Argument): Promise<Reply> {
  // Some clients set times this way; where times are not kept, it is the name of a file.
  if (keepsTimes(session) && timeAndPath(argument)) return await setTime(session, argument);
  const info = await session.loggedIn.tree.statFile(session.resolve(argument), uninterrupted());
  return reply(Code.fileStatus, formatTimeVal(info.modified));
}

async function modifyFactTime(session: Session, argument: Argument): Promise<Reply> {
  if (!keepsTimes(session)) {
    return reply(Code.notImplemented, "Times of files are not kept (preserve_mtime)");
  }
  return await setTime(session, argument);
}

async function setTime(session: Session, argument: Argument): Promise<Reply> {
  const { account, tree } = session.loggedIn;
  if (!permits(account, "write")) throw notPermitted();
  const wanted = timeAndPath(argument);
  if (!wanted) return reply(Code.argumentSyntaxError, "Wanted YYYYMMDDHHMMSS <file>");
  const path = session.workingDirectory.resolve(wanted.path);
  await tree.setTime(path, wanted.time);
  return reply(Code.fileStatus, `Modify=${formatTimeVal(wanted.time)}; ${path}`);
}

function timeAndPath({ text }: Argument): { time: Date; path: string } | undefined {
  const [, value = "", path = ""] = /^(\S+) (.+)$/.exec(text) ?? [];
  const time = parseTimeVal(value);
  return time && { time, path };
}

function keepsTimes(session: Session): boolean {
  return session.isLoggedIn && session.loggedIn.account.times !== undefined;
}

function options(session: Session, argument: Argument): Reply {
  const [name = "", value = ""] = argument.text.split(/\s+/, 2);
  switch (name.toUpperCase()) {
    case "UTF8":
    case "UTF-8":
      session.utf8Requested = value.toUpperCase() !== "OFF";
      return session.utf8Requested || session.nameEncoding !== utf8
        ? reply(Code.ok, `Names are ${session.nameEncoding.name}`)
        : reply(Code.notImplementedForParameter, "Names are always UTF-8");
    case "MLST": {
      // Facts that are not known are ignored (RFC 3659 section 7.9).
      const wanted = new Set(value.toLowerCase().split(";"));
      const facts: Fact[] = FACTS.filter((fact) => wanted.has(fact));
      session.facts = new Set(facts);
      return reply(Code.ok, `MLST OPTS ${facts.map((fact) => `${fact};`).join("")}`.trim());
    }
    default:
      return reply(Code.argumentSyntaxError, "OPTS is for UTF8 and MLST");
  }
}

export const INFORMATION_COMMANDS: readonly CommandRow[] = [
  {
    verb: "SIZE",
    argument: "required",
    syntax: "SIZE <file>",
    help: "show a file's size, or how much of an interrupted upload is kept",
    rfc: "RFC 3659 4",
    permission: "read",
    feature: () => "SIZE",
    run: sizeOf,
  },
  {
    verb: "MDTM",
    argument: "required",
    syntax: "MDTM <file>",
    help: "show when a file was stored",
    rfc: "RFC 3659 3",
    permission: "read",
    feature: () => "MDTM",
    run: modificationTime,
  },
  {
    verb: "MFMT",
    argument: "required",
    syntax: "MFMT <YYYYMMDDHHMMSS> <file>",
    help: "set a file's time",
    rfc: "draft-somers-ftp-mfxx",
    feature: (session) => keepsTimes(session) ? "MFMT" : undefined,
    run: modifyFactTime,
  },
  {
    verb: "SYST",
    argument: "none",
    syntax: "SYST",
    help: "show the kind of system",
    rfc: "RFC 959 4.1.3",
    beforeLogin: true,
    run: () => reply(Code.systemType, "UNIX Type: L8"),
  },
  {
    verb: "OPTS",
    argument: "required",
    syntax: "OPTS <UTF8 ON|MLST facts>",
    help: "choose options",
    rfc: "RFC 2389 4",
    beforeLogin: true,
    feature: () => "UTF8",
    run: options,
  },
  {
    verb: "CLNT",
    argument: "required",
    syntax: "CLNT <name>",
    help: "name the client program, for the log",
    rfc: "draft-peterson-streamlined-ftp-command-extensions",
    beforeLogin: true,
    feature: () => "CLNT",
    run: () => reply(Code.ok, "Noted"),
  },
  {
    verb: "NOOP",
    argument: "optional",
    syntax: "NOOP",
    help: "do nothing",
    rfc: "RFC 959 4.1.3",
    beforeLogin: true,
    run: () => reply(Code.ok, "Nothing done"),
  },
];

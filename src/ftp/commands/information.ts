import { uninterrupted } from "../../store/object_store.ts";
import type { Argument } from "../argument.ts";
import { type Fact, FACTS, formatTimeVal } from "../data/facts.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

async function size(session: Session, argument: Argument): Promise<Reply> {
  if (session.type === "ascii") {
    return reply(Code.actionNotTaken, "SIZE needs TYPE I: the size in TYPE A is not known");
  }
  const info = await session.loggedIn.tree.statFile(session.resolve(argument), uninterrupted());
  return reply(Code.fileStatus, String(info.size));
}

async function modificationTime(session: Session, argument: Argument): Promise<Reply> {
  const info = await session.loggedIn.tree.statFile(session.resolve(argument), uninterrupted());
  return reply(Code.fileStatus, formatTimeVal(info.modified));
}

function options(session: Session, argument: Argument): Reply {
  const [name = "", value = ""] = argument.text.split(/\s+/, 2);
  switch (name.toUpperCase()) {
    case "UTF8":
    case "UTF-8":
      return value.toUpperCase() === "OFF"
        ? reply(Code.notImplementedForParameter, "Names are always UTF-8")
        : reply(Code.ok, "Names are UTF-8");
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
    help: "show a file's size",
    rfc: "RFC 3659 4",
    permission: "read",
    feature: () => "SIZE",
    run: size,
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

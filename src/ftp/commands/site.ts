import type { Argument } from "../argument.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

function site(_session: Session, argument: Argument): Reply {
  const [name = ""] = argument.text.split(/\s+/, 1);
  switch (name.toUpperCase()) {
    case "HELP":
      return reply(
        Code.help,
        "SITE commands:",
        "CHMOD <mode> <path>  accepted, changes nothing",
        "End",
      );
    case "CHMOD":
      // Clients send it after every upload; COS objects have no modes.
      return reply(Code.ok, "Modes are not kept");
    default:
      return reply(Code.notImplementedForParameter, "SITE is for HELP and CHMOD");
  }
}

export const SITE_COMMANDS: readonly CommandRow[] = [
  {
    verb: "SITE",
    argument: "required",
    syntax: "SITE <HELP|CHMOD>",
    help: "commands of this server",
    rfc: "RFC 959 4.1.3",
    run: site,
  },
];

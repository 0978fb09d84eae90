import type { Argument } from "../argument.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";
import { INFORMATION_COMMANDS } from "./information.ts";
import { LISTING_COMMANDS } from "./listing.ts";
import { LOGIN_COMMANDS } from "./login.ts";
import { MODIFY_COMMANDS } from "./modify.ts";
import { NAVIGATION_COMMANDS } from "./navigation.ts";
import { PARAMETER_COMMANDS } from "./parameters.ts";
import { SECURITY_COMMANDS } from "./security.ts";
import { SITE_COMMANDS } from "./site.ts";
import { TRANSFER_COMMANDS } from "./transfer.ts";

/** HELP and FEAT: they speak of the table they stand in. */
const TABLE_COMMANDS: readonly CommandRow[] = [
  {
    verb: "HELP",
    argument: "optional",
    syntax: "HELP [<command>]",
    help: "show the commands, or one of them",
    rfc: "RFC 959 4.1.3",
    beforeLogin: true,
    run: help,
  },
  {
    verb: "FEAT",
    argument: "none",
    syntax: "FEAT",
    help: "show the extensions",
    rfc: "RFC 2389 3",
    beforeLogin: true,
    run: features,
  },
];

/** Every command there is, by verb. */
export const COMMANDS: ReadonlyMap<string, CommandRow> = new Map(
  [
    ...LOGIN_COMMANDS,
    ...SECURITY_COMMANDS,
    ...PARAMETER_COMMANDS,
    ...NAVIGATION_COMMANDS,
    ...LISTING_COMMANDS,
    ...TRANSFER_COMMANDS,
    ...MODIFY_COMMANDS,
    ...INFORMATION_COMMANDS,
    ...SITE_COMMANDS,
    ...TABLE_COMMANDS,
  ].map((row) => [row.verb, row]),
);

/** Commands of the RFCs that we know of and do not carry out. */
const NOT_IMPLEMENTED: ReadonlySet<string> = new Set([
  "ADAT",
  "CONF",
  "ENC",
  "LANG",
  "MIC",
  "SMNT",
]);

/** The reply to a verb that is not in the table (RFC 959 section 5.4: 500 and 502). */
export function unknownCommand(verb: string): Reply {
  return NOT_IMPLEMENTED.has(verb)
    ? reply(Code.notImplemented, `${verb} is not implemented`)
    : reply(Code.syntaxError, "Unknown command");
}

function help(_session: Session, argument: Argument): Reply {
  if (argument.isEmpty) {
    const verbs = [...COMMANDS.keys()].sort();
    const lines: string[] = [];
    for (let start = 0; start < verbs.length; start += 8) {
      lines.push(verbs.slice(start, start + 8).map((verb) => verb.padEnd(5)).join("").trimEnd());
    }
    return reply(Code.help, "Commands:", ...lines, "End");
  }
  const row = COMMANDS.get(argument.text.toUpperCase());
  return row
    ? reply(Code.help, `${row.syntax}: ${row.help} (${row.rfc})`)
    : unknownCommand(argument.text.toUpperCase());
}

function features(session: Session): Reply {
  const lines = [...COMMANDS.values()].flatMap((row) => row.feature?.(session) ?? []);
  return reply(Code.systemStatus, "Extensions:", ...lines, "TVFS", "End");
}

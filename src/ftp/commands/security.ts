import type { Argument } from "../argument.ts";
import { CommandError } from "../command_error.ts";
import type { Protection } from "../protection.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

/**
 * Names of TLS, with what data connections are until PROT says otherwise: `SSL` and `TLS-P` are of the drafts before RFC
 * 4217, and clients that still use them may leave PROT out.
 */
const MECHANISMS = {
  "TLS": "clear",
  "TLS-C": "clear",
  "SSL": "private",
  "TLS-P": "private",
} as const;

/** The handshake begins when the reply has been sent; whoever was logged in must log in again (RFC 2228 section 3). */
function auth(session: Session, argument: Argument): Reply {
  const protection = offered(session);
  const mechanism = argument.text.toUpperCase();
  if (!Object.hasOwn(MECHANISMS, mechanism)) {
    return reply(Code.notImplementedForParameter, "AUTH is for TLS only");
  }
  if (protection.isControlPrivate) {
    return reply(Code.badSequence, "The control connection speaks TLS already");
  }
  session.logOut();
  protection.data = MECHANISMS[mechanism as keyof typeof MECHANISMS];
  return reply(Code.securityMechanismAccepted, "Begin TLS");
}

/** TLS has no use for a buffer size: it is always 0 (RFC 4217 section 9). */
function protectionBufferSize(session: Session, argument: Argument): Reply {
  const protection = offered(session);
  if (!protection.isControlPrivate) return reply(Code.badSequence, "Use AUTH TLS first");
  if (!/^\d+$/.test(argument.text)) return reply(Code.argumentSyntaxError, "PBSZ takes a number");
  protection.isBufferSizeAgreed = true;
  return reply(Code.ok, "PBSZ=0");
}

function dataProtection(session: Session, argument: Argument): Reply {
  const protection = offered(session);
  if (!protection.isBufferSizeAgreed) return reply(Code.badSequence, "Use PBSZ 0 first");
  switch (argument.text.toUpperCase()) {
    case "P":
      protection.data = "private";
      return reply(Code.ok, "Data connections are private");
    case "C": {
      const account = session.isLoggedIn ? session.loggedIn.account : undefined;
      if (protection.refusesData(account, "clear")) {
        return reply(Code.deniedByPolicy, "Data connections must be private");
      }
      protection.data = "clear";
      return reply(Code.ok, "Data connections are clear");
    }
    case "S":
    case "E":
      return reply(Code.protectionNotSupported, "TLS knows PROT C and P only");
    default:
      return reply(Code.notImplementedForParameter, "PROT is C or P");
  }
}

function clearCommandChannel(session: Session): Reply {
  offered(session);
  return reply(Code.deniedByPolicy, "The control connection stays as it is");
}

/** @throws {CommandError} 502 where there is no certificate. */
function offered({ protection }: Session): Protection {
  if (protection.isOffered) return protection;
  throw new CommandError(Code.notImplemented, "TLS is not set up");
}

function feature(line: string) {
  return ({ protection }: Session): string | undefined => protection.isOffered ? line : undefined;
}

export const SECURITY_COMMANDS: readonly CommandRow[] = [
  {
    verb: "AUTH",
    argument: "required",
    syntax: "AUTH TLS",
    help: "begin TLS on the control connection",
    rfc: "RFC 4217 4",
    beforeLogin: true,
    feature: feature("AUTH TLS"),
    run: auth,
  },
  {
    verb: "PBSZ",
    argument: "required",
    syntax: "PBSZ 0",
    help: "comes before PROT",
    rfc: "RFC 4217 9",
    beforeLogin: true,
    feature: feature("PBSZ"),
    run: protectionBufferSize,
  },
  {
    verb: "PROT",
    argument: "required",
    syntax: "PROT <C|P>",
    help: "choose whether data connections speak TLS",
    rfc: "RFC 4217 9",
    beforeLogin: true,
    feature: feature("PROT"),
    run: dataProtection,
  },
  {
    verb: "CCC",
    argument: "none",
    syntax: "CCC",
    help: "refused: it would end TLS on the control connection",
    rfc: "RFC 2228 3",
    beforeLogin: true,
    run: clearCommandChannel,
  },
];

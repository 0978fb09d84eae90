import type { Account } from "../../accounts/account.ts";
import { cidrContains } from "../../net/cidr.ts";
import type { SocketAddress } from "../../net/connection.ts";
import type { Argument } from "../argument.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

/** After so many wrong passwords the control connection is closed. */
const LOGIN_TRIES = 3;

function user(session: Session, argument: Argument): Reply {
  session.logOut();
  session.userName = argument.text;
  return reply(Code.needPassword, "Password required");
}

async function pass(session: Session, argument: Argument): Promise<Reply> {
  const { userName, services, log } = session;
  if (userName === undefined) return reply(Code.badSequence, "Send USER first");
  session.logOut();
  const account = await services.authenticator.authenticate(userName, argument.bytes);
  const isElsewhere = account !== undefined && !mayLogInFrom(account, session.control.remote);
  if (!account || isElsewhere) {
    session.failedLogins++;
    const reason = isElsewhere
      ? "the password is right, but not the address (allow_from)"
      : undefined;
    log.warning("Login failed", { user: userName, tries: session.failedLogins, reason });
    return session.failedLogins < LOGIN_TRIES
      ? reply(Code.notLoggedIn, "Login incorrect")
      : reply(Code.serviceNotAvailable, "Too many failed logins");
  }
  const slot = services.logins.tryTake(account);
  if (typeof slot === "string") {
    log.warning(`Login refused: ${slot} sessions are logged in`, { user: userName });
    return reply(Code.serviceNotAvailable, "Too many users are logged in");
  }
  session.logIn(account, slot);
  session.log.info("Login", { bucket: account.bucket });
  return reply(Code.loggedIn, "Logged in");
}

function mayLogInFrom({ allowFrom }: Account, { hostname }: SocketAddress): boolean {
  return allowFrom === undefined || allowFrom.some((block) => cidrContains(block, hostname));
}

function reinitialize(session: Session): Reply {
  session.logOut();
  return reply(Code.readyForNewUser, "Ready for a new user");
}

export const LOGIN_COMMANDS: readonly CommandRow[] = [
  {
    verb: "USER",
    argument: "required",
    syntax: "USER <name>",
    help: "name the account",
    rfc: "RFC 959 4.1.1",
    beforeLogin: true,
    run: user,
  },
  {
    verb: "PASS",
    argument: "optional",
    syntax: "PASS <password>",
    help: "give the account's password",
    rfc: "RFC 959 4.1.1",
    beforeLogin: true,
    run: pass,
  },
  {
    verb: "ACCT",
    argument: "required",
    syntax: "ACCT <account>",
    help: "accepted, not needed",
    rfc: "RFC 959 4.1.1",
    run: () => reply(Code.superfluous, "ACCT is not needed"),
  },
  {
    verb: "REIN",
    argument: "none",
    syntax: "REIN",
    help: "log out, keep the connection",
    rfc: "RFC 959 4.1.1",
    beforeLogin: true,
    run: reinitialize,
  },
  {
    verb: "QUIT",
    argument: "none",
    syntax: "QUIT",
    help: "end the session",
    rfc: "RFC 959 4.1.1",
    beforeLogin: true,
    run: () => reply(Code.closing, "Goodbye"),
  },
];

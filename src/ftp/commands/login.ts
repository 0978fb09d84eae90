import type { Account } from "../../accounts/account.ts";
import type { LoginAttempt, LoginOutcome } from "../../accounts/authenticator.ts";
import { sleep } from "../../clock.ts";
import { cidrContains, clientNetwork } from "../../net/cidr.ts";
import type { Argument } from "../argument.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

/** After so many wrong passwords the control connection is closed. */
const LOGIN_TRIES = 3;

function user(session: Session, argument: Argument): Reply {
  if (session.protection.refusesLogin()) {
    return reply(Code.protectionNeeded, "Use AUTH TLS before you log in");
  }
  // An argument that cannot be read is refused, and then nobody is logged out.
  const name = argument.text;
  session.logOut();
  session.userName = name;
  return reply(Code.needPassword, "Password required");
}

async function pass(session: Session, argument: Argument): Promise<Reply> {
  const { userName, services, log } = session;
  if (userName === undefined) return reply(Code.badSequence, "Send USER first");
  session.logOut();
  const { hostname } = session.control.remote;
  const isBanned = () => services.guard.isBanned(hostname);
  if (isBanned()) return turnedAway();
  const outcome = await judge(session, { name: userName, password: argument.bytes, isBanned });
  // Of many attempts at once, those that end after the ban do not hear whether they were right.
  if (isBanned()) return turnedAway();
  if ("refused" in outcome) {
    const tries = ++session.failedLogins;
    log.warning("Login failed", { user: userName, reason: outcome.refused, tries });
    const delay = services.guard.failed(hostname);
    if (delay > 0) await sleep(services.clock, delay, session.leaving);
    return tries < LOGIN_TRIES && !isBanned()
      ? reply(Code.notLoggedIn, "Login incorrect")
      : turnedAway();
  }
  const { account } = outcome;
  const slot = services.logins.tryTake(account);
  if (typeof slot === "string") {
    log.warning(`Login refused: ${slot} sessions are logged in`, { user: userName });
    return reply(Code.serviceNotAvailable, "Too many users are logged in");
  }
  session.logIn(account, slot);
  session.log.info("Login", { user: userName, bucket: account.bucket });
  return reply(Code.loggedIn, "Logged in");
}

/** Has the login judged. Meanwhile it is not the client who is slow: the login timeout stands still. */
async function judge(
  session: Session,
  attempt: Pick<LoginAttempt, "name" | "password" | "isBanned">,
): Promise<LoginOutcome> {
  using _held = session.loginDeadline.hold();
  return await session.services.authenticator.authenticate({
    ...attempt,
    client: clientNetwork(session.control.remote.hostname),
    signal: session.leaving,
    objectionTo: (account) => objectionTo(session, account),
  });
}

/** What speaks against a login of `account` from there, by `allow_from` and `require_tls`; undefined for nothing. */
function objectionTo({ control, protection }: Session, account: Account): string | undefined {
  const { hostname } = control.remote;
  if (account.allowFrom?.every((block) => !cidrContains(block, hostname))) {
    return "an address outside of allow_from";
  }
  return protection.refusesLogin(account) ? "no TLS" : undefined;
}

/** Why is nobody's business but the log's. */
function turnedAway(): Reply {
  return reply(Code.serviceNotAvailable, "Service not available, try again later");
}

function reinitialize(session: Session): Reply {
  // RFC 4217 section 13 wants clear text from there on: nobody who is protected should be left without it.
  if (session.protection.isControlPrivate) {
    return reply(Code.notImplemented, "REIN is not for TLS: open another connection");
  }
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

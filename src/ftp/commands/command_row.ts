import type { Permission } from "../../accounts/permissions.ts";
import type { Argument } from "../argument.ts";
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";

/** One command: everything that HELP, FEAT, the checks before it runs and the tests of all commands know about it. */
export interface CommandRow {
  readonly verb: string;
  readonly argument: "none" | "optional" | "required";
  /** For HELP and for 501: `RETR <path>`. */
  readonly syntax: string;
  readonly help: string;
  /** Where it is defined. */
  readonly rfc: string;
  /** May be used before a login. @default false */
  readonly beforeLogin?: true;
  /** What the account must be allowed to do. */
  readonly permission?: Permission;
  /** Uses the data connection that PASV, EPSV, PORT or EPRT prepared; afterwards that is used up. @default false */
  readonly dataConnection?: true;
  /** What it does to a transfer that runs, at once; all others wait for its end. */
  readonly duringTransfer?: "abort" | "status";
  /** Its line in FEAT (RFC 2389 section 3.2); undefined where it does not apply to the session. */
  readonly feature?: (session: Session) => string | undefined;
  /**
   * Carries it out and returns the last reply; 150 and the like are sent on the way. Whatever it throws becomes a reply by
   * `failure_reply.ts`.
   */
  readonly run: (session: Session, argument: Argument) => Promise<Reply> | Reply;
}

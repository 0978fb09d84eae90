import type { Account } from "./account.ts";
import { type Asker, type Derive, type Password, PasswordVerifier } from "./passwords.ts";

/** Somebody who wants to log in. */
export interface LoginAttempt extends Asker {
  /** The argument of USER. */
  readonly name: string;
  /** The argument of PASS. */
  readonly password: Uint8Array;
  /** Why this client may not use `account` whatever the password, or undefined if it may. */
  readonly objectionTo: (account: Account) => string | undefined;
}

/** What becomes of an attempt. Why it was refused is for the log; a client is told the same whatever it was. */
export type LoginOutcome =
  | { readonly account: Account }
  | { readonly refused: string };

/** Tells whether a login is right. */
export interface Authenticator {
  /**
   * A wrong name takes as long as a wrong password, and so does any password where `objectionTo` objects: it is not
   * confirmed by the time either. Nobody else limits the time it takes: what waits on a network has a timeout.
   *
   * @throws the signal's reason; whatever keeps it from finding out.
   */
  authenticate(attempt: LoginAttempt): Promise<LoginOutcome>;
}

/** A user, and the account they work with; an account may have several. */
export interface Login {
  readonly name: string;
  /** `any` for anonymous, whose password is an e-mail address by custom (RFC 1635). */
  readonly password: Password | "any";
  readonly account: Account;
}

/** The names of somebody who wants no name (RFC 1635), in any case. */
const ANONYMOUS = /^(?:anonymous|ftp)$/i;

/**
 * Knows the users of the configuration.
 *
 * @param derive makes hashes. @default scrypt
 */
export function passwordAuthenticator(logins: readonly Login[], derive?: Derive): Authenticator {
  const byName = new Map(logins.map((login) => [login.name, login]));
  const anonymous = logins.find(({ password }) => password === "any");
  const passwords = logins.map(({ password }) => password).filter((password) => password !== "any");
  const verifier = new PasswordVerifier(passwords, derive);
  return {
    async authenticate({ name, password: given, objectionTo, ...asker }) {
      const login = byName.get(name) ?? (ANONYMOUS.test(name) ? anonymous : undefined);
      const objection = login && objectionTo(login.account);
      const password = objection === undefined ? login?.password : undefined;
      const isRight = password === "any" || await verifier.matches(password, given, asker);
      if (!login) return { refused: "unknown user" };
      if (objection !== undefined) return { refused: objection };
      return isRight ? { account: login.account } : { refused: "wrong password" };
    },
  };
}

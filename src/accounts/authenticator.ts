import type { Account } from "./account.ts";
import { type Asker, type Password, PasswordVerifier } from "./passwords.ts";

/** Somebody who wants to log in. */
export interface LoginAttempt extends Asker {
  /** The argument of USER. */
  readonly name: string;
  /** The argument of PASS. */
  readonly password: Uint8Array;
}

/** What becomes of an attempt. Why it was refused is for the log; a client is told the same whatever it was. */
export type LoginOutcome =
  | { readonly account: Account }
  | { readonly refused: string };

/** Tells whether a login is right. */
export interface Authenticator {
  /**
   * A wrong name takes as long as a wrong password.
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

/** Knows the users of the configuration. */
export function passwordAuthenticator(logins: readonly Login[]): Authenticator {
  const byName = new Map(logins.map((login) => [login.name, login]));
  const anonymous = logins.find(({ password }) => password === "any");
  const passwords = logins.map(({ password }) => password).filter((password) => password !== "any");
  const verifier = new PasswordVerifier(passwords);
  return {
    async authenticate({ name, password, ...asker }) {
      const login = byName.get(name) ?? (ANONYMOUS.test(name) ? anonymous : undefined);
      if (login?.password === "any") return { account: login.account };
      const isRight = await verifier.matches(login?.password, password, asker);
      if (!login) return { refused: "unknown user" };
      return isRight ? { account: login.account } : { refused: "wrong password" };
    },
  };
}

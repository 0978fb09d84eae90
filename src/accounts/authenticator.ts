import type { Account } from "./account.ts";
import { type Password, PasswordVerifier } from "./passwords.ts";

/** Somebody who wants to log in. */
export interface LoginAttempt {
  /** The argument of USER. */
  readonly name: string;
  /** The argument of PASS. */
  readonly password: Uint8Array;
  /** Aborts when the answer is of no use any more: whoever asked has gone. */
  readonly signal: AbortSignal;
}

/** What becomes of an attempt. Why it was refused is for the log; a client is told the same whatever it was. */
export type LoginOutcome =
  | { readonly account: Account }
  | { readonly refused: "unknown user" | "wrong password" };

/** Tells whether a login is right. */
export interface Authenticator {
  /**
   * A wrong name takes as long as a wrong password.
   *
   * @throws the signal's reason; whatever keeps it from finding out.
   */
  authenticate(attempt: LoginAttempt): Promise<LoginOutcome>;
}

/** One account and the password that opens it. */
export interface Login {
  readonly account: Account;
  readonly password: Password;
}

/** Knows the passwords of the configuration. */
export function passwordAuthenticator(logins: readonly Login[]): Authenticator {
  const byName = new Map(logins.map((login) => [login.account.name, login]));
  const verifier = new PasswordVerifier(logins.map(({ password }) => password));
  return {
    async authenticate({ name, password, signal }) {
      const login = byName.get(name);
      const isRight = await verifier.matches(login?.password, password, signal);
      if (!login) return { refused: "unknown user" };
      return isRight ? { account: login.account } : { refused: "wrong password" };
    },
  };
}

import type { Account } from "./account.ts";

/** Tells whether a login is right. */
export interface Authenticator {
  /** The account, or undefined: which of the two was wrong is nobody's business. */
  authenticate(name: string, password: Uint8Array): Promise<Account | undefined>;
}

/** One account and the password that opens it. */
export interface Login {
  readonly account: Account;
  readonly password: string;
}

const encoder = new TextEncoder();

/** Knows the passwords of the configuration. A wrong name takes as long as a wrong password. */
export function passwordAuthenticator(logins: readonly Login[]): Authenticator {
  const byName = new Map(logins.map((login) => [login.account.name, login]));
  return {
    async authenticate(name, password) {
      const login = byName.get(name);
      const wanted = await digest(encoder.encode(login?.password ?? ""));
      const given = await digest(password);
      return equalInConstantTime(wanted, given) ? login?.account : undefined;
    },
  };
}

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
}

/** Of two equally long arrays. */
function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a[index]! ^ b[index]!;
  return difference === 0;
}

import type { Asker } from "../../src/accounts/passwords.ts";

/** Somebody who stays until it is known whether a password is right. */
export function patientAsker(asker: Partial<Asker> = {}): Asker {
  const { signal } = new AbortController();
  return { client: "192.0.2.1", signal, isBanned: () => false, ...asker };
}

import type { Credentials, Keys } from "../store/credentials.ts";

/** Keys that never change. */
export function staticCredentials(keys: Keys): Credentials {
  return () => Promise.resolve(keys);
}

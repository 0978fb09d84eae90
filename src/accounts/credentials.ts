/** The keys that requests are signed with. */
export interface Keys {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary keys (STS). */
  readonly token: string | undefined;
}

/** Brings the keys in force now. */
export type Credentials = () => Promise<Keys>;

/** Keys that never change. */
export function staticCredentials(keys: Keys): Credentials {
  return () => Promise.resolve(keys);
}

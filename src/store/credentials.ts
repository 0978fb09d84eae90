/** The keys that requests are signed with. */
export interface Keys {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary keys (STS). */
  readonly token: string | undefined;
}

/** Brings the keys in force now; asked before every request. */
export type Credentials = () => Promise<Keys>;

/** The keys that requests are signed with. */
export interface Keys {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary keys (STS). */
  readonly token: string | undefined;
}

/**
 * Brings the keys in force now; asked before every request.
 *
 * @param options.refused keys that COS has just called unknown or ended: others are wanted, where there are any by now.
 * @throws StoreError with code `NoKeys` where there are none; the signal's reason.
 */
export type Credentials = (
  options: { readonly signal: AbortSignal; readonly refused?: Keys },
) => Promise<Keys>;

/** Whether both are the same. */
export function areSameKeys(a: Keys, b: Keys): boolean {
  return a.secretId === b.secretId && a.secretKey === b.secretKey && a.token === b.token;
}

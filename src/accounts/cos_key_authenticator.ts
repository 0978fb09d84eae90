import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { StoreError } from "../store/object_store.ts";
import type { Account } from "./account.ts";
import type { Authenticator } from "./authenticator.ts";

/** `SecretId/BucketName-APPID`, OSS-FTP's form of a user name. What is let through becomes part of a host name. */
const NAME = /^([\w-]{1,128})\/([a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?-\d{1,20})$/;

/**
 * What a SecretKey is made of. Without one a request would not be signed at all, and anybody could list a public bucket.
 */
const SECRET_KEY = /^[!-~]{1,256}$/;

/** For how long COS is not asked again about keys that were right. Milliseconds. */
const TRUST = 60_000;

/** Accounts that are kept open; a further one takes the place of the one that COS was asked about longest ago. */
const OPEN_MAX = 1_000;

/** Keys of the cloud that somebody wants to log in with, and where to. */
export interface CosKeys {
  /** The user name. */
  readonly name: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly bucket: string;
}

/** Keys that were right. */
interface Proven {
  /** Of the SecretKey, which itself is kept by nobody but the account. */
  readonly fingerprint: Uint8Array;
  /** The same for all their sessions, so that one can take over another's interrupted upload. */
  readonly account: Account;
  /** COS need not be asked again until then. Milliseconds since the epoch. */
  readonly trustedUntil: number;
}

/**
 * Knows whoever can list a bucket: the user name says with which SecretId and which bucket, the password is the SecretKey.
 *
 * @param options.open makes the account of such keys. COS need not have been asked.
 * @param options.others is asked about all other names.
 */
export function cosKeyAuthenticator({ open, others, clock }: {
  open: (keys: CosKeys) => Promise<Account>;
  others: Authenticator;
  clock: Clock;
}): Authenticator {
  const proven = new Map<string, Proven>();
  const fingerprintKey = randomBytes(32);
  const fingerprintOf = (password: Uint8Array) =>
    createHmac("sha256", fingerprintKey).update(password).digest();

  const remember = (name: string, keys: Proven) => {
    proven.delete(name);
    proven.set(name, keys);
    if (proven.size <= OPEN_MAX) return;
    const [oldest] = proven.keys();
    proven.delete(oldest!);
  };

  return {
    async authenticate(attempt) {
      const { name, password, objectionTo, signal } = attempt;
      const [, secretId, bucket] = NAME.exec(name) ?? [];
      if (secretId === undefined || bucket === undefined) return await others.authenticate(attempt);
      const secretKey = new TextDecoder().decode(password);
      if (!SECRET_KEY.test(secretKey)) return { refused: "no SecretKey" };
      const fingerprint = fingerprintOf(password);
      const before = proven.get(name);
      const known = before && timingSafeEqual(before.fingerprint, fingerprint) ? before : undefined;
      const account = known?.account ?? await open({ name, secretId, secretKey, bucket });
      const objection = objectionTo(account);
      // Of whatever keys: COS need not be asked.
      if (objection !== undefined) return { refused: objection };
      if (known && known.trustedUntil > clock.now()) return { account };
      try {
        await account.transfers.store.list({ prefix: account.keyPrefix, limit: 1, signal });
      } catch (error) {
        if (!(error instanceof StoreError) || !isRefusal(error)) throw error;
        return { refused: `COS: ${error.code}` };
      }
      remember(name, { fingerprint, account, trustedUntil: clock.now() + TRUST });
      return { account };
    },
  };
}

/** Whether it was the keys or the bucket; else it is the network, or COS, and says nothing of them. */
function isRefusal({ kind }: StoreError): boolean {
  return kind === "denied" || kind === "not-found" || kind === "invalid";
}

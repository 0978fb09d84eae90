import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { FairPlaces } from "./fair_places.ts";

/** What one hash costs (RFC 7914 section 2): 128 * n * r bytes of memory, and time in proportion to n * r * p. */
export interface ScryptCost {
  /** A power of two. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** What scrypt made of a password. */
export interface PasswordHash {
  readonly kind: "scrypt";
  readonly cost: ScryptCost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** A password as the configuration has it: itself, or its hash. */
export type Password = { readonly kind: "plain"; readonly text: string } | PasswordHash;

/** Makes 32 bytes of a password, without keeping others waiting. */
export type Derive = (
  password: Uint8Array,
  options: { cost: ScryptCost; salt: Uint8Array },
) => Promise<Uint8Array>;

/** Somebody who waits to hear whether a password is right. */
export interface Asker {
  /** What counts as one client: clients are served in turn, so that none keeps the others waiting. */
  readonly client: string;
  /** Aborts when the answer is of no use any more: whoever asked has gone. */
  readonly signal: AbortSignal;
  /** Whether the client has been turned away meanwhile: then nothing is hashed for it, and nothing is right. */
  readonly isBanned: () => boolean;
}

/** What new hashes cost (OWASP, Password Storage Cheat Sheet): 32 MiB, and some tenths of a second. */
const COST: ScryptCost = { n: 2 ** 15, r: 8, p: 3 };

/** Hashes made elsewhere may be weaker, but not worthless, and dearer, but not so that logins stop the machine. */
const N_MIN = 2 ** 10;
const MEMORY_MAX = 256 * 1024 ** 2;
const WORK_MAX = 2 ** 22;

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** scrypt runs in the runtime's threads: so many at once leave some of those, and of the memory, to others. */
const HASHES_AT_ONCE = 2;

const PREFIX = "scrypt:";
const FORM = /^scrypt:N=(\d{1,8}):r=(\d{1,8}):p=(\d{1,8}):([\w-]{11,86}):([\w-]{43})$/;
const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

const encoder = new TextEncoder();

/**
 * Reads a password as it is configured: `scrypt:N=32768:r=8:p=3:SALT:HASH`, salt (8 to 64 bytes) and hash (32 bytes) in
 * base64url; whatever does not begin with `scrypt:` is the password itself.
 *
 * @throws SyntaxError for a hash that is broken, or whose cost is out of bounds. It does not repeat the hash.
 */
export function readPassword(text: string): Password {
  if (!text.startsWith(PREFIX)) return { kind: "plain", text };
  const [, n, r, p, salt, hash] = FORM.exec(text) ?? [];
  const cost = { n: Number(n), r: Number(r), p: Number(p) };
  if (salt === undefined || hash === undefined || !isBounded(cost)) throw new SyntaxError(BROKEN);
  try {
    return {
      kind: "scrypt",
      cost,
      salt: Uint8Array.fromBase64(salt, BASE64),
      hash: Uint8Array.fromBase64(hash, BASE64),
    };
  } catch {
    throw new SyntaxError(BROKEN);
  }
}

const BROKEN = "Cannot read the hash of a password: wanted a line that cosftp hash-password wrote";

/** A line for the configuration that {@linkcode readPassword} reads. Each call gives another: the salt is random. */
export async function hashPassword(password: Uint8Array): Promise<string> {
  const { n, r, p } = COST;
  const salt = Uint8Array.from(randomBytes(SALT_BYTES));
  const hash = await deriveByScrypt(password, { cost: COST, salt });
  return `${PREFIX}N=${n}:r=${r}:p=${p}:${salt.toBase64(BASE64)}:${hash.toBase64(BASE64)}`;
}

/**
 * Tells right passwords from wrong ones, all of which take the same time: the configuration's hashes may differ in cost, so
 * each wrong password is hashed once at every cost there is, whether an account, and which, is asked for. Where all
 * passwords are plain nothing is hashed. A right one is remembered (as a fingerprint that means nothing to another
 * process), so that clients that log in for every file are not hashed every time.
 */
export class PasswordVerifier {
  /** One for each cost that occurs; it stands in where another password, or none, is asked for. */
  readonly #decoys: readonly PasswordHash[];
  readonly #derive: Derive;
  readonly #fingerprintKey = randomBytes(32);
  readonly #nobody = randomBytes(32);
  /** Of plain passwords, and of those that were right before. */
  readonly #fingerprints = new Map<Password, Uint8Array>();
  readonly #places = new FairPlaces(HASHES_AT_ONCE);

  /** @param passwords all that will ever be asked for. */
  constructor(passwords: readonly Password[], derive: Derive = deriveByScrypt) {
    this.#derive = derive;
    const hashes = passwords.filter((password) => password.kind === "scrypt");
    this.#decoys = [...new Map(hashes.map((hash) => [JSON.stringify(hash.cost), hash])).values()];
    for (const password of passwords) {
      if (password.kind !== "plain") continue;
      this.#fingerprints.set(password, this.#fingerprint(encoder.encode(password.text)));
    }
  }

  /**
   * @param password undefined for somebody who has none: nothing is right, in the same time.
   * @throws the signal's reason, unless hashing has begun.
   */
  async matches(
    password: Password | undefined,
    given: Uint8Array,
    { client, signal, isBanned }: Asker,
  ): Promise<boolean> {
    const fingerprint = this.#fingerprint(given);
    const isKnown = () => {
      const known = password && this.#fingerprints.get(password);
      return timingSafeEqual(fingerprint, known ?? this.#nobody);
    };
    if (isKnown()) return true;
    let isRight = false;
    for (const decoy of this.#decoys) {
      const isMeant = password?.kind === "scrypt" && isSameCost(password, decoy);
      const { cost, salt, hash } = isMeant ? password : decoy;
      using _place = await this.#places.take(client, signal);
      if (isBanned()) return false;
      // Of many clients that come back at once, those behind the first need not be hashed.
      if (isKnown()) return true;
      const derived = await this.#derive(given, { cost, salt });
      isRight ||= timingSafeEqual(derived, hash) && isMeant;
    }
    if (isRight && password) this.#fingerprints.set(password, fingerprint);
    return isRight;
  }

  #fingerprint(password: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#fingerprintKey).update(password).digest();
  }
}

const deriveByScrypt: Derive = (password, { cost, salt }) => {
  const { n: N, r, p } = cost;
  // OpenSSL counts a little more than the 128 * N * r bytes of RFC 7914.
  const maxmem = 2 * 128 * N * r + 2 ** 20;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, { N, r, p, maxmem }, (error, hash) => {
      if (error) reject(error);
      else resolve(Uint8Array.from(hash));
    });
  });
};

function isSameCost(a: PasswordHash, b: PasswordHash): boolean {
  return a.cost.n === b.cost.n && a.cost.r === b.cost.r && a.cost.p === b.cost.p;
}

function isBounded({ n, r, p }: ScryptCost): boolean {
  const isPowerOfTwo = Number.isInteger(Math.log2(n));
  // RFC 7914 section 2: N is less than 2^(128 * r / 8).
  return isPowerOfTwo && n >= N_MIN && Math.log2(n) < 16 * r && p >= 1 &&
    128 * n * r <= MEMORY_MAX && n * r * p <= WORK_MAX;
}

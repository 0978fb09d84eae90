import type { Clock } from "../../clock.ts";
import type { Keys } from "../credentials.ts";

/** How long a signature is good. Seconds. */
const LIFETIME = 900;

/** How much earlier it begins: COS's clock may be behind ours. Seconds. */
const EARLY = 60;

/** The part of a request that a signature covers. */
export interface Signable {
  readonly method: string;
  /** Path, not encoded, with its leading `/`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs requests to COS ("Request signature", q-sign-algorithm=sha1). */
export class Signer {
  readonly #clock: Clock;
  #clockOffset = 0;

  constructor(options: { clock: Clock }) {
    this.#clock = options.clock;
  }

  /**
   * Takes over the server's time (its Date field).
   *
   * @returns whether that changes anything: false when it was taken over before and the server still disagrees.
   */
  correctClock(serverTime: Date): boolean {
    const offset = serverTime.getTime() - this.#clock.now();
    const changes = Math.abs(offset - this.#clockOffset) > EARLY * 1000;
    if (changes) this.#clockOffset = offset;
    return changes;
  }

  /** The headers that make the request authentic. */
  async sign(
    request: Signable,
    { secretId, secretKey, token }: Keys,
  ): Promise<Record<string, string>> {
    const tokenHeader: Record<string, string> = token === undefined
      ? {}
      : { "x-cos-security-token": token };
    const getAuthorization = await loadSigning();
    const start = Math.floor((this.#clock.now() + this.#clockOffset) / 1000) - EARLY;
    return {
      ...tokenHeader,
      authorization: getAuthorization({
        SecretId: secretId,
        SecretKey: secretKey,
        Method: request.method as "GET",
        Pathname: request.path,
        Query: { ...request.query },
        Headers: signedHeaders({ ...request.headers, ...tokenHeader }),
        KeyTime: `${start};${start + LIFETIME + EARLY}`,
      }),
    };
  }
}

/**
 * Which headers are signed: all that mean something to COS alone. A value with bytes beyond ASCII cannot be: the SDK signs
 * characters, COS the bytes that arrive.
 */
function signedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const isSigned = (name: string, value: string) =>
    (name === "host" || name === "content-md5" || name.startsWith("x-cos-")) &&
    /^[\x20-\x7e]*$/.test(value);
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => isSigned(name, value)),
  );
}

type GetAuthorization = typeof import("cos-nodejs-sdk-v5").getAuthorization;
let loading: Promise<GetAuthorization> | undefined;

/**
 * The SDK takes 100 ms and 40 MiB to load: only what talks to COS pays for it. It reads the environment meanwhile, and not
 * later: so whoever gives up that permission loads it before.
 */
export function loadSigning(): Promise<GetAuthorization> {
  return loading ??= import("cos-nodejs-sdk-v5").then((sdk) => sdk.default.getAuthorization);
}

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { CosError } from "./cos_error.ts";
import { percentDecode, percentEncode } from "./percent.ts";

/** A key pair that may sign requests. */
export interface Credential {
  readonly secretId: string;
  readonly secretKey: string;
  /** The token that must come with it, where the keys are temporary. */
  readonly token?: string;
  /** When temporary keys end, in milliseconds since the epoch. */
  readonly expires?: number;
}

/** What a signature covers: path and query decoded, headers by lower-case names with one character a byte. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
}

const FIELDS = [
  "q-sign-algorithm",
  "q-ak",
  "q-sign-time",
  "q-key-time",
  "q-header-list",
  "q-url-param-list",
  "q-signature",
] as const;
type Authorization = Readonly<Record<(typeof FIELDS)[number], string>>;

/** How far a client's clock may be ahead or behind. */
const MAX_SKEW = 15 * 60 * 1000;

/**
 * Checks the signature that a request carries in its Authorization header or its query (COS document 436/7778).
 *
 * @throws {CosError} AccessDenied (none, or past its time), InvalidAccessKeyId, ExpiredToken, RequestTimeTooSkewed,
 * SignatureDoesNotMatch, VerifyAlgorithmNotSupported.
 */
export function verifySignature(
  request: SignedRequest,
  options: { credentials: readonly Credential[]; now: number },
): void {
  const authorization = readAuthorization(request);
  if (!authorization) throw new CosError("AccessDenied", "Access Denied.");
  if (authorization["q-sign-algorithm"] !== "sha1") {
    throw new CosError("VerifyAlgorithmNotSupported", "The signature algorithm must be sha1.");
  }
  const credential = options.credentials.find((c) => c.secretId === authorization["q-ak"]);
  if (!credential) throw unknownKey();
  checkToken(request, { credential, now: options.now });
  checkTime(authorization["q-sign-time"], options.now);
  checkTime(authorization["q-key-time"], options.now);

  const formatString = [
    request.method.toLowerCase(),
    request.path,
    pickSigned(authorization["q-url-param-list"], request.query),
    pickSigned(
      authorization["q-header-list"],
      new Map([...request.headers].map(([name, value]) => [name, decodeUtf8(value)])),
    ),
    "",
  ].join("\n");
  const stringToSign = [
    "sha1",
    authorization["q-sign-time"],
    createHash("sha1").update(formatString).digest("hex"),
    "",
  ].join("\n");
  const signKey = hmac(credential.secretKey, authorization["q-key-time"]);
  if (!equal(hmac(signKey, stringToSign), authorization["q-signature"])) {
    throw new CosError("SignatureDoesNotMatch", "The signature does not match the request.", {
      details: { StringToSign: stringToSign, FormatString: formatString },
    });
  }
}

function readAuthorization({ headers, query }: SignedRequest): Authorization | undefined {
  const header = headers.get("authorization");
  const fields = header === undefined ? query : new Map(
    header.trim().split("&").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  if (FIELDS.some((name) => !fields.has(name))) return undefined;
  return Object.fromEntries(FIELDS.map((name) => [name, fields.get(name)!])) as Authorization;
}

function checkToken(
  { headers, query }: SignedRequest,
  { credential, now }: { credential: Credential; now: number },
): void {
  if (credential.token === undefined) return;
  const token = headers.get("x-cos-security-token") ?? query.get("x-cos-security-token");
  if (token === undefined || !equal(token, credential.token)) throw unknownKey();
  if (credential.expires !== undefined && now >= credential.expires) {
    throw new CosError("ExpiredToken", "The security token has expired.");
  }
}

function unknownKey(): CosError {
  return new CosError("InvalidAccessKeyId", "The Access Key Id you provided does not exist.");
}

/** @param span `start;end` in seconds since the epoch. */
function checkTime(span: string, now: number): void {
  const match = /^(\d+);(\d+)$/.exec(span);
  if (!match) throw new CosError("AccessDenied", "The time of the signature must be start;end.");
  const [start, end] = [Number(match[1]) * 1000, Number(match[2]) * 1000];
  if (start - now > MAX_SKEW) {
    throw new CosError(
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    );
  }
  // SDKs know this case by exactly this text and correct their clock.
  if (now > end) throw new CosError("AccessDenied", "Request has expired");
}

/** `name=value&...` of what `list` names (`a;b`, lower case), both encoded; a name that did not come stands with no value. */
function pickSigned(list: string, actual: ReadonlyMap<string, string>): string {
  if (list === "") return "";
  const values = new Map([...actual].map(([name, value]) => [name.toLowerCase(), value]));
  return list.split(";").map((encoded) => {
    const name = percentDecode(encoded) ?? encoded;
    return `${encoded}=${percentEncode(values.get(name) ?? "")}`;
  }).join("&");
}

/** The text whose UTF-8 bytes are the characters of `value`. */
function decodeUtf8(value: string): string {
  return new TextDecoder().decode(Uint8Array.from(value, (c) => c.charCodeAt(0)));
}

function hmac(key: string, text: string): string {
  return createHmac("sha1", key).update(text).digest("hex");
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

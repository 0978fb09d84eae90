import { ipVersion } from "./cidr.ts";
import type { CertificatePair } from "./certificate.ts";

const DAY = 86_400_000;

/** DER tags (ITU-T X.690). */
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;

/** Contents of object identifiers. */
const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];

const encoder = new TextEncoder();
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/**
 * Makes a key and a certificate signed by that key (RFC 5280 section 4.1): for a demo or a test, since nobody has a reason to
 * trust it.
 *
 * @param options.names domain names and IPv4 addresses; the first is the subject's too.
 * @param options.now milliseconds since the Unix epoch; it is valid from a day before for `days` after.
 */
export async function selfSignedCertificate(options: {
  names: readonly [string, ...string[]];
  now: number;
  days: number;
}): Promise<CertificatePair> {
  const { names, now, days } = options;
  const { publicKey, privateKey } = await crypto.subtle.generateKey(ECDSA, true, [
    "sign",
    "verify",
  ]);
  const algorithm = der(SEQUENCE, der(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256));
  const subject = nameOf(names[0]);
  const unsigned = der(
    SEQUENCE,
    explicit(0, der(INTEGER, [2])), // version 3
    unsignedInteger(crypto.getRandomValues(new Uint8Array(16))),
    algorithm,
    subject,
    der(SEQUENCE, utcTime(now - DAY), utcTime(now + days * DAY)),
    subject,
    await exported("spki", publicKey),
    explicit(3, der(SEQUENCE, alternativeNames(names))),
  );
  const signature = new Uint8Array(await crypto.subtle.sign(ECDSA, privateKey, unsigned));
  const signed = der(
    SEQUENCE,
    unsignedInteger(signature.subarray(0, 32)),
    unsignedInteger(signature.subarray(32)),
  );
  return {
    cert: pem("CERTIFICATE", der(SEQUENCE, unsigned, algorithm, der(BIT_STRING, [0], signed))),
    key: pem("PRIVATE KEY", await exported("pkcs8", privateKey)),
  };
}

function nameOf(commonName: string): Uint8Array<ArrayBuffer> {
  const value = der(UTF8_STRING, encoder.encode(commonName));
  return der(SEQUENCE, der(SET, der(SEQUENCE, der(OBJECT_IDENTIFIER, COMMON_NAME), value)));
}

function alternativeNames(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const DNS_NAME = 0x82;
  const IP_ADDRESS = 0x87;
  const each = names.map((name) =>
    ipVersion(name) === 4
      ? der(IP_ADDRESS, name.split(".").map(Number))
      : der(DNS_NAME, encoder.encode(name))
  );
  const value = der(OCTET_STRING, der(SEQUENCE, ...each));
  return der(SEQUENCE, der(OBJECT_IDENTIFIER, SUBJECT_ALT_NAME), value);
}

/** One element: tag, length, contents. */
function der(tag: number, ...contents: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const prefix = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  const element = new Uint8Array(prefix.length + length);
  let at = 0;
  for (const part of [prefix, ...contents]) {
    element.set(part, at);
    at += part.length;
  }
  return element;
}

function explicit(tag: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return der(0xa0 | tag, content);
}

/** Big-endian bytes as a number that is not negative, in its shortest form. */
function unsignedInteger(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = bytes.findIndex((byte) => byte !== 0);
  const significant = bytes.subarray(start === -1 ? bytes.length - 1 : start);
  return der(INTEGER, significant[0]! >= 0x80 ? [0] : [], significant);
}

/** `YYMMDDHHMMSSZ`: what RFC 5280 wants until 2049. */
function utcTime(time: number): Uint8Array<ArrayBuffer> {
  const text = new Date(time).toISOString().replace(/[-:T]|\.\d+/g, "").slice(2);
  return der(UTC_TIME, encoder.encode(text));
}

async function exported(format: "spki" | "pkcs8", key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey(format, key));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** A certificate, its chain behind it, and its private key. PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** `CN=ftp.example.com`. */
  readonly subject: string;
  /** `DNS:ftp.example.com, IP Address:203.0.113.7`; empty where it has none. */
  readonly names: string;
  readonly validFrom: Date;
  readonly validTo: Date;
}

/** A certificate and key cannot be used. The message says what was found and what was wanted. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  /** Which of the two files is to be looked at. */
  readonly part: "cert" | "key";

  constructor(part: "cert" | "key", message: string, options?: ErrorOptions) {
    super(message, options);
    this.part = part;
  }
}

/**
 * Judges whether a server can use the pair: both are PEM, the key is not encrypted, and it is the certificate's own. Whether
 * the certificate is valid now, and for which names, is for the caller to look at.
 *
 * @throws {CertificateError}
 */
export function judgeCertificate({ cert, key }: CertificatePair): CertificateFacts {
  const certificate = parseCertificate(cert);
  if (!certificate.checkPrivateKey(parseKey(key))) {
    throw new CertificateError(
      "key",
      "found the key of another certificate, wanted the key that belongs to the first certificate",
    );
  }
  return {
    subject: certificate.subject.replaceAll("\n", ", "),
    names: certificate.subjectAltName ?? "",
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
  };
}

/** Judges whether a client can trust what is in a PEM file: certificates, one at least, and none damaged. @throws {CertificateError} */
export function judgeAuthorities(pem: string): void {
  parseCertificate(pem);
  for (const block of blocks(pem, CERTIFICATE)) parseCertificate(block);
}

const CERTIFICATE = /^CERTIFICATE$/;

/** The first one. */
function parseCertificate(pem: string): X509Certificate {
  const [first] = blocks(pem, CERTIFICATE);
  if (!first) {
    throw new CertificateError(
      "cert",
      "found no certificate, wanted PEM with -----BEGIN CERTIFICATE-----",
    );
  }
  try {
    return new X509Certificate(first);
  } catch (cause) {
    throw new CertificateError("cert", "found a damaged certificate, wanted PEM as it was issued", {
      cause,
    });
  }
}

function parseKey(pem: string): KeyObject {
  const [first] = blocks(pem, /PRIVATE KEY$/);
  if (!first) {
    throw new CertificateError(
      "key",
      "found no private key, wanted PEM with -----BEGIN PRIVATE KEY-----",
    );
  }
  if (first.includes("ENCRYPTED")) {
    throw new CertificateError(
      "key",
      "found a private key that is encrypted, wanted one without a passphrase",
    );
  }
  try {
    return createPrivateKey(first);
  } catch (cause) {
    throw new CertificateError("key", "found a damaged private key, wanted PEM as it was made", {
      cause,
    });
  }
}

/** The PEM blocks with such a label; others, and text between them, are passed over. */
function blocks(pem: string, label: RegExp): string[] {
  return [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g)]
    .filter((match) => label.test(match[1]!))
    .map(([block]) => `${block}\n`);
}

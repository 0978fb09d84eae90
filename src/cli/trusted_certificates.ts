import { readTextFile } from "../config/text_file.ts";
import { CertificateError, judgeAuthorities } from "../net/certificate.ts";

/** A file of certificates cannot be used. The message is for the person at the terminal. */
export class TrustedCertificatesError extends Error {
  override readonly name = "TrustedCertificatesError";
}

/** The text of a PEM file with certificates that are to be trusted (`--ca`). @throws {TrustedCertificatesError} */
export function readTrustedCertificates(path: string): string {
  const file = readTextFile(path, Deno.readFileSync);
  if (!("text" in file)) {
    throw new TrustedCertificatesError(`Cannot read --ca ${path}: ${file.reason}`);
  }
  try {
    judgeAuthorities(file.text);
    return file.text;
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw new TrustedCertificatesError(`Cannot use --ca ${path}: ${cause.message}`, { cause });
  }
}

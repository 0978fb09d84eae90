import type { Clock } from "../clock.ts";
import type { Logger } from "../telemetry/log.ts";
import { type CertificateFacts, type CertificatePair, judgeCertificate } from "./certificate.ts";
import { type TlsLease, TlsRelay } from "./tls_relay.ts";

/** How often it is looked whether there is a new certificate, at most. Milliseconds. */
const CHECK_PAUSE = 5_000;

/** Where a certificate comes from. */
export interface CertificateSource {
  /** @throws when there is none. */
  read(): Promise<CertificatePair>;
  /** Another value when {@linkcode CertificateSource.read} may give another pair. @throws when there is none. */
  version(): Promise<string>;
}

/** TLS with one certificate for the connections of an FTP session, until it is disposed of. */
export interface CertificateLease extends Disposable {
  readonly control: TlsLease;
  /** Sessions of control connections are not resumed here. */
  readonly data: TlsLease;
}

/** A certificate that stays as it is. */
export function fixedCertificate(pair: CertificatePair): CertificateSource {
  return { read: () => Promise.resolve(pair), version: () => Promise.resolve("") };
}

/** The certificate in two PEM files. */
export function certificateFiles(files: { cert: string; key: string }): CertificateSource {
  const paths = [files.cert, files.key] as const;
  return {
    async read() {
      const [cert, key] = await Promise.all([
        Deno.readTextFile(files.cert),
        Deno.readTextFile(files.key),
      ]);
      return { cert, key };
    },
    async version() {
      const stats = await Promise.all(paths.map((path) => Deno.stat(path)));
      return stats.map(({ mtime, size, ino }) => `${mtime?.getTime()} ${size} ${ino}`).join();
    },
  };
}

/**
 * The certificate that a server shows. A source that has changed is read again when a session asks for it; sessions keep the
 * certificate that they began with. A new one that cannot be used is logged, and the old one stays.
 */
export class ServerCertificate implements Disposable {
  readonly #source: CertificateSource;
  readonly #clock: Clock;
  readonly #log: Logger;
  #relays: Relays;
  #version: string;
  #checked: number;
  #renewing: Promise<void> | undefined;

  private constructor(
    { source, clock, log }: { source: CertificateSource; clock: Clock; log: Logger },
    { version, relays }: { version: string; relays: Relays },
  ) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
    this.#relays = relays;
    this.#version = version;
    this.#checked = clock.now();
  }

  /** @throws {CertificateError}; what reading or using it throws. */
  static async open(
    options: { source: CertificateSource; clock: Clock; log: Logger },
  ): Promise<ServerCertificate> {
    const version = await options.source.version();
    const pair = await options.source.read();
    const facts = judgeCertificate(pair);
    const certificate = new ServerCertificate(options, { version, relays: new Relays(pair) });
    certificate.#tell("The certificate is in use", facts);
    return certificate;
  }

  /** TLS with the certificate in force now. */
  async lease(): Promise<CertificateLease> {
    if (this.#clock.now() - this.#checked >= CHECK_PAUSE) {
      this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
    }
    await this.#renewing;
    return this.#relays.lease();
  }

  /** What is leased goes on; nothing may be leased any more. */
  [Symbol.dispose](): void {
    this.#relays.retire();
  }

  async #renew(): Promise<void> {
    this.#checked = this.#clock.now();
    // What is wrong with a source is told once, not every time that it is looked at.
    const version = await this.#source.version().catch((error) => String(error));
    if (version === this.#version) return;
    this.#version = version;
    try {
      const pair = await this.#source.read();
      const facts = judgeCertificate(pair);
      const relays = new Relays(pair);
      this.#relays.retire();
      this.#relays = relays;
      this.#tell("A new certificate is in use", facts);
    } catch (error) {
      this.#log.error("The new certificate cannot be used, the old one stays", {
        error: (error as Error).message,
      });
    }
  }

  #tell(message: string, { subject, names, validFrom, validTo }: CertificateFacts): void {
    const fields = { subject, names, validTo: validTo.toISOString() };
    const now = this.#clock.now();
    if (now >= validFrom.getTime() && now < validTo.getTime()) this.#log.info(message, fields);
    else this.#log.warning(`${message}, but it is not valid now`, fields);
  }
}

/**
 * Control and data connections have a relay each. A relay resumes a TLS 1.3 session once; FileZilla offers that of the control
 * connection to all data connections, and fails transfers where it is not resumed after it has been once.
 */
class Relays {
  readonly #control: TlsRelay;
  readonly #data: TlsRelay;

  constructor(pair: CertificatePair) {
    this.#control = new TlsRelay(pair);
    try {
      this.#data = new TlsRelay(pair);
    } catch (error) {
      this.#control.retire();
      throw error;
    }
  }

  lease(): CertificateLease {
    const [control, data] = [this.#control.lease(), this.#data.lease()];
    return {
      control,
      data,
      [Symbol.dispose]: () => {
        control[Symbol.dispose]();
        data[Symbol.dispose]();
      },
    };
  }

  retire(): void {
    this.#control.retire();
    this.#data.retire();
  }
}

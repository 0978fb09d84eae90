import type { Account } from "../accounts/account.ts";
import type { Connection } from "../net/connection.ts";
import type { CertificateLease } from "../net/server_certificate.ts";
import type { Truncation } from "../net/tls_connection.ts";
import { DataConnectionError } from "./data/data_error.ts";

/** How TLS is offered, and where it is wanted. */
export interface TlsService {
  /** Gives out the certificate in force now. @throws when there is none. */
  readonly certificate: { lease(): Promise<CertificateLease> };
  /** `control`: no login without TLS; `all`: no data connection without it either. */
  readonly required: "no" | "control" | "all";
  /** What the end of an upload means that came without a close_notify alert. */
  readonly truncation: Truncation;
}

/** Of data connections (RFC 2228 section 3, PROT). */
export type DataProtection = "clear" | "private";

/** How the connections of a session are protected (RFC 4217). All of them use the certificate of the control connection. */
export class Protection implements Disposable {
  /** Whether PBSZ came, without which there is no PROT. */
  isBufferSizeAgreed = false;
  data: DataProtection = "clear";
  readonly #tls: TlsService | undefined;
  #lease: CertificateLease | undefined;

  /** @param tls undefined where there is no certificate. */
  constructor(tls: TlsService | undefined) {
    this.#tls = tls;
  }

  /** Whether AUTH can be accepted. */
  get isOffered(): boolean {
    return this.#tls !== undefined;
  }

  get isControlPrivate(): boolean {
    return this.#lease !== undefined;
  }

  /** Whether `account`, or with undefined any, may not log in on this control connection. */
  refusesLogin(account?: Account): boolean {
    if (this.isControlPrivate) return false;
    return account?.requireTls === true || (this.#tls !== undefined && this.#tls.required !== "no");
  }

  /** Whether data connections of `account` must not be `level`. */
  refusesData(account: Account | undefined, level: DataProtection = this.data): boolean {
    return level === "clear" && (account?.requireTls === true || this.#tls?.required === "all");
  }

  /**
   * Speaks TLS over the control connection, which it takes over, also when it fails. Its end needs no close_notify: a client
   * that is gone is gone.
   *
   * @throws the signal's reason; what the handshake failed of.
   */
  async protectControl(control: Connection, signal: AbortSignal): Promise<Connection> {
    using taken = new DisposableStack();
    taken.use(control);
    if (!this.#tls) throw new TypeError("Cannot speak TLS: there is no certificate");
    const lease = taken.use(await this.#tls.certificate.lease());
    const connection = await lease.control.accept(control, {
      signal,
      truncation: "accept",
      halfClose: true,
    });
    taken.move();
    this.#lease = lease;
    return connection;
  }

  /**
   * Does for a data connection what PROT asked for. The connection is taken over.
   *
   * @throws {DataConnectionError} `not-protected`; the signal's reason.
   */
  async protectData(connection: Connection, signal: AbortSignal): Promise<Connection> {
    if (this.data === "clear" || !this.#tls || !this.#lease) return connection;
    const { truncation } = this.#tls;
    try {
      return await this.#lease.data.accept(connection, { signal, truncation, halfClose: false });
    } catch (error) {
      signal.throwIfAborted();
      throw new DataConnectionError("not-protected", "TLS could not be agreed upon", {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#lease?.[Symbol.dispose]();
  }
}

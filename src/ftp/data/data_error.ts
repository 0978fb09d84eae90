/** Why there is no data connection, or none any more. */
export type DataErrorKind =
  /** No PASV, EPSV, PORT or EPRT came before: 425. */
  | "not-prepared"
  /** Every passive port is taken: 425. */
  | "no-port"
  /** It was not opened in time, or the peer refused: 425. */
  | "not-opened"
  /** TLS could not be agreed upon: 522. */
  | "not-protected"
  /** It broke while bytes were moving: 426. */
  | "lost"
  /** It ended without close_notify, so that bytes may be missing: 426. */
  | "truncated"
  /** The client neither took nor gave a byte for too long: 426. */
  | "stalled";

/** The data connection failed. The message is fit for an FTP client. */
export class DataConnectionError extends Error {
  override readonly name = "DataConnectionError";
  readonly kind: DataErrorKind;

  constructor(kind: DataErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Who ended a transfer that could have gone on. */
export type TransferAbortReason = "abor" | "control-lost" | "shutdown";

/** A transfer was ended before its end. The message is fit for an FTP client. */
export class TransferAborted extends Error {
  override readonly name = "TransferAborted";
  readonly reason: TransferAbortReason;

  constructor(reason: TransferAbortReason) {
    super(
      {
        "abor": "Transfer aborted",
        "control-lost": "Transfer aborted: the control connection was lost",
        "shutdown": "Transfer aborted: the gateway is shutting down",
      }[reason],
    );
    this.reason = reason;
  }
}

/** An upload above so many bytes is more likely to be cut off, and has the time: it is listened longer whether its client lives. */
const LARGE = 1024 * 1024;

/** One transfer under way, from its command to its last reply: what ABOR ends and STAT reports. */
export class Transfer {
  readonly #controller = new AbortController();
  /** For STAT and the log: `STOR /a/b`. */
  readonly title: string;
  /** Bytes over the data connection so far. */
  bytes = 0;
  /** COS's name for the request that brought or published the file, for the log. */
  requestId: string | undefined;

  constructor(title: string) {
    this.title = title;
  }

  /** Aborts with a {@linkcode TransferAborted}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** For how long its client's control connection is listened to before it is published ({@linkcode Arrivals.settle}). */
  get settlings(): number {
    return this.bytes > LARGE ? 10 : 1;
  }

  abort(reason: TransferAbortReason): void {
    this.#controller.abort(new TransferAborted(reason));
  }
}

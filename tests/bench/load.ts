import type { FtpServerAddress } from "./ftp_client.ts";

/** Transfers to be carried out by some sessions of one server. */
export interface Job extends FtpServerAddress {
  /** Sessions at once; they share the transfers. */
  readonly sessions: number;
  readonly verb: "STOR" | "RETR" | "LIST" | "MLSD" | "NLST";
  /** `#` in it becomes the number of the transfer, from 0. */
  readonly path: string;
  /** Transfers in all. */
  readonly transfers: number;
  /** After that no more are begun. @default as long as it takes */
  readonly seconds?: number;
  /** Of each file that is uploaded. Bytes. */
  readonly size?: number;
}

/** What came of a {@linkcode Job}. */
export interface Outcome {
  /** From the first command after all logins to the last reply. */
  readonly seconds: number;
  /** Transfers that were replied to with success. */
  readonly transfers: number;
  /** Over all data connections. */
  readonly bytes: number;
  /** From the command to the first byte, of the slowest transfer. Milliseconds. */
  readonly firstByte: number;
  /** From the end of the data connection to the reply, of the slowest transfer. Milliseconds. */
  readonly tail: number;
  /** What the other transfers were replied to with. */
  readonly failures: readonly string[];
}

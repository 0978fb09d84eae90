import type { Download } from "../../vfs/download.ts";
import type { Transfer } from "../transfer.ts";
import type { DataConnection } from "./data_connection.ts";
import { AsciiEncoder, type RepresentationType } from "./representation.ts";

/** Bytes read at a time; two such buffers, one being filled while the other is written. */
const CHUNK = 256 * 1024;

/**
 * Moves a file from the store to the client and ends the data connection cleanly.
 *
 * @throws {DataConnectionError} and what the download throws.
 */
export async function send(
  data: DataConnection,
  download: Download,
  options: { type: RepresentationType; transfer: Transfer },
): Promise<void> {
  const { type, transfer } = options;
  const encode = type === "ascii" ? asciiEncoder() : (bytes: Uint8Array) => bytes;
  const chunk = Math.min(CHUNK, Math.max(download.length, 1));
  let [filling, writing] = [new Uint8Array(chunk), new Uint8Array(chunk)];
  let reading = download.read(filling);
  for (;;) {
    const count = await reading;
    if (count === null) break;
    [filling, writing] = [writing, filling];
    reading = download.read(filling);
    // When writing fails first, the read that runs is given up with the download.
    reading.catch(() => {});
    const bytes = encode(writing.subarray(0, count));
    await data.write(bytes);
    transfer.bytes += bytes.length;
  }
  await data.finish();
}

function asciiEncoder(): (bytes: Uint8Array) => Uint8Array {
  const encoder = new AsciiEncoder();
  const into = new Uint8Array(2 * CHUNK);
  return (bytes) => encoder.encode(bytes, into);
}

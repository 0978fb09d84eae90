import type { Upload } from "../../vfs/upload.ts";
import type { Transfer } from "../transfer.ts";
import type { DataConnection } from "./data_connection.ts";
import { AsciiDecoder, type RepresentationType } from "./representation.ts";

/** Bytes read at a time where they must be converted. */
const ASCII_CHUNK = 64 * 1024;

/**
 * Moves a file from the client to the store until the data connection ends cleanly. The socket is read only while the
 * upload has memory to read into.
 *
 * @throws {DataConnectionError} and what the upload throws.
 */
export function receive(
  data: DataConnection,
  upload: Upload,
  options: { type: RepresentationType; transfer: Transfer },
): Promise<void> {
  return options.type === "image"
    ? receiveImage(data, upload, options.transfer)
    : receiveAscii(data, upload, options.transfer);
}

async function receiveImage(data: DataConnection, upload: Upload, transfer: Transfer) {
  for (;;) {
    const count = await data.read(await upload.space());
    if (count === null) return;
    transfer.bytes += count;
    upload.advance(count);
  }
}

async function receiveAscii(data: DataConnection, upload: Upload, transfer: Transfer) {
  const decoder = new AsciiDecoder();
  const chunk = new Uint8Array(ASCII_CHUNK);
  for (;;) {
    const count = await data.read(chunk.subarray(0, ASCII_CHUNK - 1));
    if (count === null) break;
    transfer.bytes += count;
    await upload.write(chunk.subarray(0, decoder.decode(chunk, count)));
  }
  await upload.write(decoder.flush());
}

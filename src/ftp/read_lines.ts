import { type Connection, nextTurn } from "../net/connection.ts";
import { type ControlLine, ControlLineReader } from "./control_line.ts";

/** So many bytes one by one that bring no command are no ABOR's Telnet sequence, but a flood. */
const TELNET_MAX = 64;

/** Bytes after which other connections have their turn: reads that need not wait would keep them from it. */
const TURN = 32 * 1024;

/**
 * Reads lines from a control connection and has each taken, one after the other, until the connection ends. When `control`
 * gives another one after a line (TLS has begun), that one is read; what had arrived behind that line in clear text is thrown
 * away, since anybody on the way could have put it there.
 *
 * @throws what reading throws.
 */
export async function readLines(
  control: () => Connection,
  take: (line: ControlLine) => Promise<void>,
): Promise<void> {
  let connection: Connection;
  do {
    connection = control();
    await readLinesOf(connection, { take, isOver: () => control() !== connection });
  } while (control() !== connection);
}

async function readLinesOf(
  connection: Connection,
  { take, isOver }: { take: (line: ControlLine) => Promise<void>; isOver: () => boolean },
): Promise<void> {
  const buffer = new Uint8Array(4096);
  const lines = new ControlLineReader();
  /** Bytes in a row that were Telnet's. */
  let telnet = 0;
  let readInTurn = 0;
  for (;;) {
    if (readInTurn >= TURN) {
      readInTurn = 0;
      await nextTurn();
    }
    // A read stops where the urgent byte of an ABOR was, and Deno then waits for another packet before it reads on,
    // unless the read had filled its buffer: so nothing but one byte at a time is read there.
    const into = lines.isBetweenLines && telnet < TELNET_MAX ? buffer.subarray(0, 1) : buffer;
    const count = await connection.read(into);
    if (count === null) return;
    readInTurn += count;
    telnet = count === into.length ? telnet + count : 0;
    for (const line of lines.push(into.subarray(0, count))) {
      telnet = 0;
      await take(line);
      if (isOver()) return;
    }
  }
}

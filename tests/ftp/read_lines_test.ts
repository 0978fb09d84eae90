import assert from "node:assert/strict";
import { readLines } from "../../src/ftp/read_lines.ts";
import { bytesOf, ScriptedConnection, textOf } from "../net/scripted_connection.ts";

const IAC_NOP = "\xff\xf1";

/** The lines that come, and how much was asked for by each read. */
async function readAll(pieces: readonly string[]): Promise<{ lines: string[]; asked: number[] }> {
  const connection = new ScriptedConnection(pieces.map(bytesOf));
  const lines: string[] = [];
  await readLines(() => connection, (line) => {
    lines.push(line === "too-long" ? line : textOf(line));
    return Promise.resolve();
  });
  return { lines, asked: connection.readInto.map(({ length }) => length) };
}

Deno.test("a flood of Telnet commands is not read byte by byte", async () => {
  const { lines, asked } = await readAll([IAC_NOP.repeat(50_000) + "NOOP\r\n"]);
  assert.deepEqual(lines, ["NOOP"]);
  assert.ok(asked.length < 100, `${asked.length} reads`);
});

Deno.test("Telnet commands that come now and then leave ABOR's to be read byte by byte", async () => {
  const pieces = Array<string>(100).fill(IAC_NOP);
  const { lines, asked } = await readAll([...pieces, "\xff\xf4\xff", "\xf2ABOR\r\n"]);
  assert.deepEqual(lines, ["ABOR"]);
  // Three bytes, the data mark, the verb's first byte, the rest of the line, the end.
  assert.deepEqual(asked.slice(-7), [1, 1, 1, 1, 1, 4096, 1]);
});

Deno.test("a connection that never has to be waited for leaves others their turn", async () => {
  const connection = new ScriptedConnection([bytesOf("A".repeat(256 * 1024))]);
  const readAtTurn = new Promise<number>((resolve) =>
    setTimeout(() => resolve(connection.readInto.length), 0)
  );
  await readLines(() => connection, () => Promise.resolve());
  assert.ok(await readAtTurn < connection.readInto.length, "all was read before");
});

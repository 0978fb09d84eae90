import assert from "node:assert/strict";
import { ControlLineReader, LINE_MAX, parseCommand } from "../../src/ftp/control_line.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

const [IAC, IP, DM, WILL] = [0xff, 0xf4, 0xf2, 0xfb];

/** The lines that `pieces` make, as Latin-1 text. */
function read(...pieces: (string | readonly number[])[]): string[] {
  const reader = new ControlLineReader();
  return pieces.flatMap((piece) => {
    const bytes = typeof piece === "string" ? encoder.encode(piece) : Uint8Array.from(piece);
    return [...reader.push(bytes)].map((line) => line === "too-long" ? line : decoder.decode(line));
  });
}

Deno.test("ControlLineReader gives the same lines however they are split over segments", () => {
  const bytes = [...encoder.encode("USER a\r\nPASS b c\nSTOR 文.txt\r\n\r\nNOOP\r\n")];
  const expected = read(bytes);
  assert.deepEqual(expected.map((line) => line.length), [6, 8, 12, 0, 4]);
  assert.deepEqual(read(...bytes.map((byte) => [byte])), expected);
  for (let first = 1; first < bytes.length; first++) {
    for (let second = first; second < bytes.length; second++) {
      const pieces = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)];
      assert.deepEqual(read(...pieces), expected, `split at ${first} and ${second}`);
    }
  }
});

Deno.test("ControlLineReader takes CR LF and LF as line ends, and a lone CR as part of the line", () => {
  assert.deepEqual(read("A\r\nB\nC\rD\r\n\n"), ["A", "B", "C\rD", ""]);
});

Deno.test("ControlLineReader reports a line over the limit once and goes on with the next", () => {
  const longest = "x".repeat(LINE_MAX);
  assert.deepEqual(read(`${longest}\r\nNOOP\r\n`), [longest, "NOOP"]);
  assert.deepEqual(read(`${longest}\nNOOP\n`), [longest, "NOOP"]);
  assert.deepEqual(read(`${longest}y\r\nNOOP\r\n`), ["too-long", "NOOP"]);
  assert.deepEqual(read(`${longest}\r\r\nNOOP\r\n`), ["too-long", "NOOP"]);
  assert.deepEqual(read(longest, longest, longest, "\r\n", "NOOP\r\n"), ["too-long", "NOOP"]);
});

Deno.test("ControlLineReader takes Telnet sequences out before a verb, split anywhere", () => {
  const abor = [...encoder.encode("ABOR\r\n")];
  for (
    const telnet of [
      [IAC, IP, IAC, DM],
      [IAC, IP, DM], // the urgent byte was the second IAC
      [IAC, IP, IAC], // the urgent byte was the data mark
      [DM],
      [IAC, WILL, 1, IAC, IP, IAC, DM],
    ]
  ) {
    const bytes = [...telnet, ...abor, ...encoder.encode("NOOP\r\n")];
    for (let split = 0; split <= bytes.length; split++) {
      assert.deepEqual(
        read(bytes.slice(0, split), bytes.slice(split)),
        ["ABOR", "NOOP"],
        `${telnet} split at ${split}`,
      );
    }
  }
});

Deno.test("ControlLineReader leaves every byte within a line alone", () => {
  const line = [...encoder.encode("STOR "), DM, IAC, IP, 0x80, 0x0d, 0x00];
  assert.deepEqual(read([...line, 0x0a]), [decoder.decode(Uint8Array.from(line))]);
});

Deno.test("ControlLineReader ends ABOR at its CR, since ftplib's line feed is urgent and gets lost", () => {
  assert.deepEqual(read("ABOR\r"), ["ABOR"]);
  assert.deepEqual(read("abor\r", "NOOP\r\n"), ["abor", "NOOP"]);
  assert.deepEqual(read("ABOR\r", "\n", "\nNOOP\r\n"), ["ABOR", "", "NOOP"]);
  assert.deepEqual(read("ABORT\rX\r\n"), ["ABORT\rX"]);
});

Deno.test("parseCommand gives the verb in upper case and the argument exactly as it came", () => {
  for (
    const [line, verb, argument] of [
      ["noop", "NOOP", ""],
      ["NOOP ", "NOOP", ""],
      ["sTor  two blanks ", "STOR", " two blanks "],
      ["", "", ""],
      [" NOOP", "", "NOOP"],
      ["CWD\ta", "CWD\tA", ""],
    ] as const
  ) {
    const command = parseCommand(encoder.encode(line));
    assert.deepEqual([command.verb, decoder.decode(command.argument)], [verb, argument], line);
  }
  assert.deepEqual(
    parseCommand(Uint8Array.of(0x43, 0x57, 0x44, 0x20, 0xff, 0x20)).argument,
    Uint8Array.of(0xff, 0x20),
  );
});

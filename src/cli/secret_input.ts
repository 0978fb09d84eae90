import type { Terminal } from "./terminal.ts";

/** Longest secret that is read, in bytes; no control line could carry a longer one. */
const SECRET_MAX = 4096;

/** Why there is no secret. The message is for the person at the terminal. */
export class SecretInputError extends Error {
  override readonly name = "SecretInputError";
}

/**
 * Reads a secret: from the keyboard, unseen, or else the one line that stdin holds.
 *
 * @param options.name for the prompts: `Password`.
 * @param options.typed how often: a new secret twice, one that somebody else knows once.
 * @throws {SecretInputError} when it is empty, no single line of UTF-8, mistyped, or given up.
 */
export async function readSecret(
  terminal: Pick<Terminal, "input" | "err">,
  { name, typed = "twice" }: { name: string; typed?: "once" | "twice" },
): Promise<string> {
  if (!terminal.input.isTerminal()) return secretOf(await readAll(terminal.input));
  const first = secretOf(await readUnseen(terminal, `${name}: `));
  if (typed === "once") return first;
  const second = secretOf(await readUnseen(terminal, `${name} again: `));
  if (first !== second) throw new SecretInputError("what was typed twice was not the same");
  return first;
}

/** @throws {SecretInputError} */
function secretOf(bytes: Uint8Array): string {
  let secret: string;
  try {
    secret = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw new SecretInputError("it is not UTF-8");
  }
  if (secret === "") throw new SecretInputError("it is empty");
  if (/\p{Cc}/u.test(secret)) throw new SecretInputError("wanted one line, no control characters");
  return secret;
}

async function readAll(input: Terminal["input"]): Promise<Uint8Array> {
  const buffer = new Uint8Array(SECRET_MAX);
  for (let length = 0; length < buffer.length;) {
    const count = await input.read(buffer.subarray(length));
    if (count === null) return buffer.subarray(0, length);
    length += count;
  }
  throw new SecretInputError(`it is longer than ${SECRET_MAX - 1} bytes`);
}

const KEY = { ctrlC: 3, ctrlD: 4, backspace: 8, lineFeed: 10, return: 13, ctrlU: 21, delete: 127 };

/** A typed line. Without echo the terminal leaves its editing to us. */
async function readUnseen(
  terminal: Pick<Terminal, "input" | "err">,
  prompt: string,
): Promise<Uint8Array> {
  const { input } = terminal;
  input.setRaw(true);
  try {
    // Only now: whoever types fast would see the first letters.
    terminal.err(prompt);
    return await readLine(input);
  } finally {
    input.setRaw(false);
    terminal.err("\n");
  }
}

async function readLine(input: Terminal["input"]): Promise<Uint8Array> {
  const line: number[] = [];
  const key = new Uint8Array(1);
  while (line.length < SECRET_MAX) {
    if (await input.read(key) === null) throw new SecretInputError("the terminal has gone");
    switch (key[0]) {
      case KEY.return:
      case KEY.lineFeed:
        return Uint8Array.from(line);
      case KEY.ctrlC:
      case KEY.ctrlD:
        throw new SecretInputError("given up");
      case KEY.ctrlU:
        line.length = 0;
        break;
      case KEY.backspace:
      case KEY.delete:
        // A character ends with the byte that does not go on with another one (UTF-8).
        while (isContinuation(line.at(-1))) line.pop();
        line.pop();
        break;
      default:
        line.push(key[0]!);
    }
  }
  throw new SecretInputError(`it is longer than ${SECRET_MAX - 1} bytes`);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

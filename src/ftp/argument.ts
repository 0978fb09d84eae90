import { CommandError } from "./command_error.ts";
import { Code } from "./reply.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What follows a verb, exactly as it came. */
export class Argument {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.bytes.length === 0;
  }

  /** @throws {CommandError} 501 for bytes that are no UTF-8: a name is never guessed. */
  get text(): string {
    try {
      return decoder.decode(this.bytes);
    } catch (cause) {
      throw new CommandError(Code.argumentSyntaxError, "The argument is not UTF-8", { cause });
    }
  }
}

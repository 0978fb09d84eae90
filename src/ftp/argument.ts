import type { NameEncoding } from "../accounts/name_encoding.ts";
import { CommandError } from "./command_error.ts";
import { Code } from "./reply.ts";

/** What follows a verb, exactly as it came. */
export class Argument {
  readonly bytes: Uint8Array;
  readonly #encoding: NameEncoding;

  constructor(bytes: Uint8Array, encoding: NameEncoding) {
    this.bytes = bytes;
    this.#encoding = encoding;
  }

  get isEmpty(): boolean {
    return this.bytes.length === 0;
  }

  /** @throws {CommandError} 501 for bytes that are not of the session's encoding: a name is never guessed. */
  get text(): string {
    try {
      return this.#encoding.decode(this.bytes);
    } catch (cause) {
      throw new CommandError(
        Code.argumentSyntaxError,
        `The argument is not ${this.#encoding.name}`,
        {
          cause,
        },
      );
    }
  }
}

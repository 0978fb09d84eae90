import { Code, type ReplyCode } from "./reply.ts";

/** A command cannot be carried out as it was given. The message is the reply's text. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: ReplyCode;

  constructor(code: ReplyCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The answer to what the account's authority does not allow. */
export function notPermitted(): CommandError {
  return new CommandError(Code.actionNotTaken, "The account is not permitted to do this");
}

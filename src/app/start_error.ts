/** A job cannot start. The message is one clear line for the operator. */
export class StartError extends Error {
  override readonly name = "StartError";
}

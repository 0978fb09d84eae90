import { readPassword } from "../accounts/passwords.ts";
import { text, type ValueType } from "./values.ts";

/** A password, or a hash of one that can be compared with. */
export const password: ValueType<string> = {
  wanted: "a password, or a line of cosftp hash-password",
  read(given) {
    try {
      readPassword(given);
    } catch {
      return undefined;
    }
    return text("").read(given);
  },
};

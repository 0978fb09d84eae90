import { readPassword } from "../accounts/passwords.ts";
import type { UserConfig } from "./config.ts";
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

/** What stands between separators; a backslash takes the meaning from the character behind it. */
const ENTRY = /(?:\\[^]|[^,\n])+/g;

/** Name and password without the blanks around them. A hash of a password has colons of its own. */
const USER =
  /^\s*((?:\\[^]|[^\\:])*(?:\\[^]|[^\\:\s]))\s*:\s*((?:\\[^]|[^\\])*(?:\\[^]|[^\\\s]))\s*$/;

/** `user1:pass1, user2:pass2`, or one on each line. */
export const userList: ValueType<readonly UserConfig[]> = {
  wanted: "name:password between commas, with a \\ before each , and \\, and each : of a name",
  read(list) {
    const users = (list.match(ENTRY) ?? []).map(readUser);
    return users.length > 0 && users.every((user) => user !== undefined) ? users : undefined;
  },
};

function readUser(entry: string): UserConfig | undefined {
  const [name, given] = USER.exec(entry)?.slice(1).map(unescape) ?? [];
  if (name === undefined || given === undefined) return undefined;
  const isRight = text("").read(name) !== undefined && password.read(given) !== undefined;
  return isRight ? { name, password: given } : undefined;
}

function unescape(text: string): string {
  return text.replace(/\\([^])/g, "$1");
}

import type { Command } from "commander";
import { ExitCode } from "./exit_code.ts";
import { readSecret, SecretInputError } from "./secret_input.ts";
import type { Terminal } from "./terminal.ts";

/** Adds `cosftp hash-password` to the tree. */
export function addHashPassword(program: Command, act: () => Promise<void>): void {
  program.command("hash-password")
    .summary("make a hash to put in a password's place")
    .description(
      "Reads a password, from the keyboard (unseen, twice) or from stdin, and writes its hash to stdout: one line for\n" +
        "ftp_login_user_password or ftp_login_users, from which nobody can tell the password.",
    )
    .action(act);
}

/** Writes the hash of the password that is typed or piped in. @returns `failed` when there is none. */
export async function hashPassword(terminal: Terminal): Promise<ExitCode> {
  try {
    const password = await readSecret(terminal, { name: "Password" });
    const { hashPassword } = await import("../accounts/passwords.ts");
    terminal.out(`${await hashPassword(new TextEncoder().encode(password))}\n`);
    return ExitCode.ok;
  } catch (error) {
    if (!(error instanceof SecretInputError)) throw error;
    terminal.err(`cosftp hash-password: Cannot use the password: ${error.message}\n`);
    return ExitCode.failed;
  }
}

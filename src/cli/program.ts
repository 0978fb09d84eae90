import { Command, CommanderError } from "commander";
import { addCheckKeys, checkKeys } from "./check_keys.ts";
import { addDoctor, doctor } from "./doctor.ts";
import { addEmulator, emulator } from "./emulator.ts";
import { ExitCode } from "./exit_code.ts";
import { addHashPassword, hashPassword } from "./hash_password.ts";
import { raiseOpenFilesMax } from "./open_files.ts";
import { addServe, serve } from "./serve.ts";
import type { Terminal } from "./terminal.ts";
import { addValidate, validate } from "./validate.ts";
import { VERSION } from "./version.ts";

const HELP_WIDTH = 100;

const EXAMPLES = `Examples:
  cosftp serve --demo                      try it: no configuration, no cloud account
  cosftp validate --config vsftpd.conf     what is wrong with a configuration
  cosftp check-keys --config vsftpd.conf   whether COS accepts its keys, and what they may do
  cosftp serve --config vsftpd.conf        the gateway
  cosftp doctor --target ftp://user@host   why an FTP server cannot be used from here
`;

/**
 * Does what the command line says. What a subcommand works with is only loaded when it runs.
 *
 * @param args without the program's name.
 * @returns what the process is to exit with; never throws.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok;
  const program = createProgram(terminal);
  addServe(program, async (options) => {
    exitCode = await serve(options, { terminal });
  });
  addValidate(program, async (names, options) => {
    exitCode = await validate(names, { options, terminal });
  });
  addCheckKeys(program, async (names, options) => {
    exitCode = await checkKeys(names, { options, terminal });
  });
  addDoctor(program, async (names, options) => {
    exitCode = await doctor(names, options, terminal);
  });
  addEmulator(program, async (options) => {
    exitCode = await emulator(options, { terminal });
  });
  addHashPassword(program, async () => {
    exitCode = await hashPassword(terminal);
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has already written its message, the help or the version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    terminal.err(`cosftp: ${error instanceof Error ? error.stack ?? error.message : error}\n`);
    return ExitCode.failed;
  }
}

/** The tree without its subcommands; it writes through `terminal` and never ends the process. */
function createProgram(terminal: Terminal): Command {
  return new Command("cosftp")
    .description("cosftp lets any FTP client work on Tencent Cloud COS buckets.")
    .version(`cosftp ${VERSION}`)
    .addHelpText("before", EXAMPLES)
    .showHelpAfterError("Run cosftp --help for what there is.")
    .exitOverride()
    // Only doctor asks libc for more than this, and programs that read the firewall.
    .hook("preAction", async (_, action) => {
      if (action.name() === "doctor") return;
      if (action.name() === "serve") await raiseOpenFilesMax();
      terminal.giveUp(["run", "ffi"]);
    })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

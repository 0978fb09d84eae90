import { type Command, Option } from "commander";
import { bucket } from "../config/cos_values.ts";
import { readTextFile } from "../config/text_file.ts";
import { integer, socketAddress, text } from "../config/values.ts";
import { formatAddress, type SocketAddress } from "../net/connection.ts";
import { ExitCode } from "./exit_code.ts";
import { flagValue, flagValues } from "./flag.ts";
import type { Terminal } from "./terminal.ts";

/** The keys that are accepted where no others are given. They protect nothing. */
const WELL_KNOWN_KEYS = { secretId: "AKIDemulator", secretKey: "emulator" };

/** The bucket of the documents' samples, there where no other is asked for. */
const SAMPLE_BUCKET = "examplebucket-1250000000";

const FAULTS_HELP = `
Faults are switched on while it runs, from this machine, by
  curl -X PUT http://127.0.0.1:9000/_emulator/faults -d \\
    '[{"operation": "UploadPart", "times": 2, "fault": {"kind": "error", "code": "SlowDown"}}]'
and off again by DELETE. Kinds: latency, error, error-in-200, timeout, lose-answer,
reset-before-answer, reset-in-request, reset-in-answer, truncate-answer, corrupt-request,
corrupt-answer, corrupt-checksum. src/emulator/README.md says what each does.`;

/** What `cosftp emulator` was told. */
export interface EmulatorOptions {
  /** `--listen` */
  readonly listen: SocketAddress;
  /** `--bucket`, as often as it was given */
  readonly bucket?: readonly string[];
  /** `--secret-id` */
  readonly secretId?: string;
  /** `--secret-key-file` */
  readonly secretKeyFile?: string;
  /** `--data-dir` */
  readonly dataDir?: string;
  /** `--latency`, in milliseconds */
  readonly latency: number;
}

/** Adds `cosftp emulator` to the tree; `act` is called with what the command line says. */
export function addEmulator(
  program: Command,
  act: (options: EmulatorOptions) => Promise<void>,
): void {
  const defaults = `SecretId ${WELL_KNOWN_KEYS.secretId}, SecretKey ${WELL_KNOWN_KEYS.secretKey}`;
  program.command("emulator")
    .summary("run a COS-compatible server")
    .description(
      "Runs a COS-compatible server for development and tests. It verifies signatures.\n" +
        `Without --secret-id and --secret-key-file the keys are ${defaults}.`,
    )
    .addOption(
      new Option("--listen <host:port>", "where requests are awaited")
        .argParser(flagValue(socketAddress))
        .default({ hostname: "127.0.0.1", port: 9000 }, "127.0.0.1:9000"),
    )
    .option(
      "--bucket <name-appid>",
      `a bucket that is there from the start, may be repeated (default: ${SAMPLE_BUCKET})`,
      flagValues(bucket),
    )
    .option("--secret-id <id>", "the SecretId that is accepted", flagValue(text("a SecretId")))
    .option("--secret-key-file <file>", "the file with its SecretKey")
    .option("--data-dir <dir>", "keep the objects in a directory, not in memory")
    .addOption(
      new Option("--latency <ms>", "how long every answer is held back")
        .argParser(flagValue(integer({ min: 0, max: 60_000 }))).default(0),
    )
    .addHelpText("after", FAULTS_HELP)
    .action(act);
}
/** The part of `app/app.ts` that emulates. */
type App = Pick<typeof import("../app/app.ts"), "runEmulator" | "StartError">;

/** Runs the server until it is told to stop. @returns `usage` when the keys are not given in full. */
export async function emulator(
  options: EmulatorOptions,
  { terminal, loadApp = () => import("../app/app.ts") }: {
    terminal: Terminal;
    loadApp?: () => Promise<App>;
  },
): Promise<ExitCode> {
  const keys = readKeys(options);
  if ("wrong" in keys) {
    terminal.err(`cosftp emulator: ${keys.wrong}\n`);
    return ExitCode.usage;
  }
  const app = await loadApp();
  const buckets = options.bucket ?? [SAMPLE_BUCKET];
  try {
    await app.runEmulator({
      listen: options.listen,
      buckets,
      ...keys,
      dataDir: options.dataDir,
      latency: options.latency,
      logLevel: "INFO",
      surroundings: terminal,
      onReady: (address) =>
        terminal.out(`COS emulator: http://${formatAddress(address)}, ${buckets.join(", ")}\n`),
    });
    return ExitCode.ok;
  } catch (error) {
    if (!(error instanceof app.StartError)) throw error;
    terminal.err(`cosftp emulator: ${error.message}\n`);
    return ExitCode.failed;
  }
}

function readKeys(
  { secretId, secretKeyFile }: EmulatorOptions,
): { secretId: string; secretKey: string } | { wrong: string } {
  if (!secretId && !secretKeyFile) return WELL_KNOWN_KEYS;
  if (!secretId || !secretKeyFile) {
    return {
      wrong: "Cannot accept half a key: wanted both --secret-id and --secret-key-file or neither",
    };
  }
  const file = readTextFile(secretKeyFile, Deno.readFileSync);
  const secretKey = "text" in file ? file.text.trim() : "";
  if (secretKey) return { secretId, secretKey };
  const reason = "text" in file ? "it is empty" : file.reason;
  return { wrong: `Cannot read the SecretKey from ${secretKeyFile}: ${reason}, wanted one line` };
}

import { systemClock } from "../clock.ts";
import { type Emulator, startEmulator } from "../emulator/emulator.ts";
import type { SocketAddress } from "../net/connection.ts";
import { createLogger, type Logger, type LogLevel } from "../telemetry/log.ts";
import { openListener } from "./open_listener.ts";
import { StartError } from "./start_error.ts";
import { aborted, DISPENSABLE, type Surroundings } from "./surroundings.ts";

/** What an embedded COS server is to be. */
interface EmulatorSettings {
  readonly listen: SocketAddress;
  readonly buckets: readonly string[];
  readonly secretId: string;
  readonly secretKey: string;
  /** Where the objects are kept; undefined: in memory. */
  readonly dataDir: string | undefined;
  /** Milliseconds. */
  readonly latency: number;
}

/**
 * Runs the embedded COS server until it is interrupted.
 *
 * @throws {StartError} when it cannot start.
 */
export async function runEmulator(
  options: EmulatorSettings & {
    logLevel: LogLevel;
    surroundings: Surroundings;
    /** Called when requests can come. */
    onReady: (address: SocketAddress) => void;
  },
): Promise<void> {
  const { surroundings } = options;
  const { interrupted } = surroundings;
  const log = createLogger({
    level: options.logLevel,
    sinks: [{ write: (line) => surroundings.err(line) }],
    clock: systemClock,
  });
  await using emulator = await openEmulator({ ...options, log });
  surroundings.giveUp(options.dataDir === undefined ? [...DISPENSABLE, "write"] : DISPENSABLE);
  options.onReady(emulator.address);
  await aborted(interrupted);
}

/** @throws {StartError} */
export async function openEmulator(
  options: EmulatorSettings & { log: Logger },
): Promise<Emulator> {
  const { secretId, secretKey, log: logger } = options;
  const listener = openListener(options.listen);
  try {
    return await startEmulator({
      ...options,
      listener,
      credentials: [{ secretId, secretKey }],
      clock: systemClock,
      logger,
    });
  } catch (error) {
    listener.close();
    throw new StartError((error as Error).message, { cause: error });
  }
}

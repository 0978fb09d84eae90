import type { Clock } from "../clock.ts";
import { formatFields, formatMessage } from "./log_line.ts";

/** Levels of the predecessor's `log_level`, least important first. */
export const LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a log line says besides its message. Values are escaped, so a peer cannot forge a line. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** Where log lines go. Logging never throws and never waits. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  critical(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

/** Takes finished lines. */
export interface LogSink {
  /** Called with one line and its line feed; when it throws, the other sinks still get the line. */
  write(line: string): void;
}

/**
 * Writes lines of at least `level` to every sink at once, so that a crash loses none of those before it:
 *
 * ```text
 * 2026-01-15T12:00:00.000Z INFO Upload stored session=7 account=demo path="/a b.txt" bytes=1024
 * ```
 *
 * A quoted value is a JSON string. A field whose name speaks of a secret (password, secret key, token, authorization) is
 * written as `<redacted>`, one that is undefined not at all.
 */
export function createLogger(options: {
  level: LogLevel;
  sinks: readonly LogSink[];
  clock: Clock;
}): Logger {
  const { level, sinks, clock } = options;
  const least = LOG_LEVELS.indexOf(level);

  const loggerFor = (bound: string): Logger => {
    const writer = (level: LogLevel): Logger["info"] => {
      if (LOG_LEVELS.indexOf(level) < least) return () => {};
      return (message, fields) => {
        const time = new Date(clock.now()).toISOString();
        const line = `${time} ${level} ${formatMessage(message)}${bound}${formatFields(fields)}\n`;
        for (const sink of sinks) {
          try {
            sink.write(line);
          } catch {
            // Nobody is left who could be told.
          }
        }
      };
    };
    return {
      debug: writer("DEBUG"),
      info: writer("INFO"),
      warning: writer("WARNING"),
      error: writer("ERROR"),
      critical: writer("CRITICAL"),
      with: (fields) => loggerFor(bound + formatFields(fields)),
    };
  };
  return loggerFor("");
}

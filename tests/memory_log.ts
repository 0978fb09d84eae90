import type { LogFields, Logger } from "../src/telemetry/log.ts";

/** A line as it was logged. */
export interface LoggedLine {
  readonly level: "debug" | "info" | "warning" | "error" | "critical";
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers; loggers made by {@linkcode MemoryLog.with} write into the same lines. */
export class MemoryLog implements Logger {
  readonly lines: LoggedLine[];
  readonly #fields: LogFields;

  constructor(options: { lines?: LoggedLine[]; fields?: LogFields } = {}) {
    this.lines = options.lines ?? [];
    this.#fields = options.fields ?? {};
  }

  debug(message: string, fields?: LogFields): void {
    this.#add("debug", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#add("info", message, fields);
  }
  warning(message: string, fields?: LogFields): void {
    this.#add("warning", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#add("error", message, fields);
  }
  critical(message: string, fields?: LogFields): void {
    this.#add("critical", message, fields);
  }

  with(fields: LogFields): Logger {
    return new MemoryLog({ lines: this.lines, fields: { ...this.#fields, ...fields } });
  }

  #add(level: LoggedLine["level"], message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}

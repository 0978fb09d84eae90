import type { Clock } from "../clock.ts";
import type { Logger, LogSink } from "./log.ts";

/** Milliseconds between two looks at whether the path still leads to the open file, or two attempts at a failed one. */
const CHECK_INTERVAL = 1_000;

/**
 * `cos_v5.log`, appended to line by line without a buffer. Before it would grow beyond `rotateSize` it is renamed to
 * `cos_v5.log.1`, that to `.2` and so on.
 *
 * Nothing that happens to the file stops the gateway: a full disk, a file or directory that is removed, moved or made
 * unwritable. Lines that cannot be written are lost here, not in other sinks. `trouble` hears of the first of them and of
 * the first that works again; until then the file is opened anew every second.
 */
export class LogFile implements LogSink, Disposable {
  readonly path: string;
  readonly #directory: string;
  readonly #rotateSize: number;
  readonly #backupCount: number;
  readonly #clock: Clock;
  readonly #trouble: Logger;
  readonly #encoder = new TextEncoder();
  #file: Deno.FsFile | undefined;
  #size = 0;
  #rotateAt = Infinity;
  #checkedAt = -Infinity;
  /** Lines lost since the file failed. */
  #lost = 0;
  /** Whether the file may end in a piece of a line. */
  #torn = false;

  /**
   * @param options.directory Made when it is missing.
   * @param options.rotateSize Bytes; 0 = never.
   * @param options.backupCount How many renamed files are kept.
   * @param options.trouble A logger that does not write to this file.
   */
  constructor(options: {
    directory: string;
    rotateSize: number;
    backupCount: number;
    clock: Clock;
    trouble: Logger;
  }) {
    this.path = `${options.directory}/cos_v5.log`;
    this.#directory = options.directory;
    this.#rotateSize = options.rotateSize;
    this.#backupCount = options.backupCount;
    this.#clock = options.clock;
    this.#trouble = options.trouble;
  }

  write(line: string): void {
    const now = this.#clock.now();
    const elapsed = now - this.#checkedAt;
    // A clock that was set back must not postpone the check.
    const checkDue = elapsed >= CHECK_INTERVAL || elapsed < 0;
    if (this.#lost > 0 && !checkDue) {
      this.#lost++;
      return;
    }
    if (checkDue) this.#checkedAt = now;
    try {
      if (checkDue) this.#closeIfReplaced();
      this.#append(this.#encoder.encode(line));
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#lost > 0) {
      this.#trouble.warning("The log file works again", { path: this.path, lost: this.#lost });
      this.#lost = 0;
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #append(line: Uint8Array): void {
    let file = this.#file ?? this.#open();
    if (this.#size > 0 && this.#size + line.length > this.#rotateAt) file = this.#rotate();
    if (this.#torn) this.#writeAll(file, new Uint8Array([0x0a]));
    this.#torn = true;
    this.#writeAll(file, line);
    this.#torn = false;
  }

  #writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length;) {
      const count = file.writeSync(bytes.subarray(written));
      if (count === 0) throw new Deno.errors.WriteZero("the file takes no more bytes");
      written += count;
      this.#size += count;
    }
  }

  #open(): Deno.FsFile {
    Deno.mkdirSync(this.#directory, { recursive: true });
    const file = Deno.openSync(this.path, { append: true, create: true });
    this.#file = file;
    this.#size = file.statSync().size;
    this.#rotateAt = this.#rotateSize || Infinity;
    if (this.#size === 0) this.#torn = false;
    return file;
  }

  /** @returns the file to go on with: the old one where it cannot be renamed, for another `rotateSize` bytes. */
  #rotate(): Deno.FsFile {
    this.#closeIfReplaced();
    if (!this.#file) return this.#open();
    try {
      for (let age = this.#backupCount; age > 0; age--) {
        const younger = age === 1 ? this.path : `${this.path}.${age - 1}`;
        if (exists(younger)) Deno.renameSync(younger, `${this.path}.${age}`);
      }
      if (this.#backupCount === 0) Deno.removeSync(this.path);
    } catch (error) {
      this.#rotateAt = this.#size + this.#rotateSize;
      this.#trouble.warning("Cannot rotate the log file, it goes on growing", {
        path: this.path,
        reason: String(error),
      });
      return this.#file;
    }
    this.#close();
    return this.#open();
  }

  #fail(error: unknown): void {
    this.#close();
    if (this.#lost === 0) {
      this.#trouble.error("Cannot write the log file, its lines are lost until it works again", {
        path: this.path,
        reason: String(error),
      });
    }
    this.#lost++;
  }

  /** Lets go of a file that was removed or renamed by somebody else. */
  #closeIfReplaced(): void {
    if (this.#file && !leadsTo(this.path, this.#file)) this.#close();
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Whether `path` is `file`; also true when that cannot be found out. */
function leadsTo(path: string, file: Deno.FsFile): boolean {
  try {
    const [there, here] = [Deno.statSync(path), file.statSync()];
    return there.ino === here.ino && there.dev === here.dev;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

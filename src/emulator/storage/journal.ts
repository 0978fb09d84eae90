import type { Logger } from "../../telemetry/log.ts";
import type { Change } from "./change.ts";
import { decodeChange, encodeChange } from "./change.ts";
import { syncDirectory, writeAll } from "./durable_file.ts";

const encoder = new TextEncoder();

/**
 * The changes of a store in the order in which they happened, one line each, in the file `journal` of a directory. Changes
 * that are appended while the disk is busy share the next flush.
 */
export class Journal implements AsyncDisposable {
  readonly #file: Deno.FsFile;
  #waiting = "";
  /** The flush that is under way, kept for good when it fails. */
  #running: Promise<void> | undefined;
  /** The flush that will take what is waiting. */
  #next: Promise<void> | undefined;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Reads the journal of `directory`, if there is one. What a crash cut off at its end was never flushed, so nobody was
   * told of it: it is left out and reported to `logger`.
   */
  static async *read(directory: string, logger: Logger): AsyncIterable<Change> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(`${directory}/journal`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    let count = 0;
    let line = "";
    for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
      const lines = (line + text).split("\n");
      line = lines.pop()!;
      for (const complete of lines) {
        let change: Change;
        try {
          change = decodeChange(complete);
        } catch {
          logger.warning("Left out the end of the journal: a line is damaged", { line: count + 1 });
          return;
        }
        count++;
        yield change;
      }
    }
    if (line !== "") {
      logger.warning("Left out the end of the journal: the last line is incomplete", {
        line: count + 1,
      });
    }
  }

  /** Puts `changes` in place of the journal of `directory`, in one step, and opens it for more. */
  static async replace(directory: string, changes: Iterable<Change>): Promise<Journal> {
    const path = `${directory}/journal`;
    const file = await Deno.open(`${path}.new`, { write: true, create: true, truncate: true });
    try {
      let text = "";
      for (const change of changes) {
        text += encodeChange(change) + "\n";
        if (text.length < 1024 * 1024) continue;
        await writeAll(file, encoder.encode(text));
        text = "";
      }
      await writeAll(file, encoder.encode(text));
      await file.sync();
      await Deno.rename(`${path}.new`, path);
      await syncDirectory(directory);
      return new Journal(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Adds a change. {@linkcode Journal.flushed} tells when it is on disk. */
  append(change: Change): void {
    this.#waiting += encodeChange(change) + "\n";
    if (this.#next) return;
    this.#next = (this.#running ?? Promise.resolve()).then(() => this.#flush());
    this.#next.catch(() => {}); // whoever asks for flushed() gets it
  }

  /**
   * Resolves when everything appended so far would survive a crash.
   *
   * @throws what writing threw, from then on always: the journal and the store in memory have parted.
   */
  flushed(): Promise<void> {
    return this.#next ?? this.#running ?? Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.flushed();
    } finally {
      this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    this.#running = this.#next;
    this.#next = undefined;
    const text = this.#waiting;
    this.#waiting = "";
    await writeAll(this.#file, encoder.encode(text));
    await this.#file.syncData();
    this.#running = undefined;
  }
}

import { LONG_UPLOADS } from "./generate_session.ts";
import type { Said } from "./said.ts";
import { seededRandom } from "../seeded_random.ts";

/** An upload as its client means it. */
export interface MeantUpload {
  /** From the root; undefined where only the gateway knows it. */
  readonly path: string | undefined;
  /** The byte of the file that the client's first one is, by REST. */
  readonly marker: number;
  /** What the client sends, if it sends all. */
  readonly content: Uint8Array;
  /** What the file holds in front of that, if the client knows. */
  readonly base: Uint8Array | undefined;
  /** Whether the client goes on where it was just told that something is kept. */
  readonly resumes: boolean;
}

/** How much of a file the gateway said that it keeps. */
export interface ToldSize {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Commands after which what SIZE said still holds. */
const KEEPS_TOLD = new Set("TYPE PASV EPSV PORT EPRT REST NOOP PWD MODE STRU".split(" "));

/** Bytes that no line ends are in, and none of which are the same in another place for long. */
const POOL = (() => {
  const random = seededRandom(1);
  const bytes = new Uint8Array(2 * Math.max(...LONG_UPLOADS));
  return bytes.map(() => 97 + Math.floor(random() * 26));
})();

/** The files of a client, and what it knows of those whose upload was interrupted. */
export class ClientFiles {
  readonly #interrupted = new Map<string, Uint8Array>();
  #uploads = 0;
  #told: ToldSize | undefined;

  /** What SIZE has just said is kept; undefined when something has come since that could have changed it. */
  get told(): ToldSize | undefined {
    return this.#told;
  }

  /** Files that the client would still have uploaded, by path. */
  get interrupted(): ReadonlyMap<string, Uint8Array> {
    return this.#interrupted;
  }

  /**
   * What a client uploads by `command`: the rest of the file, where it goes on with an interrupted upload; else another file.
   */
  mean(
    { verb }: Said,
    { path, marker, size }: { path: string | undefined; marker: number; size: number },
  ): MeantUpload {
    const told = this.#told?.path === path ? this.#told?.size : undefined;
    const from = verb === "STOR" ? marker : verb === "APPE" ? told ?? 0 : 0;
    const file = path === undefined ? undefined : this.#interrupted.get(path);
    if (file && from > 0 && from < file.length) {
      const [base, content] = [file.slice(0, from), file.slice(from)];
      return { path, marker, content, base, resumes: from === told };
    }
    const isNew = verb === "STOR" && marker === 0;
    const base = isNew ? new Uint8Array() : undefined;
    return { path, marker, content: this.#newFile(size), base, resumes: false };
  }

  /** Takes the last reply to a command. @param kept what SIZE said that is kept. */
  heard(verb: string, kept: ToldSize | undefined): void {
    if (kept || !KEEPS_TOLD.has(verb)) this.#told = kept;
  }

  brokeOff({ path, base, content }: MeantUpload): void {
    if (path === undefined || base === undefined) return;
    this.#interrupted.set(path, joined(base, content));
  }

  finished({ path }: MeantUpload): void {
    if (path !== undefined) this.#interrupted.delete(path);
  }

  /** Bytes that no other upload of the session has, if there are enough of them. */
  #newFile(size: number): Uint8Array {
    const start = ++this.#uploads * 4099 % (POOL.length / 2);
    const file = POOL.slice(start, start + size);
    file.set(new TextEncoder().encode(`upload ${this.#uploads} `).subarray(0, size));
    return file;
  }
}

export function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

import {
  type CallOptions,
  type ObjectInfo,
  type ObjectStore,
  uninterrupted,
} from "../store/object_store.ts";
import type { FileTimes } from "./file_times.ts";
import { discardKept, findKept } from "./kept_upload.ts";
import type { MultipartResources } from "./multipart_upload.ts";
import { moveDirectory, moveFile } from "./rename.ts";
import { TreeError } from "./tree_error.ts";
import { findFinished } from "./upload_start.ts";
import { directoryKey, fileKey, isName, RESERVED_NAME, VirtualPath } from "./virtual_path.ts";

/** How many vanished directories one session remembers. */
const VANISHED_MAX = 10_000;

/**
 * The time of a file of which only a part is kept: older than any other. NcFTP 3.2.6 (`ncftpput -z`) resumes what is newer than
 * its own file by REST n and then sends that from its beginning, to every server; what is older it uploads anew.
 */
const UNFINISHED = new Date(0);

/** One name in a directory. */
export interface Entry {
  readonly name: string;
  readonly kind: "file" | "directory";
  /** Bytes; 0 for a directory. */
  readonly size: number;
  /** COS keeps no times for directories. */
  readonly modified: Date | undefined;
}

/**
 * The FTP view of a bucket (or of the part below a key prefix), for one session. A directory `a/b` exists when a key
 * begins with `a/b/`: its marker object, or anything in it. A file and a directory of one name can both exist.
 */
export class Tree {
  readonly #resources: MultipartResources;
  readonly #store: ObjectStore;
  readonly #keyPrefix: string;
  readonly #times: FileTimes | undefined;
  /**
   * Directories that ended to exist when this session took out the last thing in them. To their client they are still
   * there, empty: it may stay in them, and remove them.
   */
  readonly #vanished = new Set<string>();
  /** The file of which the client was last told, by {@linkcode Tree.statUploaded}, how much is kept. */
  #shownKept: string | undefined;

  /** @param options.times where clients may set the times of files. */
  constructor(
    options: { resources: MultipartResources; keyPrefix: string; times?: FileTimes },
  ) {
    this.#resources = options.resources;
    this.#store = options.resources.store;
    this.#keyPrefix = options.keyPrefix;
    this.#times = options.times;
  }

  /** The store behind this view. */
  get store(): ObjectStore {
    return this.#store;
  }

  /** @throws {TreeError} `name-not-allowed`, `not-a-file`. */
  fileKey(path: VirtualPath): string {
    return fileKey(this.#keyPrefix, path);
  }

  /** @throws {TreeError} `not-found` where no file has this path. */
  async statFile(path: VirtualPath, options: CallOptions): Promise<ObjectInfo> {
    const info = await this.#findFile(path, options);
    if (!info) throw new TreeError("not-found", `${path}: No such file or directory`);
    return this.#times ? { ...info, modified: this.#times.of(info) } : info;
  }

  /**
   * Sets a file's time, where the account keeps them.
   *
   * @throws {TreeError} `not-found`, `not-permitted`.
   */
  async setTime(path: VirtualPath, time: Date): Promise<void> {
    const info = await this.statFile(path, uninterrupted());
    await this.#times?.set(this.fileKey(path), { info, time });
  }

  /** The file of this path, else the directory. @throws {TreeError} `not-found`. */
  async stat(path: VirtualPath, options: CallOptions): Promise<Entry> {
    const info = path.isRoot ? undefined : await this.#findFile(path, options);
    return info ? this.#fileEntry(path, info) : await this.#statDirectory(path, options);
  }

  /**
   * What whoever uploads a file sees of it: how much is kept of an interrupted upload that is newer than the finished file;
   * else as {@linkcode Tree.stat}.
   *
   * @throws {TreeError} `not-found`.
   */
  async statUploaded(path: VirtualPath, options: CallOptions): Promise<Entry> {
    if (path.isRoot) return await this.stat(path, options);
    const key = this.fileKey(path);
    const finished = findFinished(this.#store, { key, ...options });
    const kept = await findKept(this.#resources.records, { key, finished, ...options });
    this.#shownKept = kept && path.toString();
    const info = await finished;
    if (kept) return { name: path.name, kind: "file", size: kept.size, modified: UNFINISHED };
    if (info) return this.#fileEntry(path, info);
    return await this.#statDirectory(path, options);
  }

  /** Whether the client was just told by {@linkcode Tree.statUploaded} how much of this file is kept. */
  hasShownKept(path: VirtualPath): boolean {
    return this.#shownKept === path.toString();
  }

  /** Whether `path` is a directory, in one request however much is in it or beside it. */
  async isDirectory(path: VirtualPath, options: CallOptions): Promise<boolean> {
    if (path.isRoot) return true;
    const prefix = directoryKey(this.#keyPrefix, path);
    const { objects } = await this.#store.list({ ...options, prefix, limit: 1 });
    return objects.length > 0 || this.#vanished.has(path.toString());
  }

  /**
   * The entries of a directory, a page of the store at a time and each page sorted by name. Keys that no FTP path can
   * name are left out. A directory that does not exist has no pages and does not throw.
   */
  async *list(path: VirtualPath, options: CallOptions): AsyncGenerator<Entry[]> {
    const prefix = directoryKey(this.#keyPrefix, path);
    const isShown = (name: string) => isName(name) && !(path.isRoot && name === RESERVED_NAME);
    let marker: string | undefined;
    do {
      const page = await this.#store.list({ ...options, prefix, delimiter: "/", marker });
      const entries: Entry[] = [];
      const files = page.objects.filter(({ key }) => isShown(key.slice(prefix.length)));
      const times = await this.#times?.ofListed(files, options);
      files.forEach(({ key, size, modified }, index) => {
        const name = key.slice(prefix.length);
        entries.push({ name, kind: "file", size, modified: times?.[index] ?? modified });
      });
      for (const key of page.prefixes) {
        const name = key.slice(prefix.length, -1);
        if (isShown(name)) entries.push({ name, kind: "directory", size: 0, modified: undefined });
      }
      yield entries.sort((a, b) => compareNames(a.name, b.name));
      marker = page.nextMarker;
    } while (marker !== undefined);
  }

  /** Makes a directory by its marker object. @throws {TreeError} `exists`. */
  async makeDirectory(path: VirtualPath, options: CallOptions): Promise<void> {
    if (path.isRoot || await this.#holdsKeys(path, options)) {
      throw new TreeError("exists", `${path}: Directory exists`);
    }
    await this.#store.put(directoryKey(this.#keyPrefix, path), [], options);
    this.#vanished.delete(path.toString());
  }

  /** Removes an empty directory. @throws {TreeError} `not-found`, `not-empty`. */
  async removeDirectory(path: VirtualPath, options: CallOptions): Promise<void> {
    if (path.isRoot) throw new TreeError("not-permitted", "Cannot remove the root directory");
    const marker = directoryKey(this.#keyPrefix, path);
    const { objects } = await this.#store.list({ ...options, prefix: marker, limit: 2 });
    if (objects.some(({ key }) => key !== marker)) {
      throw new TreeError("not-empty", `${path}: Directory not empty`);
    }
    if (objects.length > 0) {
      await this.#store.delete(marker, options);
      this.#rememberAncestors(path);
    } else if (!this.#vanished.has(path.toString())) {
      throw new TreeError("not-found", `${path}: No such directory`);
    }
    this.#vanished.delete(path.toString());
  }

  /** For who may not replace a file. @throws {TreeError} `exists`. */
  async refuseExisting(path: VirtualPath, options: CallOptions): Promise<void> {
    if (await this.#findFile(path, options)) throw new TreeError("exists", `${path}: File exists`);
  }

  /** Removes a file, and what is kept of interrupted uploads of it. @throws {TreeError} `not-found` when there is neither. */
  async removeFile(path: VirtualPath, options: CallOptions): Promise<void> {
    const { records } = this.#resources;
    const key = this.fileKey(path);
    // COS answers a delete of nothing with success, so look first: a client is not told that it removed what was not there.
    const finished = findFinished(this.#store, { key, ...options });
    const kept = await findKept(records, { key, finished, ...options });
    const info = await finished;
    if (!info && !kept) throw new TreeError("not-found", `${path}: No such file`);
    if (kept) {
      await records.takeOver(kept.recordKey);
      await discardKept(records, { key, reason: "the file is removed" });
    }
    if (info) await this.#store.delete(key, options);
    this.#rememberAncestors(path);
  }

  /**
   * Moves a file or a directory (`rename.ts` says how). The file comes first where both have that name.
   *
   * @param options.maxFiles a directory with more files is refused.
   * @throws {TreeError} `not-found`, `same-path`, `inside-itself`, `too-many-files`, `not-permitted`; `exists` when `to`
   * is a directory and `from` too, or `overwrite` is "forbid" and `to` is a file.
   */
  async rename(
    from: VirtualPath,
    to: VirtualPath,
    options: { overwrite: "allow" | "forbid"; maxFiles: number },
  ): Promise<void> {
    if (from.isRoot || to.isRoot) {
      throw new TreeError("not-permitted", "Cannot rename the root directory");
    }
    if (from.toString() === to.toString()) {
      throw new TreeError("same-path", `${from}: Cannot rename onto itself`);
    }
    const info = await this.#findFile(from, uninterrupted());
    if (info) {
      const [source, target] = [this.fileKey(from), this.fileKey(to)];
      const { overwrite } = options;
      await moveFile(this.#resources, { from: source, to: target, info, overwrite });
    } else await this.#renameDirectory(from, to, options);
    this.#rememberAncestors(from);
  }

  async #renameDirectory(
    from: VirtualPath,
    to: VirtualPath,
    { maxFiles }: { maxFiles: number },
  ): Promise<void> {
    if (!await this.#holdsKeys(from, uninterrupted())) {
      throw new TreeError("not-found", `${from}: No such file or directory`);
    }
    if (from.contains(to)) {
      throw new TreeError("inside-itself", `${from}: Cannot move a directory into itself`);
    }
    if (await this.#findFile(to, uninterrupted())) {
      throw new TreeError("exists", `${to}: File exists`);
    }
    await moveDirectory(this.#resources, {
      from: directoryKey(this.#keyPrefix, from),
      to: directoryKey(this.#keyPrefix, to),
      maxFiles,
    });
  }

  #findFile(path: VirtualPath, options: CallOptions): Promise<ObjectInfo | undefined> {
    return findFinished(this.#store, { key: this.fileKey(path), ...options });
  }

  #fileEntry(path: VirtualPath, info: ObjectInfo): Entry {
    const modified = this.#times?.of(info) ?? info.modified;
    return { name: path.name, kind: "file", size: info.size, modified };
  }

  async #statDirectory(path: VirtualPath, options: CallOptions): Promise<Entry> {
    if (await this.isDirectory(path, options)) {
      return { name: path.name, kind: "directory", size: 0, modified: undefined };
    }
    throw new TreeError("not-found", `${path}: No such file or directory`);
  }

  async #holdsKeys(path: VirtualPath, options: CallOptions): Promise<boolean> {
    const prefix = directoryKey(this.#keyPrefix, path);
    const { objects } = await this.#store.list({ ...options, prefix, limit: 1 });
    return objects.length > 0;
  }

  #rememberAncestors(path: VirtualPath): void {
    for (let at = path.parent; !at.isRoot; at = at.parent) {
      const name = at.toString();
      this.#vanished.delete(name);
      this.#vanished.add(name);
    }
    for (const oldest of this.#vanished) {
      if (this.#vanished.size <= VANISHED_MAX) break;
      this.#vanished.delete(oldest);
    }
  }
}

/** In the order of their UTF-8 bytes, which is the store's; that of UTF-16 has surrogates before U+E000 to U+FFFF. */
function compareNames(a: string, b: string): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const [first, second] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (first === second) continue;
    return Number(isSurrogate(first)) - Number(isSurrogate(second)) || first - second;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

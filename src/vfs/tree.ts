import {
  type CallOptions,
  type ObjectInfo,
  type ObjectStore,
  StoreError,
} from "../store/object_store.ts";
import { TreeError } from "./tree_error.ts";
import { directoryKey, fileKey, isName, VirtualPath } from "./virtual_path.ts";

/** COS copies at most this much in one request (PUT Object - Copy). Bytes. */
const COPY_MAX = 5 * 1024 ** 3;

/** How many vanished directories one session remembers. */
const VANISHED_MAX = 10_000;

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
  readonly #store: ObjectStore;
  readonly #keyPrefix: string;
  /**
   * Directories that ended to exist when this session took out the last thing in them. To their client they are still
   * there, empty: it may stay in them, and remove them.
   */
  readonly #vanished = new Set<string>();

  constructor(options: { store: ObjectStore; keyPrefix: string }) {
    this.#store = options.store;
    this.#keyPrefix = options.keyPrefix;
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
    try {
      return await this.#store.head(this.fileKey(path), options);
    } catch (error) {
      throw notFound(error, path);
    }
  }

  /** The file of this path, else the directory. @throws {TreeError} `not-found`. */
  async stat(path: VirtualPath, options: CallOptions): Promise<Entry> {
    if (!path.isRoot) {
      try {
        const { size, modified } = await this.statFile(path, options);
        return { name: path.name, kind: "file", size, modified };
      } catch (error) {
        if (!(error instanceof TreeError && error.kind === "not-found")) throw error;
      }
    }
    if (await this.isDirectory(path, options)) {
      return { name: path.name, kind: "directory", size: 0, modified: undefined };
    }
    throw new TreeError("not-found", `${path}: No such file or directory`);
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
    let marker: string | undefined;
    do {
      const page = await this.#store.list({ ...options, prefix, delimiter: "/", marker });
      const entries: Entry[] = [];
      for (const { key, size, modified } of page.objects) {
        const name = key.slice(prefix.length);
        if (isName(name)) entries.push({ name, kind: "file", size, modified });
      }
      for (const key of page.prefixes) {
        const name = key.slice(prefix.length, -1);
        if (isName(name)) entries.push({ name, kind: "directory", size: 0, modified: undefined });
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

  /** Removes a file. @throws {TreeError} `not-found`. */
  async removeFile(path: VirtualPath, options: CallOptions): Promise<void> {
    // COS answers a delete of nothing with success, so look first: a client is not told that it removed what was not there.
    await this.statFile(path, options);
    await this.#store.delete(this.fileKey(path), options);
    this.#rememberAncestors(path);
  }

  /**
   * Moves a file: copies it within COS, checks the copy, then removes the source.
   *
   * @throws {TreeError} `not-found`; `same-path`; `rename-unsupported` for a directory or a file above 5 GB; `exists`
   * when `overwrite` is "forbid" and `to` is a file.
   */
  async rename(
    from: VirtualPath,
    to: VirtualPath,
    options: CallOptions & { overwrite: "allow" | "forbid" },
  ): Promise<void> {
    const { signal } = options;
    const [source, target] = [this.fileKey(from), this.fileKey(to)];
    if (source === target) throw new TreeError("same-path", `${from}: Cannot rename onto itself`);
    const info = await this.#statRenamable(from, { signal });
    const copied = await this.#copy(source, target, {
      signal,
      ifMatch: info.etag,
      storageClass: info.storageClass,
      forbidOverwrite: options.overwrite === "forbid",
    }, to);
    if (
      info.crc64 !== undefined && copied.crc64 !== undefined && info.crc64 !== copied.crc64
    ) {
      await this.#store.delete(target, { signal });
      throw new StoreError(`Cannot rename ${source}: the copy's CRC64 differs from the source's`, {
        kind: "corrupt",
        code: "CopyDiffers",
      });
    }
    await this.#store.delete(source, { signal });
    this.#rememberAncestors(from);
  }

  async #statRenamable(path: VirtualPath, options: CallOptions): Promise<ObjectInfo> {
    let info: ObjectInfo;
    try {
      info = await this.statFile(path, options);
    } catch (error) {
      const missing = error instanceof TreeError && error.kind === "not-found";
      if (!missing || !await this.isDirectory(path, options)) throw error;
      throw new TreeError("rename-unsupported", `${path}: Directories cannot be renamed yet`);
    }
    if (info.size <= COPY_MAX) return info;
    throw new TreeError("rename-unsupported", `${path}: Files above 5 GB cannot be renamed yet`);
  }

  async #copy(
    source: string,
    target: string,
    options: Parameters<ObjectStore["copy"]>[2],
    to: VirtualPath,
  ): ReturnType<ObjectStore["copy"]> {
    try {
      return await this.#store.copy(source, target, options);
    } catch (error) {
      if (
        options.forbidOverwrite && error instanceof StoreError && error.kind === "conflict" &&
        error.code !== "PreconditionFailed"
      ) {
        throw new TreeError("exists", `${to}: File exists`, { cause: error });
      }
      throw error;
    }
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

function notFound(error: unknown, path: VirtualPath): unknown {
  if (error instanceof StoreError && error.kind === "not-found" && error.code !== "NoSuchBucket") {
    return new TreeError("not-found", `${path}: No such file or directory`, { cause: error });
  }
  return error;
}

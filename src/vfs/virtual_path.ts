import { TreeError } from "./tree_error.ts";

/** COS refuses longer keys (PUT Object, "Object key"): bytes of UTF-8. */
export const KEY_MAX_BYTES = 850;

/** The directory at an account's root where cosftp keeps what it writes down itself. To FTP clients it does not exist. */
export const RESERVED_NAME = ".cosftp";

const encoder = new TextEncoder();

/**
 * An absolute path as an FTP client sees it: `/` or `/a/b`. Its segments are never empty, `.` or `..` and hold no
 * control characters, so that a path cannot leave the key prefix it is joined to. The first is never the reserved name.
 */
export class VirtualPath {
  static readonly root: VirtualPath = new VirtualPath([]);
  readonly segments: readonly string[];

  /** @throws {TreeError} `name-not-allowed`. */
  private constructor(segments: readonly string[]) {
    if (segments[0] === RESERVED_NAME) {
      throw new TreeError("name-not-allowed", `Cannot use /${RESERVED_NAME}: the name is reserved`);
    }
    this.segments = segments;
  }

  /**
   * Resolves what a client sent against the working directory. `//` counts as `/`, `..` above the root stays there, as in
   * POSIX. Everything else (`%2e`, backslashes, Unicode look-alikes) is part of a name.
   *
   * @throws {TreeError} `name-not-allowed` for control characters, and below the reserved name.
   */
  resolve(text: string): VirtualPath {
    const segments = text.startsWith("/") ? [] : [...this.segments];
    for (const segment of text.split("/")) {
      if (segment === "" || segment === ".") continue;
      if (segment === "..") segments.pop();
      else segments.push(checkedName(segment));
    }
    return new VirtualPath(segments);
  }

  /** The path of `name` in this directory. */
  child(name: string): VirtualPath {
    return new VirtualPath([...this.segments, checkedName(name)]);
  }

  /** The directory that holds this path; the root's is the root. */
  get parent(): VirtualPath {
    return new VirtualPath(this.segments.slice(0, -1));
  }

  /** The last segment; empty for the root. */
  get name(): string {
    return this.segments.at(-1) ?? "";
  }

  get isRoot(): boolean {
    return this.segments.length === 0;
  }

  /** Whether `other` lies below this path. */
  contains(other: VirtualPath): boolean {
    return other.segments.length > this.segments.length &&
      this.segments.every((segment, index) => segment === other.segments[index]);
  }

  toString(): string {
    return `/${this.segments.join("/")}`;
  }
}

/**
 * The key of the object that is the file `path`.
 *
 * @throws {TreeError} `name-not-allowed` when the key is too long for COS; `not-a-file` for the root.
 */
export function fileKey(keyPrefix: string, path: VirtualPath): string {
  if (path.isRoot) throw new TreeError("not-a-file", `Cannot use ${path} as a file`);
  return checkedKey(keyPrefix + path.segments.join("/"));
}

/**
 * What the keys below the directory `path` begin with, and the key of its marker object; empty for the root of a bucket.
 *
 * @throws {TreeError} `name-not-allowed` when the key is too long for COS.
 */
export function directoryKey(keyPrefix: string, path: VirtualPath): string {
  return path.isRoot ? keyPrefix : checkedKey(`${keyPrefix}${path.segments.join("/")}/`);
}

/** Whether a listed name can be spoken of over FTP: what {@linkcode VirtualPath} could not name is not shown either. */
export function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/") &&
    !hasControlCharacter(name);
}

function checkedName(name: string): string {
  if (hasControlCharacter(name)) {
    throw new TreeError("name-not-allowed", "Cannot use a name with control characters");
  }
  return name;
}

/** How long a key is to COS. */
export function keyBytes(key: string): number {
  return encoder.encode(key).length;
}

function checkedKey(key: string): string {
  const bytes = keyBytes(key);
  if (bytes > KEY_MAX_BYTES) {
    throw new TreeError(
      "name-not-allowed",
      `Cannot use a path of ${bytes} bytes: COS keys have at most ${KEY_MAX_BYTES}`,
    );
  }
  return key;
}

function hasControlCharacter(text: string): boolean {
  // C0, DEL and C1, among which U+009B steers terminals.
  return /\p{Cc}/u.test(text);
}

import { createHash } from "node:crypto";
import { noise } from "../checksum/noise.ts";

/** Files by their path, without a leading slash; a path that ends with `/` is a directory. */
export type FileTree = ReadonlyMap<string, Uint8Array>;

/** What a tree holds: SHA-256 by path. Directories appear, with an empty digest, only where nothing lies below them. */
export type Digests = Readonly<Record<string, string>>;

const NOTHING = new Uint8Array(0);

/** Everything that breaks naive servers and clients: names, depths, emptiness, and sizes around those of a part. */
export function sampleTree(partSize: number): FileTree {
  return new Map([
    ...sizes(partSize).map(([name, size]) => [`sizes/${name}`, noise(size)] as const),
    ...NAMES.map((name) => [`names/${name}`, new TextEncoder().encode(name)] as const),
    ["d/e/e/p/e/r/and/deeper/still/leaf", noise(3)],
    ["directory of 日本/ファイル", noise(4)],
    ["#1 & 100% %41;sure?+/f", noise(5)],
    ["empty/", NOTHING],
    ["d/empty/", NOTHING],
  ]);
}

/** Names that mean something to a shell, a URL, an FTP server or a listing, and some that are just long or far away. */
const NAMES = [
  "plain.txt",
  "a b  c.txt",
  "it's.txt",
  'say "hello".txt',
  "#%?&+;.txt",
  "100%25.txt",
  "-rf",
  "-la dir",
  ".hidden",
  "no extension",
  "中文文件.txt",
  "日本語 ファイル.txt",
  "🎉👩‍👩‍👧.txt",
  `${"n".repeat(196)}.txt`,
  `${"長".repeat(65)}12345`,
];

function sizes(part: number): [string, number][] {
  return [
    ["zero", 0],
    ["one", 1],
    ["part minus 1", part - 1],
    ["part", part],
    ["part plus 1", part + 1],
    ["3 parts plus 7", 3 * part + 7],
  ];
}

/** The files and directories of `tree` that `wanted` accepts. */
export function filterTree(tree: FileTree, wanted: (path: string) => boolean): FileTree {
  return new Map([...tree].filter(([path]) => wanted(path)));
}

/** `tree` as it looks from the directory that `directory` lies in. */
export function treeIn(directory: string, tree: FileTree): FileTree {
  return new Map([...tree].map(([path, bytes]) => [`${directory}/${path}`, bytes]));
}

/** The paths of a tree's files. */
export function filesOf(tree: FileTree): string[] {
  return [...tree.keys()].filter((path) => !path.endsWith("/"));
}

/** Writes a tree into a directory, made when missing. */
export async function writeTree(directory: string, tree: FileTree): Promise<void> {
  for (const [path, bytes] of tree) {
    const parent = path.slice(0, path.lastIndexOf("/") + 1);
    await Deno.mkdir(`${directory}/${parent}`, { recursive: true });
    if (!path.endsWith("/")) await Deno.writeFile(`${directory}/${path}`, bytes);
  }
}

export function digestTree(tree: FileTree): Digests {
  return digests([...tree].map(([path, bytes]) => [path, sha256(bytes)]));
}

/** The digests of what lies on disk below `directory`. */
export async function digestDirectory(directory: string): Promise<Digests> {
  const found: [string, string][] = [];
  const visit = async (below: string) => {
    for await (const { name, isDirectory } of Deno.readDir(`${directory}/${below}`)) {
      const path = below + name;
      if (isDirectory) {
        found.push([`${path}/`, ""]);
        await visit(`${path}/`);
      } else {
        found.push([path, sha256(await Deno.readFile(`${directory}/${path}`))]);
      }
    }
  };
  await visit("");
  return digests(found);
}

/** Digests from what was found, sorted; directories that something lies below are left out. */
export function digests(found: readonly (readonly [path: string, sha256: string])[]): Digests {
  const paths = found.map(([path]) => path).sort();
  const holdsAny = (directory: string) =>
    paths[paths.indexOf(directory) + 1]?.startsWith(directory);
  return Object.fromEntries(
    found.filter(([path]) => !path.endsWith("/") || !holdsAny(path))
      .map(([path, digest]) => [path, path.endsWith("/") ? "" : digest] as const)
      .sort(([a], [b]) => a < b ? -1 : 1),
  );
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

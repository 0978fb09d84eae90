import { Buffer } from "node:buffer";
import { PART_SIZE } from "../ftp/gateway.ts";
import { joined, type MeantUpload } from "./client_files.ts";

/** Bytes of a finished upload, behind others unless it `isWhole`. */
interface Finished {
  readonly content: Uint8Array;
  /** As in {@linkcode MeantUpload}. */
  readonly marker: number;
  readonly isWhole: boolean;
}

/** Whatever files may hold after what was uploaded so far. */
export class KnownContents {
  readonly #finished: Finished[] = [];
  /** What may be kept of interrupted uploads, by path: always less than this. */
  readonly #broken = new Map<string, Uint8Array[]>();

  /** A file may hold this. */
  add(content: Uint8Array): void {
    this.#finished.push({ content, marker: 0, isWhole: true });
  }

  /** An upload ended well, or may have, after so many bytes. */
  finished({ base, marker }: MeantUpload, sent: Uint8Array): void {
    if (base) this.add(joined(base, sent));
    if (base?.length !== 0) this.#finished.push({ content: sent, marker, isWhole: false });
  }

  /** An upload ended otherwise, after so many bytes. */
  brokeOff({ path, base, marker }: MeantUpload, sent: Uint8Array): void {
    if (path === undefined) return;
    const broken = this.#broken.get(path) ?? [];
    const known = base ? [joined(base, sent)] : marker === 0 ? [sent] : [];
    // A client that goes on may have another file than the one that is kept.
    const from = base?.length ?? marker;
    const isNew = base?.length === 0;
    const mixed = isNew ? [] : broken.flatMap(kept).flatMap((beginning) => {
      const skipped = base ? beginning.length - from : 0;
      return skipped < 0 || skipped > sent.length
        ? []
        : [joined(beginning, sent.subarray(skipped))];
    });
    this.#broken.set(path, [...broken, ...known, ...mixed]);
  }

  /** Whether there is no doubt of which file something may be kept. */
  isClear(path: string): boolean {
    const [longest, ...others] = (this.#broken.get(path) ?? []).toSorted((a, b) =>
      b.length - a.length
    );
    return longest !== undefined &&
      others.every((bytes) => areEqual(bytes, longest.subarray(0, bytes.length)));
  }

  /** Whether a file can be so long, or so much of it kept. */
  measures(path: string, size: number): boolean {
    return this.#mayBeKept(path, size) || this.#lengths().has(size);
  }

  /** Whether what was said to be the size of a file can only be what is kept of it. */
  isKept(path: string, size: number): boolean {
    return this.#mayBeKept(path, size) && !this.#lengths().has(size);
  }

  /** Whether a file may hold this. */
  knows(bytes: Uint8Array, after = this.#finished.length): boolean {
    return this.#finished.slice(0, after).some(({ content, isWhole }, index) => {
      if (isWhole) return areEqual(bytes, content);
      const length = bytes.length - content.length;
      if (length < 0) return false;
      if (!areEqual(bytes.subarray(length), content)) return this.#isResumed(bytes, content);
      return this.knows(bytes.subarray(0, length), index) || this.#isResumed(bytes, content);
    });
  }

  /** Whether it is the beginning of an interrupted upload, and then the end of `content`. */
  #isResumed(bytes: Uint8Array, content: Uint8Array): boolean {
    return [...this.#broken.values()].flat().flatMap(kept).some((beginning) => {
      const rest = bytes.length - beginning.length;
      return rest >= 0 && rest <= content.length &&
        areEqual(bytes.subarray(0, beginning.length), beginning) &&
        areEqual(bytes.subarray(beginning.length), content.subarray(content.length - rest));
    });
  }

  #mayBeKept(path: string, size: number): boolean {
    const broken = this.#broken.get(path) ?? [];
    return size >= PART_SIZE && broken.some(({ length }) => size < length);
  }

  #lengths(): ReadonlySet<number> {
    const lengths = new Set<number>();
    const keptOnes = [...this.#broken.values()].flat().flatMap(keptLengths);
    for (const { content, isWhole, marker } of this.#finished) {
      const bases = isWhole ? [0] : [marker, ...lengths, ...keptOnes];
      for (const base of bases) lengths.add(base + content.length);
    }
    return lengths;
  }
}

/** What may be kept of an upload: all parts that are full, and a tail of one part but for its last byte. */
function keptLengths({ length }: Uint8Array): number[] {
  const parts = Array.from(
    { length: Math.floor(length / PART_SIZE) },
    (_, n) => (n + 1) * PART_SIZE,
  );
  return [...new Set([...parts.filter((size) => size < length), length - 1])].filter((size) =>
    size >= PART_SIZE
  );
}

function kept(bytes: Uint8Array): Uint8Array[] {
  return keptLengths(bytes).map((length) => bytes.subarray(0, length));
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}

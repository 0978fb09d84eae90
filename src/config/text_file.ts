/** Reads a whole file. @throws the operating system's error. */
export type ReadFile = (path: string) => Uint8Array;

/** Why there is no text. The path is not repeated. */
export interface TextFault {
  readonly reason: string;
  readonly remedy: string;
  /** The first line with a byte that is no UTF-8, from 1. */
  readonly line?: number;
  /** Whether there is no such file at all. */
  readonly isAbsent: boolean;
}

/** The text of a UTF-8 file, without a byte order mark. */
export function readTextFile(path: string, readFile: ReadFile): { text: string } | TextFault {
  let bytes: Uint8Array;
  try {
    bytes = readFile(path);
  } catch (error) {
    return {
      reason: systemReason(error),
      remedy: "Name a file that exists and that cosftp may read",
      isAbsent: error instanceof Deno.errors.NotFound,
    };
  }
  const text = decode(bytes, "utf-8");
  if (text !== undefined) return { text };
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return {
      reason: "it is UTF-16, which some editors call Unicode",
      remedy: "Save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8",
      isAbsent: false,
    };
  }
  const isGbk = decode(bytes, "gb18030") !== undefined;
  return {
    reason: isGbk ? "it is not UTF-8 but probably GBK" : "it is not UTF-8 text",
    remedy: isGbk
      ? "Save it as UTF-8, for example with iconv -f GB18030 -t UTF-8"
      : "Save it as UTF-8",
    line: firstBrokenLine(bytes),
    isAbsent: false,
  };
}

/** `no such file or directory`: the system's words, which Deno follows with a number and the path. */
function systemReason(error: unknown): string {
  const [, words] = /^(.+?) \(os error \d+\)/.exec(error instanceof Error ? error.message : "") ??
    [];
  if (words) return words[0]!.toLowerCase() + words.slice(1);
  return error instanceof Deno.errors.NotCapable ? "no permission to read it" : "it cannot be read";
}

function decode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function firstBrokenLine(bytes: Uint8Array): number {
  const LINE_FEED = 0x0a;
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(LINE_FEED, start);
    if (end < 0 || decode(bytes.subarray(start, end), "utf-8") === undefined) return line;
    start = end + 1;
    line++;
  }
}

/** Ways to write "one directory up": plain, encoded once and twice, overlong, in other scripts, with things added. */
const UP = [
  "..",
  "...",
  "....",
  ".. ",
  " ..",
  "..;",
  "..%00",
  "..\u0000",
  "..\\",
  "%2e%2e",
  "%2E%2E",
  ".%2e",
  "%252e%252e",
  "%c0%ae%c0%ae",
  "%u002e%u002e",
  "\u2024\u2024", // one dot leaders
  "\u2025", // two dot leader
  "\uff0e\uff0e", // full-width full stops
  "\u3002\u3002", // ideographic full stops
  ".\u200b.", // zero-width space
  ".\u0301.", // combining accent
  "\u202e..", // right-to-left override
  "\ufeff..", // byte order mark
  "..\ufeff",
  "\u2060..", // word joiner
  "..\ufe0e", // variation selector
  "\u00b7\u00b7", // middle dots
  "%uff0e%uff0e",
  "%%32%65%%32%65",
  "%e0%80%ae%e0%80%ae",
  "..%01",
  "..\t",
  "..\u0085", // next line
  "..\u00a0", // no-break space
  "-..",
  "~..",
  '".."',
  "'..'",
];

/** Ways to write the slash between. */
const SLASH = [
  "/",
  "//",
  "/./",
  "\\",
  "%2f",
  "%252f",
  "%5c",
  "\uff0f",
  "\u2215",
  "\u2044",
];

/** Paths that try to leave the key prefix, or to name something in it that FTP must not name. */
export function* traversalAttempts(): Generator<string> {
  for (const up of UP) {
    for (const slash of SLASH) {
      yield `${up}${slash}outside.txt`;
      yield `/${up}${slash}${up}${slash}outside.txt`;
      yield `a${slash}${up}${slash}${up}${slash}${up}${slash}outside.txt`;
    }
    yield up;
    yield `/${up}/`;
  }
  yield* [
    "",
    ".",
    "/",
    "//",
    "///outside.txt",
    "/../../../../../../outside.txt",
    "./../outside.txt",
    "a/../../outside.txt",
    "?prefix=outside",
    "#outside",
    "outside.txt?acl",
    "?uploads",
    "a\r\nHost: outside",
    "a b HTTP/1.1",
    "http://outside/",
    "//outside-host/outside.txt",
    "*",
    "~/outside.txt",
    "~root",
    "$HOME",
    "`id`",
    "a/".repeat(300) + "../".repeat(300) + "outside.txt",
    "../".repeat(500) + "outside.txt",
  ];
}

import { LINE_MAX } from "../../src/ftp/control_line.ts";
import { pick, type Random } from "./random.ts";

/** Arguments that a command is made for, by verb. One character a byte. */
const FITTING: Readonly<Record<string, readonly (string | undefined)[]>> = {
  USER: ["alice"],
  PASS: ["secret", "secret", "wrong"],
  ACCT: ["any"],
  TYPE: ["I", "I", "A", "A N", "L 8", "i", "E"],
  STRU: ["F", "R"],
  MODE: ["S", "B", "C"],
  PORT: ["{hostport}"],
  EPRT: ["{extended}"],
  EPSV: [undefined, undefined, undefined, "1", "2", "ALL"],
  ALLO: ["10", "10 R 5", "99999999999"],
  REST: ["0", "3", "13", "99"],
  OPTS: ["UTF8 ON", "UTF8 OFF", "MLST size;modify;", "MLST", "UTF8"],
  SITE: ["HELP", "CHMOD 644 a.txt", "EXEC id"],
  MFMT: ["20260101000000 a.txt"],
  MDTM: ["a.txt", "20260101000000 a.txt"],
  CLNT: ["fuzzer"],
  HELP: [undefined, "STOR", "NOTHING"],
  AUTH: ["TLS", "TLS", "SSL", "KERBEROS"],
  PBSZ: ["0", "100"],
  PROT: ["P", "C", "S", "E", "X"],
  CWD: ["dir", "dir/sub", "/", ".."],
  XCWD: ["dir"],
  MKD: ["new", "dir/new"],
  XMKD: ["newer"],
  RMD: ["empty", "new", "dir"],
  XRMD: ["empty"],
  DELE: ["a.txt", "dir/c.txt", "up"],
  RNFR: ["a.txt", "dir", "up"],
  RNTO: ["renamed", "dir/renamed", "b.txt"],
  RETR: ["a.txt", "b.txt", "dir/c.txt", "up"],
  STOR: ["up", "a.txt", "dir/up"],
  APPE: ["up", "a.txt"],
  STOU: [undefined, "up"],
  LIST: [undefined, "dir", "-la", "-la dir", "*.txt"],
  NLST: [undefined, "dir", "*.txt"],
  MLSD: [undefined, "dir", "a.txt"],
  MLST: [undefined, "a.txt", "dir"],
  STAT: [undefined, undefined, "dir", "-l *"],
  SIZE: ["a.txt", "up"],
};

/** Shapes that any command may be given. */
const SHAPES: Readonly<Record<string, (random: Random) => string | undefined>> = {
  none: () => undefined,
  empty: () => "",
  path: (random) =>
    pick(random, [
      "a.txt",
      "dir",
      "dir/",
      "/dir/sub/d.txt",
      "with blank.txt",
      "missing/x",
      '"',
      " a",
    ]),
  traversal: (random) =>
    pick(random, [
      "../../secret.txt",
      "/../../../secret.txt",
      "..",
      "../alice-neighbour.txt",
      "dir/../../bob/x.txt",
      "..%2f..%2fsecret.txt",
      "%2e%2e/secret.txt",
      "..\\..\\secret.txt",
      "....//....//secret.txt",
      "/./.././home/bob/x.txt",
      ".cosftp/uploads/x",
      "/.cosftp",
      "dir/../.cosftp/uploads",
      "~root",
    ]),
  huge: (random) =>
    pick(random, ["x", "a/", "../", "\xe4\xb8\xad"]).repeat(pick(random, [300, 900, 2800])),
  border: (random) => "y".repeat(LINE_MAX - pick(random, [-12_000, -2, -1, 0, 1, 4, 5, 6])),
  control: (random) =>
    `a${pick(random, ["\x00", "\x07", "\t", "\r", "\x1b[31m", "\x7f", "\r\r", "\x18"])}b`,
  invalid: (random) =>
    pick(random, [
      "\xff\xfe",
      "a\xc3(",
      "\xed\xa0\x80",
      "\xe4\xb8",
      "\xc0\xaf..",
      "\xf5\x80\x80\x80",
    ]),
  telnet: (random) =>
    pick(random, ["\xff\xf4\xff\xf2", "a\xff\xff b", "\xff\xfb\x01x", "\xf2", "a\xff\xf0", "\xff"]),
  glob: (random) =>
    pick(random, ["*", "*.txt", "[a-", "?.txt", "{a,b}", "**/**", "-la *", "dir/*", "a*a*a*a*b"]),
  number: (random) =>
    pick(random, [
      "0",
      "1",
      "-1",
      "2147483648",
      "4294967296",
      "9007199254740991",
      "9007199254740992",
      "9".repeat(40),
      "007",
      "1e3",
      "0x10",
      "NaN",
      "127,0,0,1,0,21",
      "127,0,0,1,4,0",
      "127,0,0,1,256,0",
      "10,0,0,1,200,200",
      "1,2,3,4,5",
      "|1|127.0.0.1|1024|",
      "|1|127.0.0.1|65536|",
      "|1|10.0.0.1|5000|",
      "|2|::1|5000|",
      "|3|x|1|",
      "00000000000000 a.txt",
      "99999999999999 a.txt",
    ]),
};

const NAMES = Object.keys(SHAPES);

/** An argument for `verb`: in half of the cases one that it is made for. */
export function anyArgument(random: Random, verb: string): string | undefined {
  return random() < 0.5 ? fittingArgument(random, verb) : SHAPES[pick(random, NAMES)]!(random);
}

/** An argument that `verb` is made for. */
export function fittingArgument(random: Random, verb: string): string | undefined {
  return pick(random, FITTING[verb] ?? [undefined]);
}

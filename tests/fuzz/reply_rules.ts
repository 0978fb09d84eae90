/**
 * The replies that the RFCs allow for each command: RFC 959 section 5.4, RFC 2228, 2389, 2428, 3659, 4217. 421 may end any
 * of them. Before `:` what may come first, behind it what ends the command.
 */
const UPLOAD = "150 125 : 226 250 425 426 450 451 452 501 521 522 550 551 552 553 554";
const DOWNLOAD = "150 125 : 226 250 425 426 450 451 501 521 522 550 553 554";
const LISTING = "150 125 : 226 250 425 426 450 451 501 521 522 550 553";
const MODIFY = "250 450 501 550 553";

const RULES: Readonly<Record<string, string>> = {
  USER: "230 331 332 501 530 533",
  PASS: "202 230 332 501 503 530",
  ACCT: "202 230 501 503",
  CWD: MODIFY,
  XCWD: MODIFY,
  CDUP: "200 250 501 550",
  XCUP: "200 250 501 550",
  PWD: "257 501 550",
  XPWD: "257 501 550",
  REIN: "220 501 502",
  QUIT: "221 501",
  PORT: "200 501 503 504 522",
  EPRT: "200 501 503 504 522",
  PASV: "227 425 501 503",
  EPSV: "200 229 425 501 522",
  TYPE: "200 501 504",
  STRU: "200 501 504",
  MODE: "200 501 504",
  ALLO: "200 202 501 504 552",
  REST: "350 501",
  STOR: UPLOAD,
  STOU: UPLOAD,
  APPE: UPLOAD,
  RETR: DOWNLOAD,
  LIST: LISTING,
  NLST: LISTING,
  MLSD: LISTING,
  MLST: "250 501 550 553",
  STAT: "211 212 213 450 501 550 553",
  SIZE: "213 501 550 553",
  MDTM: "213 501 550 553",
  MFMT: "213 501 502 550 553",
  RNFR: "350 450 501 550 553",
  RNTO: "250 501 503 550 553",
  DELE: MODIFY,
  RMD: MODIFY,
  XRMD: MODIFY,
  MKD: "257 501 550 553",
  XMKD: "257 501 550 553",
  ABOR: "225 226 501",
  SYST: "215 501",
  HELP: "211 214 500 501 502",
  SITE: "200 202 214 501 504",
  NOOP: "200",
  FEAT: "211 501",
  OPTS: "200 501 504",
  CLNT: "200 501",
  AUTH: "234 501 503 504 534",
  PBSZ: "200 501 503",
  PROT: "200 501 503 504 534 536",
  CCC: "501 533 534",
};

/** What a client may use that has not logged in. */
const PUBLIC = new Set(
  "USER PASS REIN QUIT AUTH PBSZ PROT CCC SYST HELP FEAT OPTS CLNT NOOP".split(" "),
);

export const TRANSFER_VERBS: ReadonlySet<string> = new Set(
  "STOR STOU APPE RETR LIST NLST MLSD".split(" "),
);
export const UPLOAD_VERBS: ReadonlySet<string> = new Set(["STOR", "STOU", "APPE"]);

function codes(text: string | undefined): ReadonlySet<number> {
  return new Set((text ?? "").split(" ").filter((code) => code !== "").map(Number));
}

const ALLOWED = new Map(
  Object.entries(RULES).map(([verb, rule]) => {
    const [first, last] = rule.includes(":") ? rule.split(":") : ["", rule];
    return [verb, { opening: codes(first), final: codes(last) }];
  }),
);

const NOT_A_COMMAND = { opening: codes(""), final: codes("500 502") };
const NOT_LOGGED_IN = { opening: codes(""), final: codes("530") };

/** The codes that `verb`, in upper case, may get. */
export function allowedReplies(
  verb: string,
  { isLoggedIn }: { isLoggedIn: boolean },
): { opening: ReadonlySet<number>; final: ReadonlySet<number> } {
  const allowed = ALLOWED.get(verb);
  if (!allowed) return NOT_A_COMMAND;
  return isLoggedIn || PUBLIC.has(verb) ? allowed : NOT_LOGGED_IN;
}

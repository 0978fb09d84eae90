/** A reply of the server-PI (RFC 959 section 4.2): a code and one or more lines. */
export interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
}

/** RFC 959 section 4.2.2, with the later RFC where one added the code. */
export const Code = {
  aboutToOpenDataConnection: 150,
  ok: 200,
  superfluous: 202,
  systemStatus: 211,
  fileStatus: 213,
  help: 214,
  systemType: 215,
  readyForNewUser: 220,
  closing: 221,
  transferComplete: 226,
  passive: 227,
  /** RFC 2428 section 3 */
  extendedPassive: 229,
  loggedIn: 230,
  /** RFC 2228 section 5.1: what follows on the control connection is the security mechanism's */
  securityMechanismAccepted: 234,
  actionCompleted: 250,
  pathCreated: 257,
  needPassword: 331,
  pendingFurtherInformation: 350,
  serviceNotAvailable: 421,
  cannotOpenDataConnection: 425,
  transferAborted: 426,
  localError: 451,
  syntaxError: 500,
  argumentSyntaxError: 501,
  notImplemented: 502,
  badSequence: 503,
  notImplementedForParameter: 504,
  /** RFC 4217 section 10.2 */
  dataProtectionNeeded: 521,
  /** RFC 2428 section 2 */
  protocolNotSupported: 522,
  /** RFC 4217 section 10.2, which gives it a second meaning */
  dataNegotiationFailed: 522,
  notLoggedIn: 530,
  /** RFC 2228 section 5.1, and those below */
  protectionNeeded: 533,
  deniedByPolicy: 534,
  protectionNotSupported: 536,
  actionNotTaken: 550,
  exceededStorage: 552,
  nameNotAllowed: 553,
  /** RFC 3659 section 5.4 */
  invalidRestart: 554,
} as const;

/** Codes that {@linkcode Code} names. */
export type ReplyCode = typeof Code[keyof typeof Code];

/** A reply of one line, or of several. */
export function reply(code: ReplyCode, ...lines: [string, ...string[]]): Reply {
  return { code, lines };
}

/** A path as 257 names it: in quotes, quotes in it doubled (RFC 959 appendix II). */
export function quoted(path: { toString(): string }): string {
  return `"${path.toString().replaceAll('"', '""')}"`;
}

/**
 * The bytes of a reply. Lines between the first and the last begin with a blank, so that none can look like the end
 * (RFC 959 section 4.2).
 */
export function encodeReply({ code, lines }: Reply): string {
  const last = lines.length - 1;
  return lines.map((line, index) => {
    const start = index === last ? `${code} ` : index === 0 ? `${code}-` : " ";
    return `${start}${line}\r\n`;
  }).join("");
}

/** Where a session stands when a command is carried out. */
export const STATES = [
  "before login",
  "after USER",
  "logged in",
  "after REST",
  "after RNFR",
  "passive",
  "active",
  "transfer",
  "after ABOR",
  "behind AUTH",
  "under TLS",
  "after QUIT",
] as const;
export type SessionState = typeof STATES[number];

/** One line of a client. Its texts have one character a byte. */
export interface PlannedLine {
  /** As the client spells it, in any case. */
  readonly verb: string;
  /**
   * What follows the blank; undefined: no blank. `{hostport}` and `{extended}` stand for an address where the client listens,
   * written for PORT and for EPRT; `{kept}` for what SIZE has just said is kept of an interrupted upload, else 0.
   */
  readonly argument?: string;
  /** Telnet commands in front. @default none */
  readonly telnet?: string;
  /** @default CR LF */
  readonly end?: string;
}

/** What the client does with the data connection of a transfer that a step begins. */
export interface DataBehaviour {
  /**
   * - `whole`: sends or reads all, and closes
   * - `half-close`: sends all and ends its direction only; reads after it has ended its own
   * - `cut`: sends half and closes; closes with everything unread, which resets
   * - `reset`: as `cut`, but where the server connects, the client closes without taking the connection
   * - `stall`: sends half, then nothing; reads nothing; until the server gives up
   * - `never`: does not open it, until the server gives up
   * - `lost`: closes the control connection in the midst
   */
  readonly how: "whole" | "half-close" | "cut" | "reset" | "stall" | "never" | "lost";
  /** Of an upload. Bytes. */
  readonly size: number;
  /** Whether a passive data connection is opened before the command is sent. */
  readonly early: boolean;
  /** Whether the client waits until STAT says that what it has sent of an upload has arrived. @default false */
  readonly arrives?: boolean;
  /** Sent while the transfer runs, after that. */
  readonly during: readonly PlannedLine[];
}

/** Lines that are sent together; the next step waits for their replies. */
export interface PlannedStep {
  readonly lines: readonly PlannedLine[];
  /** Where the bytes are cut into segments. */
  readonly cuts: readonly number[];
  readonly data: DataBehaviour;
}

/** A whole session, from 220 on. Any of its steps and lines may be left out, and it can still be played. */
export interface SessionPlan {
  readonly interrupted: InterruptedUpload;
  readonly steps: readonly PlannedStep[];
}

/** What the gateway that it is played on does with interrupted uploads. */
export type InterruptedUpload = "discard" | "resume";

export const WHOLE: DataBehaviour = { how: "whole", size: 40, early: false, during: [] };

/** The bytes of a line. */
export function lineText({ verb, argument, telnet = "", end = "\r\n" }: PlannedLine): string {
  return `${telnet}${verb}${argument === undefined ? "" : ` ${argument}`}${end}`;
}

/** The plan for people: one line a step, with JSON's escapes, what is long shortened. */
export function describePlan(plan: SessionPlan): string {
  const lines = plan.steps.map((step) => {
    const { how, size, early, arrives, during } = step.data;
    const text = step.lines.map(quoteLine).join(" ");
    const cuts = step.cuts.length > 0 ? `, cut at ${step.cuts.join(",")}` : "";
    const while_ = during.length > 0 ? `, during it ${during.map(quoteLine).join(" ")}` : "";
    const when = `${early ? ", early" : ""}${arrives ? ", arrives" : ""}`;
    return `  send ${text}${cuts}; data: ${how}, ${size} bytes${when}${while_}`;
  });
  return [`  interrupted_upload = ${plan.interrupted}`, ...lines].join("\n");
}

function quoteLine(line: PlannedLine): string {
  const text = lineText(line);
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 80)}... (${text.length})` : text)
    .replace(/[\x7f-\xff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}

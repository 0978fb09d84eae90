import { LINE_MAX } from "../../src/ftp/control_line.ts";
import { lineText, type PlannedLine } from "./session_plan.ts";

/** A command that was sent and has not got its last reply. */
export interface Said {
  /** In upper case. */
  readonly verb: string;
  readonly argument: string;
  readonly line: PlannedLine;
  /** Where the client listens, when this is PORT or EPRT and names it. */
  readonly listener: Deno.Listener | undefined;
  /** Sent while an upload ran. */
  readonly duringUpload: boolean;
  /** Asked as often as it takes, which is not the same each time: it is not counted. */
  readonly isPoll: boolean;
  /** What was sent together has the same. */
  readonly batch: number;
  readonly isTooLong: boolean;
  /** Whether 150 has come. */
  opened: boolean;
}

export function said(
  line: PlannedLine,
  options: Pick<Said, "listener" | "duringUpload" | "isPoll" | "batch">,
): Said {
  const { verb, argument = "" } = line;
  const { length } = lineText({ verb, argument: line.argument, end: "" });
  return {
    ...options,
    line,
    verb: verb.toUpperCase(),
    argument,
    isTooLong: length > LINE_MAX,
    opened: false,
  };
}

/** Puts what only shows while the session is played in the place of what stands for it. */
export function fillIn(
  line: PlannedLine,
  { listener, kept }: { listener: Deno.Listener | undefined; kept: number },
): PlannedLine {
  const { argument } = line;
  if (argument === undefined || !/\{(hostport|extended|kept)\}/.test(argument)) return line;
  const { port = 0 } = (listener?.addr ?? {}) as Partial<Deno.NetAddr>;
  return {
    ...line,
    argument: argument
      .replace("{hostport}", `127,0,0,1,${port >> 8},${port & 255}`)
      .replace("{extended}", `|1|127.0.0.1|${port}|`)
      .replace("{kept}", String(kept)),
  };
}

/** Whether it is heard while a transfer runs. */
export function isInterruption(
  { verb, argument, isTooLong }: Said,
  wanted: "ABOR" | "STAT" | "QUIT",
): boolean {
  return verb === wanted && argument === "" && !isTooLong;
}

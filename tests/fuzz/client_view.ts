import type { ReceivedReply } from "../ftp/ftp_peer.ts";
import { closeQuietly } from "./gone.ts";
import { allowedReplies, TRANSFER_VERBS } from "./reply_rules.ts";
import type { Said } from "./said.ts";
import type { SessionState } from "./session_plan.ts";
import { Violation } from "./violation.ts";

/** How the next data connection comes about. */
export type Prepared =
  | { readonly kind: "passive"; readonly port: number }
  /** Without a listener the client named an address where it does not listen. */
  | { readonly kind: "active"; readonly listener: Deno.Listener | undefined };

/**
 * What a client knows of its session from the replies, by the RFCs' state diagrams. It judges each reply by that: the
 * gateway's own state is not looked at.
 */
export class ClientView implements Disposable {
  isLoggedIn = false;
  isPrivate = false;
  dataIsPrivate = false;
  /** By 221 or 421: what then comes is the end. */
  isOver = false;
  workingDirectory: readonly string[] = [];
  #prepared: Prepared | undefined;
  #userName: string | undefined;
  #rest: number | undefined;
  #renames = false;
  #hasAborted = false;
  #epsvOnly = false;
  #failedLogins = 0;

  get prepared(): Prepared | undefined {
    return this.#prepared;
  }

  get restartMarker(): number {
    return this.#rest ?? 0;
  }

  get state(): SessionState {
    if (this.isPrivate) return "under TLS";
    if (!this.isLoggedIn) return this.#userName === undefined ? "before login" : "after USER";
    if (this.#renames) return "after RNFR";
    if (this.#rest !== undefined) return "after REST";
    if (this.#prepared) return this.#prepared.kind;
    return this.#hasAborted ? "after ABOR" : "logged in";
  }

  /** 150, or whatever else begins with 1. @throws {Violation} */
  opened(command: Said, { code, text }: ReceivedReply): void {
    const { opening } = allowedReplies(command.verb, this);
    if (!opening.has(code) || command.opened || command.isTooLong) {
      throw new Violation("wrong opening reply", `${command.verb}: ${code} ${text}`);
    }
    if (!this.#prepared) throw new Violation("unprepared", `${command.verb}: ${code} ${text}`);
    command.opened = true;
  }

  /** The last reply to `command`. @throws {Violation} */
  ended(command: Said, reply: ReceivedReply): void {
    this.#judge(command, reply);
    this.#update(command, reply);
  }

  #judge(command: Said, { code, text }: ReceivedReply): void {
    const { verb, isTooLong, opened } = command;
    const fail = (rule: string) => {
      throw new Violation(rule, `${verb} in state "${this.state}": ${code} ${text}`);
    };
    if (/gateway failed|COS could not/.test(text)) fail("unexpected error");
    if (isTooLong !== (code === 500 && text.startsWith("The line is longer"))) fail("line length");
    if (isTooLong) return;
    if (code === 421) {
      const isTurnedAway = verb === "PASS" && this.#failedLogins >= 2;
      if (!isTurnedAway) fail("ended without cause");
    } else if (!allowedReplies(verb, this).final.has(code)) {
      fail("wrong reply");
    }
    if (verb === "PASS" && code === 230) {
      if (this.#userName !== "alice" || command.argument !== "secret") fail("wrong login");
    }
    if (verb === "RNTO" && code === 250 && !this.#renames) fail("RNTO without RNFR");
    if (this.#epsvOnly && /^(PASV|PORT|EPRT)$/.test(verb) && code < 300) fail("not after EPSV ALL");
    if (TRANSFER_VERBS.has(verb) && code < 300 && !opened) fail("success without 150");
  }

  #update(command: Said, { code, text }: ReceivedReply): void {
    const { verb, isTooLong } = command;
    if (isTooLong) return;
    this.#renames = code === 350 && verb === "RNFR";
    this.#hasAborted = code === 226 && verb === "ABOR";
    if (TRANSFER_VERBS.has(verb)) {
      this.#rest = undefined;
      this.#prepare(undefined);
    }
    if (code === 421 || code === 221) this.isOver = true;
    if (code >= 400 && verb !== "PASS") return;
    const argument = command.argument.toUpperCase();
    switch (verb) {
      case "USER":
        this.#logOut();
        this.#userName = command.argument;
        return;
      case "PASS":
        if (code === 503) return;
        this.#logOut();
        if (code === 230) this.isLoggedIn = true;
        else this.#failedLogins++;
        return;
      case "REIN":
        return this.#logOut();
      case "AUTH":
        this.#logOut();
        this.isPrivate = true;
        this.dataIsPrivate = argument === "SSL" || argument === "TLS-P";
        return;
      case "PROT":
        this.dataIsPrivate = argument === "P";
        return;
      case "REST":
        this.#rest = Number(argument);
        return;
      case "PASV": {
        const [, high, low] = /,(\d+),(\d+)\)/.exec(text)!;
        return this.#prepare({ kind: "passive", port: Number(high) * 256 + Number(low) });
      }
      case "EPSV":
        if (code === 200) this.#epsvOnly = true;
        else this.#prepare({ kind: "passive", port: Number(/\|(\d+)\|/.exec(text)![1]) });
        return;
      case "PORT":
      case "EPRT":
        return this.#prepare({ kind: "active", listener: command.listener });
      case "ABOR":
        return this.#prepare(undefined);
      case "CWD":
      case "XCWD":
        this.workingDirectory = this.resolve(command.argument);
        return;
      case "CDUP":
      case "XCUP":
        this.workingDirectory = this.workingDirectory.slice(0, -1);
    }
  }

  /** Where a path leads, as POSIX has it. */
  resolve(path: string): string[] {
    const segments = path.startsWith("/") ? [] : [...this.workingDirectory];
    for (const segment of path.split("/")) {
      if (segment === "..") segments.pop();
      else if (segment !== "" && segment !== ".") segments.push(segment);
    }
    return segments;
  }

  #logOut(): void {
    this.isLoggedIn = false;
    this.#userName = undefined;
    this.#rest = undefined;
    this.#renames = this.#hasAborted = this.#epsvOnly = false;
    this.workingDirectory = [];
    this.#prepare(undefined);
  }

  #prepare(prepared: Prepared | undefined): void {
    if (this.#prepared?.kind === "active") closeQuietly(this.#prepared.listener);
    this.#prepared = prepared;
  }

  [Symbol.dispose](): void {
    this.#prepare(undefined);
  }
}

import type { ArrivalBarrier } from "../../src/net/arrival_barrier.ts";
import { nextTurn } from "../../src/net/connection.ts";
import type { Gateway } from "../ftp/gateway.ts";
import { FtpPeer, type ReceivedReply, sendAll } from "../ftp/ftp_peer.ts";
import type { BucketWatch } from "./bucket_watch.ts";
import { ClientFiles, joined, type MeantUpload } from "./client_files.ts";
import { ClientView } from "./client_view.ts";
import { comeBack } from "./come_back.ts";
import type { Coverage } from "./coverage.ts";
import { DataSide } from "./data_side.ts";
import { closeQuietly, isGone, quietly } from "./gone.ts";
import { TRANSFER_VERBS, UPLOAD_VERBS } from "./reply_rules.ts";
import { fillIn, isInterruption, type Said, said } from "./said.ts";
import {
  type DataBehaviour,
  lineText,
  type PlannedLine,
  type PlannedStep,
  type SessionPlan,
  type SessionState,
  WHOLE,
} from "./session_plan.ts";
import { settlesWithin } from "./settles_within.ts";
import { Violation } from "./violation.ts";

/** What a session is played on. */
export interface Ground {
  readonly gateway: Gateway;
  readonly watch: BucketWatch;
  readonly coverage: Coverage;
  readonly arrivals: ArrivalBarrier;
}

/** Real time after which a reply counts as lost, or a session as stuck. Milliseconds. */
const PATIENCE = 20_000;

/**
 * How far the engine's clock is turned for it to give up waiting for a data connection; again, so many times, when it says
 * nothing for a while in real time, since it may have begun to wait only then. Milliseconds.
 */
const TURN = 150_000;
const TURNS = 8;
const WHILE = 250;

/** So many bytes behind AUTH arrive along with it. */
const TOGETHER = 2000;

/** Plays a session as its client, who then comes back for what was interrupted. @throws {Violation} */
export async function playSession(plan: SessionPlan, ground: Ground): Promise<void> {
  using player = new SessionPlayer(ground, await FtpPeer.connect(ground.gateway.address));
  await player.play(plan);
  if (plan.interrupted === "resume") await comeBack(player.files, ground);
}

class SessionPlayer implements Disposable {
  readonly files = new ClientFiles();
  readonly #ground: Ground;
  readonly #peer: FtpPeer;
  readonly #view = new ClientView();
  readonly #outstanding: Said[] = [];
  readonly #watchdog: ReturnType<typeof setTimeout>;
  readonly #data = new DataSide();
  #isStuck = false;
  #hasHungUp = false;
  /** Then the gateway may say that somebody took too long. */
  #hasTurnedClock = false;
  #batches = 0;
  /** What STAT has said last of the transfer under way. Bytes. */
  #moved = 0;
  /** How many STATs have overtaken a transfer. */
  #overtakings = 0;
  #coming: Promise<ReceivedReply | Error> | undefined;

  constructor(ground: Ground, peer: FtpPeer) {
    this.#ground = ground;
    this.#peer = peer;
    this.#watchdog = setTimeout(() => {
      this.#isStuck = true;
      this.#hangUp();
    }, PATIENCE);
  }

  async play(plan: SessionPlan): Promise<void> {
    try {
      const greeting = await this.#reply();
      if (greeting?.code !== 220) throw new Violation("wrong greeting", String(greeting?.code));
      for (const step of plan.steps) {
        if (this.#isOver) break;
        await this.#play(step);
      }
      // It must still be there, and nothing more may have been said.
      for (const verb of ["NOOP", "QUIT"]) {
        if (!this.#isOver) await this.#play({ lines: [{ verb }], cuts: [], data: WHOLE });
      }
      const rest = this.#hasHungUp ? "" : await this.#peer.rest();
      if (rest !== "") throw new Violation("reply after the end", rest);
    } finally {
      this.#hangUp();
    }
    if (this.#isStuck) throw new Violation("stuck", this.#unanswered());
  }

  get #isOver(): boolean {
    return this.#view.isOver || this.#hasHungUp;
  }

  async #play({ lines, cuts, data }: PlannedStep): Promise<void> {
    if (data.early && lines.some(({ verb }) => TRANSFER_VERBS.has(verb.toUpperCase()))) {
      await this.#data.connectPassive(this.#view.prepared);
    }
    await this.#send(lines, { cuts });
    let planned = data;
    while (this.#outstanding.length > 0 && !this.#hasHungUp) {
      const opened = await this.#answer();
      if (!opened) continue;
      await this.#transfer(opened, planned);
      // What was sent during the first transfer may begin others.
      planned = WHOLE;
    }
  }

  /** Sends lines together, in segments. That the gateway has closed meanwhile shows when replies are read. */
  async #send(
    lines: readonly PlannedLine[],
    { cuts = [], duringUpload = false, isPoll = false }: {
      cuts?: readonly number[];
      duringUpload?: boolean;
      isPoll?: boolean;
    },
  ): Promise<void> {
    let text = "";
    const batch = ++this.#batches;
    for (const line of lines) {
      const listens = /\{(hostport|extended)\}/.test(line.argument ?? "");
      const listener = listens ? this.#data.listen() : undefined;
      const filled = fillIn(line, { listener, kept: this.files.told?.size ?? 0 });
      this.#outstanding.push(said(filled, { listener, duringUpload, isPoll, batch }));
      text += lineText(filled);
    }
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    try {
      for (const [index, start] of [0, ...cuts].entries()) {
        await this.#peer.send(bytes.subarray(start, cuts[index]));
        if (index < cuts.length) await this.#ground.arrivals.catchUp();
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Takes the next reply. @returns the command whose data connection is to be opened now, if it says so. */
  async #answer(): Promise<Said | undefined> {
    const reply = await this.#reply();
    if (!reply) return void this.#end();
    if (this.#view.isOver) throw new Violation("reply after the end", reply.lines.join(" "));
    if (reply.code === 421 && this.#hasTurnedClock && /too long$/.test(reply.text)) {
      this.#view.isOver = true;
      return void this.#hangUp();
    }
    const head = this.#outstanding[0];
    if (!head) throw new Violation("doubled reply", `${reply.code} ${reply.text}`);
    if (reply.code < 200) {
      this.#view.opened(head, reply);
      return head;
    }
    if (reply.code === 213 && TRANSFER_VERBS.has(head.verb)) return void this.#tookStatus(reply);
    if (reply.text === "End of status" && head.verb !== "STAT" && this.#overtakings > 0) {
      // It was a later STAT that has overtaken the transfer, and this is the one that waited.
      this.#overtakings--;
      return void this.#takeOutStatus();
    }
    const { state } = this.#view;
    this.#view.ended(head, reply);
    this.#outstanding.shift();
    this.#hear(head, reply);
    if (!head.isTooLong) this.#count(head, head.duringUpload ? "transfer" : state);
    if (reply.code === 234) await this.#beginTls(head);
    return undefined;
  }

  /** Takes what a reply tells of how long files are. */
  #hear(command: Said, { code, text }: ReceivedReply): void {
    const { watch } = this.#ground;
    const [path, size] = [this.#pathOf(command), Number(text)];
    const isTold = command.verb === "SIZE" && code === 213 && path !== undefined;
    if (isTold) watch.checkSize(path, size);
    const isKept = isTold && watch.isKept(path, size);
    this.files.heard(command.verb, isKept ? { path, size } : undefined);
  }

  /** 213 to a STAT that has overtaken the transfer in front of it. */
  #tookStatus({ text }: ReceivedReply): void {
    this.#moved = Number(/: (\d+) bytes so far$/.exec(text)?.[1] ?? 0);
    this.#overtakings++;
    this.#takeOutStatus();
  }

  /** The first STAT that may have been answered; which it was shows later. */
  #takeOutStatus(): void {
    const index = this.#outstanding.findIndex((command) => isInterruption(command, "STAT"));
    const [command] = index === -1 ? [] : this.#outstanding.splice(index, 1);
    if (!command) throw new Violation("wrong reply", "213 to a transfer");
    this.#count(command, command.duringUpload ? "transfer" : "logged in");
  }

  /** The gateway has closed. What was sent behind QUIT has no reply. */
  #end(): void {
    if (!this.#view.isOver) throw new Violation("ended without cause", this.#unanswered());
    for (const command of this.#outstanding.splice(0)) this.#count(command, "after QUIT");
    this.#hangUp();
  }

  #count({ verb, isPoll }: Said, state: SessionState): void {
    if (!isPoll) this.#ground.coverage.add(verb, state);
  }

  /** What was sent behind AUTH is thrown away, if it came along with it; what came later spoils the handshake. */
  async #beginTls(auth: Said): Promise<void> {
    const behind = this.#outstanding.splice(0);
    const length = behind.reduce((sum, { line }) => sum + lineText(line).length, 0);
    const mayFail = length > TOGETHER || behind.some(({ batch }) => batch !== auth.batch);
    try {
      await this.#peer.startTls();
    } catch (error) {
      if (!mayFail) throw new Violation("TLS failed", `${error}`);
      return this.#hangUp();
    }
    for (const command of behind) this.#count(command, "behind AUTH");
  }

  /** Does with the data connection of `command` what is planned, until its last reply has come. */
  async #transfer(command: Said, data: DataBehaviour): Promise<void> {
    const { prepared, restartMarker, dataIsPrivate } = this.#view;
    const { how } = data;
    const upload = UPLOAD_VERBS.has(command.verb)
      ? this.files.mean(command, { path: this.#pathOf(command), marker: restartMarker, ...data })
      : undefined;
    const endsIt = (other: Said) => isInterruption(other, "ABOR");
    // Behind AUTH the gateway hears nothing, so it cannot know that the client has not gone, and publishes nothing.
    const mayEndIt = (other: Said) => endsIt(other) || other.verb === "AUTH";
    // Sent along with it, so that nobody knows when it is heard.
    const wasAborted = this.#outstanding.some(mayEndIt);
    const isWhole = how === "whole" || how === "half-close";
    const whole = upload?.content ?? new Uint8Array();
    const sent = isWhole ? whole : whole.slice(0, whole.length / 2);
    const conn = await this.#data.open(prepared, {
      how,
      isPrivate: dataIsPrivate,
      replied: () => this.#next(),
    });
    if (!conn && how === "reset" && prepared?.kind === "active") closeQuietly(prepared.listener);
    if (conn && upload) await quietly(sendAll(conn, sent));
    if (conn && upload && data.arrives && !wasAborted) await this.#arrived(command, sent.length);
    if (data.during.length > 0) await this.#send(data.during, { duringUpload: !!upload });
    const heard = this.#heard().filter(({ line }) => data.during.includes(line));
    const mustAbort = upload && conn && heard.some(endsIt);
    const mayAbort = wasAborted || this.#outstanding.some(mayEndIt);
    if (conn && upload && !mayAbort) await this.#expectStatus(command, heard);
    if (how === "lost") {
      // Who has said QUIT may leave without waiting for a reply: that the rest of the file is missing nobody can know.
      const hasSaidQuit = this.#outstanding.some((other) => isInterruption(other, "QUIT"));
      if (upload && hasSaidQuit) this.#ground.watch.finished(upload, sent);
      if (conn && upload) this.#brokeOff(upload, sent);
      return this.#hangUp();
    }
    let received: Uint8Array | undefined;
    if (conn && how !== "stall" && !mustAbort) {
      received = await this.#data.finish(conn, {
        how,
        isUpload: !!upload,
        isPrivate: dataIsPrivate,
      });
    }
    const isWaiting = how === "stall" || how === "never";
    const last = await this.#untilEnded(command, { turnsClock: isWaiting });
    closeQuietly(conn);
    if (conn && upload && !(last && last.code < 400)) this.#brokeOff(upload, sent);
    if (!last) return;
    const tell = `${command.verb}, ${how}: ${last.code} ${last.text}`;
    if (mustAbort && last.code !== 426) throw new Violation("ABOR was not carried out", tell);
    if (last.code >= 400) {
      if (conn && isWhole && !mayAbort) throw new Violation("transfer failed", tell);
      return;
    }
    if (upload) {
      if (!conn || isWaiting) throw new Violation("success without upload", tell);
      await this.#finished(upload, sent);
    } else if (command.verb === "RETR" && received && restartMarker === 0) {
      if (this.#ground.watch.knows(received)) return;
      throw new Violation("wrong download", `${tell}, ${received.length} bytes`);
    }
  }

  /** Waits until the gateway says that it has taken so many bytes of an upload. */
  async #arrived(upload: Said, bytes: number): Promise<void> {
    this.#moved = 0;
    while (this.#moved < bytes && !this.#isOver) {
      await this.#send([{ verb: "STAT" }], { duringUpload: true, isPoll: true });
      await this.#expectStatus(upload, this.#outstanding);
    }
  }

  #brokeOff(upload: MeantUpload, sent: Uint8Array): void {
    this.#ground.watch.brokeOff(upload, sent);
    this.files.brokeOff(upload);
  }

  /** 226 has come: the file is what the client knows it to be, unless something came after it. */
  async #finished(upload: MeantUpload, sent: Uint8Array): Promise<void> {
    const { watch, coverage } = this.#ground;
    watch.finished(upload, sent);
    this.files.finished(upload);
    const { path, base, resumes } = upload;
    if (path === undefined || base === undefined || this.#outstanding.length > 0) return;
    if (base.length > 0 && !(resumes && watch.isClear(path))) return;
    await watch.mustHold(path, joined(base, sent));
    if (resumes) coverage.resumed++;
  }

  /** The path that a command names, from the root. */
  #pathOf({ verb, argument }: Said): string | undefined {
    const isPlain = verb !== "STOU" && /^[\w./ -]+$/.test(argument);
    return isPlain ? this.#view.resolve(argument).join("/") : undefined;
  }

  /** What the gateway hears while a transfer runs: not what is behind AUTH. */
  #heard(): Said[] {
    const deaf = this.#outstanding.findIndex(({ verb }) => verb === "AUTH");
    return deaf === -1 ? [...this.#outstanding] : this.#outstanding.slice(0, deaf);
  }

  /** An upload cannot end before its client ends it, so STAT must be answered before. */
  async #expectStatus(upload: Said, heard: readonly Said[]): Promise<void> {
    const stats = heard.filter((command) => isInterruption(command, "STAT"));
    while (stats.some((stat) => this.#outstanding.includes(stat)) && !this.#isOver) {
      await this.#answer();
      if (!this.#outstanding.includes(upload)) throw new Violation("STAT waited", upload.verb);
    }
  }

  /**
   * Takes replies until the last one to `command`, and returns it; undefined when it has none.
   *
   * @param options.turnsClock the gateway must give up by itself.
   */
  async #untilEnded(
    command: Said,
    { turnsClock }: { turnsClock: boolean },
  ): Promise<ReceivedReply | undefined> {
    const { gateway, arrivals } = this.#ground;
    let turns = 0;
    let last: ReceivedReply | Error | undefined;
    while (this.#outstanding.includes(command) && !this.#hasHungUp) {
      if (turnsClock) {
        await nextTurn();
        await arrivals.catchUp();
        while (!await settlesWithin(this.#next(), turns === 0 ? 0 : WHILE)) {
          if (turns++ === TURNS) throw new Violation("never gave up", command.verb);
          gateway.clock.advance(TURN);
          this.#hasTurnedClock = true;
        }
      }
      last = await this.#next();
      await this.#answer();
    }
    return last instanceof Error ? undefined : last;
  }

  /** The next reply, or what came instead. Asking twice does not take two. */
  #next(): Promise<ReceivedReply | Error> {
    return this.#coming ??= this.#peer.reply().catch((error) => error as Error);
  }

  /** Takes the next reply; undefined at the end. @throws {Violation} for what is no reply. */
  async #reply(): Promise<ReceivedReply | undefined> {
    const coming = await this.#next();
    this.#coming = undefined;
    if (!(coming instanceof Error)) return coming;
    if (this.#isStuck) throw new Violation("stuck", this.#unanswered());
    if (isGone(coming) || coming.message.endsWith('after ""')) return undefined;
    throw new Violation("malformed reply", coming.message);
  }

  #unanswered(): string {
    return `unanswered: ${this.#outstanding.map(({ verb }) => verb).join(" ") || "nothing"}`;
  }

  #hangUp(): void {
    this.#hasHungUp = true;
    this.#peer.close();
    this.#data[Symbol.dispose]();
    this.#view[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#watchdog);
    this.#hangUp();
  }
}

import type { ArrivalBarrier } from "../../src/net/arrival_barrier.ts";
import { nextTurn } from "../../src/net/connection.ts";
import type { Gateway } from "../ftp/gateway.ts";
import { FtpPeer, receiveAll, type ReceivedReply, sendAll, startTls } from "../ftp/ftp_peer.ts";
import { isGone, quietly } from "./gone.ts";
import { settlesWithin } from "./settles_within.ts";
import type { BucketWatch } from "./bucket_watch.ts";
import { ClientView, closeQuietly, type Prepared, type Said, said } from "./client_view.ts";
import type { Coverage } from "./coverage.ts";
import { TRANSFER_VERBS, UPLOAD_VERBS } from "./reply_rules.ts";
import {
  type DataBehaviour,
  lineText,
  type PlannedLine,
  type PlannedStep,
  type SessionPlan,
  WHOLE,
} from "./session_plan.ts";
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

/** Plays a session as its client. @throws {Violation} */
export async function playSession(plan: SessionPlan, ground: Ground): Promise<void> {
  using player = new SessionPlayer(ground, await FtpPeer.connect(ground.gateway.address));
  await player.play(plan);
}

class SessionPlayer implements Disposable {
  readonly #ground: Ground;
  readonly #peer: FtpPeer;
  readonly #view = new ClientView();
  readonly #outstanding: Said[] = [];
  readonly #watchdog: ReturnType<typeof setTimeout>;
  /** Data connections, and where the client listens for them. */
  readonly #data = new Set<Deno.Conn | Deno.Listener>();
  readonly #passive = new Map<Prepared, Deno.Conn>();
  #isStuck = false;
  #hasHungUp = false;
  /** Then the gateway may say that somebody took too long. */
  #hasTurnedClock = false;
  #uploads = 0;
  #batches = 0;
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
      for (const step of plan) {
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
      await this.#connectPassive(this.#view.prepared);
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
    { cuts = [], duringUpload = false }: { cuts?: readonly number[]; duringUpload?: boolean },
  ): Promise<void> {
    let text = "";
    const batch = ++this.#batches;
    for (const line of lines) {
      const listens = /\{(hostport|extended)\}/.test(line.argument ?? "");
      const listener = listens ? Deno.listen({ hostname: "127.0.0.1", port: 0 }) : undefined;
      if (listener) this.#data.add(listener);
      this.#outstanding.push(said(line, { listener, duringUpload, batch }));
      text += lineText(listener ? withAddress(line, listener) : line);
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
    if (reply.code === 213 && TRANSFER_VERBS.has(head.verb)) return void this.#tookStatus();
    const { state } = this.#view;
    this.#view.ended(head, reply);
    this.#outstanding.shift();
    if (!head.isTooLong) {
      this.#ground.coverage.add(head.verb, head.duringUpload ? "transfer" : state);
    }
    if (reply.code === 234) await this.#beginTls(head);
    return undefined;
  }

  /** 213 to a STAT that has overtaken the transfer in front of it. */
  #tookStatus(): void {
    const index = this.#outstanding.findIndex((command) => isInterruption(command, "STAT"));
    const [command] = index === -1 ? [] : this.#outstanding.splice(index, 1);
    if (!command) throw new Violation("wrong reply", "213 to a transfer");
    this.#ground.coverage.add("STAT", command.duringUpload ? "transfer" : "logged in");
  }

  /** The gateway has closed. What was sent behind QUIT has no reply. */
  #end(): void {
    if (!this.#view.isOver) throw new Violation("ended without cause", this.#unanswered());
    for (const { verb } of this.#outstanding.splice(0)) {
      this.#ground.coverage.add(verb, "after QUIT");
    }
    this.#hangUp();
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
    for (const { verb } of behind) this.#ground.coverage.add(verb, "behind AUTH");
  }

  /** Does with the data connection of `command` what is planned, until its last reply has come. */
  async #transfer(
    command: Said,
    data: DataBehaviour,
  ): Promise<void> {
    const { prepared, restartMarker } = this.#view;
    const { how } = data;
    const isUpload = UPLOAD_VERBS.has(command.verb);
    const endsIt = (other: Said) => isInterruption(other, "ABOR");
    // Behind AUTH the gateway hears nothing, so it cannot know that the client has not gone, and publishes nothing.
    const mayEndIt = (other: Said) => endsIt(other) || other.verb === "AUTH";
    // Sent along with it, so that nobody knows when it is heard.
    const wasAborted = this.#outstanding.some(mayEndIt);
    const isWhole = how === "whole" || how === "half-close";
    const whole = isUpload ? this.#content(data.size) : new Uint8Array();
    const sent = isWhole ? whole : whole.slice(0, whole.length / 2);
    const conn = how === "never" ? undefined : await this.#open(prepared, data);
    if (!conn && how === "reset" && prepared?.kind === "active") closeQuietly(prepared.listener);
    if (conn) this.#data.add(conn);
    if (conn && isUpload) await quietly(sendAll(conn, sent));
    if (data.during.length > 0) await this.#send(data.during, { duringUpload: isUpload });
    const heard = this.#heard().filter(({ line }) => data.during.includes(line));
    const mustAbort = isUpload && conn !== undefined && heard.some(endsIt);
    const mayAbort = wasAborted || this.#outstanding.some(mayEndIt);
    if (conn && isUpload && !mayAbort) await this.#expectStatus(command, heard);
    const continues = command.verb === "APPE" || restartMarker > 0;
    if (how === "lost") {
      // Who has said QUIT may leave without waiting for a reply: that the rest of the file is missing nobody can know.
      const hasSaidQuit = this.#outstanding.some((other) => isInterruption(other, "QUIT"));
      if (isUpload && hasSaidQuit) this.#ground.watch.finished(sent, { continues });
      return this.#hangUp();
    }
    let received: Uint8Array | undefined;
    if (conn && how !== "stall" && !mustAbort) {
      received = await this.#finish(conn, { how, isUpload });
    }
    const isWaiting = how === "stall" || how === "never";
    const last = await this.#untilEnded(command, { turnsClock: isWaiting });
    closeQuietly(conn);
    if (!last) return;
    const tell = `${command.verb}, ${how}: ${last.code} ${last.text}`;
    if (mustAbort && last.code !== 426) throw new Violation("ABOR was not carried out", tell);
    if (last.code >= 400) {
      if (conn && isWhole && !mayAbort) throw new Violation("transfer failed", tell);
      return;
    }
    if (isUpload) {
      if (!conn || isWaiting) throw new Violation("success without upload", tell);
      this.#ground.watch.finished(sent, { continues });
      if (continues || command.verb !== "STOR" || this.#outstanding.length > 0) return;
      await this.#ground.watch.mustHold(this.#view.resolve(command.argument).join("/"), sent);
    } else if (command.verb === "RETR" && received && restartMarker === 0) {
      if (this.#ground.watch.knows(received)) return;
      throw new Violation("wrong download", `${tell}, ${received.length} bytes`);
    }
  }

  /** Ends the client's side. @returns what was downloaded, if it was read to the end. */
  async #finish(
    conn: Deno.Conn,
    { how, isUpload }: { how: DataBehaviour["how"]; isUpload: boolean },
  ): Promise<Uint8Array | undefined> {
    if (how === "half-close" || (isUpload && this.#view.dataIsPrivate)) {
      await quietly(conn.closeWrite());
    }
    const isRead = !isUpload && (how === "whole" || how === "half-close");
    const received = isRead ? await quietly(receiveAll(conn)) : undefined;
    if (how !== "half-close") closeQuietly(conn);
    return received;
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

  async #open(
    prepared: Prepared | undefined,
    data: DataBehaviour,
  ): Promise<Deno.Conn | undefined> {
    const conn = prepared?.kind === "active"
      ? await this.#accept(prepared.listener, data)
      : await this.#connectPassive(prepared);
    if (!conn || !this.#view.dataIsPrivate) return conn;
    return await quietly(this.#protect(conn as Deno.TcpConn));
  }

  async #protect(conn: Deno.TcpConn): Promise<Deno.Conn> {
    const tls = await startTls(conn);
    this.#data.add(tls);
    await tls.handshake();
    return tls;
  }

  /** The connection that the gateway opens, unless it says before that it cannot. */
  async #accept(
    listener: Deno.Listener | undefined,
    { how }: DataBehaviour,
  ): Promise<Deno.Conn | undefined> {
    if (!listener || how === "reset") return undefined;
    const conn = await Promise.race([
      quietly(listener.accept()),
      this.#next().then(() => undefined),
    ]);
    if (!conn) closeQuietly(listener);
    return conn;
  }

  /** The one connection to a passive port; it may have been opened for a command that was then not carried out. */
  async #connectPassive(prepared: Prepared | undefined): Promise<Deno.Conn | undefined> {
    if (prepared?.kind !== "passive") return undefined;
    const conn = this.#passive.get(prepared) ??
      await quietly(Deno.connect({ hostname: "127.0.0.1", port: prepared.port }));
    if (!conn) return undefined;
    this.#data.add(conn);
    this.#passive.set(prepared, conn);
    return conn;
  }

  /** Bytes that no other upload of the session has, if there are enough of them. */
  #content(size: number): Uint8Array {
    const mark = `upload ${++this.#uploads} `;
    return new TextEncoder().encode(mark.repeat(Math.ceil(size / mark.length)).slice(0, size));
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
    for (const conn of this.#data) closeQuietly(conn);
    this.#view[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#watchdog);
    this.#hangUp();
  }
}

/** Whether it is heard while a transfer runs. */
function isInterruption(
  { verb, argument, isTooLong }: Said,
  wanted: "ABOR" | "STAT" | "QUIT",
): boolean {
  return verb === wanted && argument === "" && !isTooLong;
}

function withAddress(line: PlannedLine, { addr }: Deno.Listener): PlannedLine {
  const { port } = addr as Deno.NetAddr;
  return {
    ...line,
    argument: line.argument!
      .replace("{hostport}", `127,0,0,1,${port >> 8},${port & 255}`)
      .replace("{extended}", `|1|127.0.0.1|${port}|`),
  };
}

import type { Account } from "../accounts/account.ts";
import { type NameEncoding, utf8 } from "../accounts/name_encoding.ts";
import { permits } from "../accounts/permissions.ts";
import { Deadline } from "../clock.ts";
import type { Connection } from "../net/connection.ts";
import type { Logger } from "../telemetry/log.ts";
import { Tree } from "../vfs/tree.ts";
import { VirtualPath } from "../vfs/virtual_path.ts";
import { Argument } from "./argument.ts";
import { CommandError, notPermitted } from "./command_error.ts";
import { CommandQueue, type QueuedCommand } from "./command_queue.ts";
import { COMMANDS, unknownCommand } from "./commands/table.ts";
import { ControlChannel } from "./control_channel.ts";
import { type ControlLine, LINE_MAX, parseCommand } from "./control_line.ts";
import { DataChannel } from "./data/data_channel.ts";
import { type Fact, FACTS } from "./data/facts.ts";
import type { RepresentationType } from "./data/representation.ts";
import { failureReply } from "./failure_reply.ts";
import { commandFields, errorFields, logFailure } from "./log_fields.ts";
import type { LoggedIn } from "./logged_in.ts";
import { Protection } from "./protection.ts";
import { Code, encodeReply, type Reply, reply } from "./reply.ts";
import type { FtpServices } from "./services.ts";
import { Transfer } from "./transfer.ts";

/**
 * One control connection from 220 to its end: the state that commands read and change, and the loop that carries them out
 * one at a time, replies in order. A second loop reads, so that ABOR and STAT are seen while a transfer runs.
 */
export class Session {
  readonly services: FtpServices;
  /** Names the session, its peer and, once logged in, its account. */
  log: Logger;
  readonly control: ControlChannel;
  readonly data: DataChannel;
  readonly protection: Protection;
  /** Ends the session while nobody is logged in. */
  readonly loginDeadline: Deadline;

  /** The argument of USER, until the next one. */
  userName: string | undefined;
  failedLogins = 0;
  workingDirectory = VirtualPath.root;
  type: RepresentationType = "ascii";
  /** Bytes; used up by the next command with a data connection, whatever comes of it. */
  restartMarker = 0;
  /** What RNFR named; RNTO must follow at once. */
  renameFrom: VirtualPath | undefined;
  /** After EPSV ALL (RFC 2428 section 4): no other way to a data connection. */
  epsvOnly = false;
  /** After OPTS UTF8 ON: names are UTF-8, whatever the account's clients write otherwise. */
  utf8Requested = false;
  facts: ReadonlySet<Fact> = new Set(FACTS);

  readonly #sessionLog: Logger;
  readonly #queue = new CommandQueue();
  readonly #idleDeadline: Deadline;
  readonly #leaving = new AbortController();
  #loggedIn: LoggedIn | undefined;
  #transfer: Transfer | undefined;
  #executing = false;
  /** QUIT has arrived: that the client then closes its side is no loss. */
  #quitReceived = false;
  #controlLost = false;
  /** Behind an AUTH that waits for its turn nothing is read. */
  #isDeaf = false;
  /** Why the session is to end with 421 as soon as no command runs. */
  #ending: string | undefined;

  constructor(control: Connection, options: { services: FtpServices; id: number }) {
    const { services } = options;
    const { clock, stallTimeout } = services;
    const peer = control.remote.hostname;
    this.services = services;
    this.log = this.#sessionLog = services.log.with({ session: options.id, peer });
    this.protection = new Protection(services.tls);
    this.control = new ControlChannel(control, {
      protection: this.protection,
      clock,
      stallTimeout,
    });
    this.data = new DataChannel({
      control,
      ports: services.ports,
      dialer: services.dialer,
      clock,
      connectTimeout: services.dataConnectTimeout,
      peer: services.dataPeer,
      log: this.log,
      protect: (connection, signal) => this.protection.protectData(connection, signal),
    });
    this.loginDeadline = this.#endAfter(services.loginTimeout, "Login took too long");
    this.loginDeadline.signal.addEventListener("abort", () => {
      // While a command runs it is we who are slow.
      if (!this.#executing) services.guard.failed(peer);
    }, { once: true });
    this.#idleDeadline = this.#endAfter(services.idleTimeout, "Idle for too long");
  }

  /**
   * Serves the client until it leaves, is thrown out, or {@linkcode Session.drain} ends it. Never throws.
   *
   * @param options.tls `implicit`: TLS comes first, and data connections are private too. `explicit`: AUTH may ask for it.
   */
  async run({ tls }: { tls: "explicit" | "implicit" }): Promise<void> {
    let reading = Promise.resolve();
    try {
      if (tls === "implicit") {
        this.protection.data = "private";
        await this.#startTls();
      }
      reading = this.#read();
      await this.send(reply(Code.readyForNewUser, "cosftp ready"));
      await this.#serve();
    } catch (error) {
      this.log.debug("The control connection broke", { error: String(error) });
    }
    await this.control.end();
    this.#queue.clear();
    await reading;
    this.logOut();
    this.data[Symbol.dispose]();
    this.protection[Symbol.dispose]();
    this.loginDeadline[Symbol.dispose]();
    this.#idleDeadline[Symbol.dispose]();
    this.log.debug("The session ended");
  }

  /** Aborts when the client has gone or is to go, with the {@linkcode CommandError} that tells it so. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  get isLoggedIn(): boolean {
    return this.#loggedIn !== undefined;
  }

  /** The account and its tree. Only for commands that need a login. */
  get loggedIn(): LoggedIn {
    if (!this.#loggedIn) throw new CommandError(Code.notLoggedIn, "Log in first");
    return this.#loggedIn;
  }

  /** How names are written on this session's connections. */
  get nameEncoding(): NameEncoding {
    return this.utf8Requested ? utf8 : this.#loggedIn?.account.nameEncoding ?? utf8;
  }

  /** Takes over `slot`. */
  logIn(account: Account, slot: Disposable): void {
    const { keyPrefix, times, transfers } = account;
    const tree = new Tree({ resources: transfers, keyPrefix, times });
    this.#loggedIn = { account, tree, slot };
    this.log = this.#sessionLog.with({ account: account.name });
    this.loginDeadline.pause();
  }

  /** Back to the state after 220 (RFC 959 section 5.4, REIN). Whoever was logged in has the login timeout before them again. */
  logOut(): void {
    if (this.#loggedIn) {
      this.#loggedIn.slot[Symbol.dispose]();
      this.#loggedIn = undefined;
      this.log = this.#sessionLog;
      this.loginDeadline.resume();
    }
    this.userName = undefined;
    this.workingDirectory = VirtualPath.root;
    this.type = "ascii";
    this.restartMarker = 0;
    this.renameFrom = undefined;
    this.epsvOnly = false;
    this.facts = new Set(FACTS);
    this.data.reset();
  }

  /** The path that an argument names. @throws {CommandError} 501, {TreeError} `name-not-allowed`. */
  resolve(argument: Argument): VirtualPath {
    return this.workingDirectory.resolve(argument.text);
  }

  /** Sends a reply after all that were sent before. @throws when the control connection is lost or stuck. */
  send(message: Reply): Promise<void> {
    return this.sendText(encodeReply(message));
  }

  /** Sends lines that are part of a reply. @throws when the control connection is lost or stuck. */
  sendText(text: string): Promise<void> {
    return this.control.send(this.nameEncoding.encode(text));
  }

  /**
   * Runs a transfer: ABOR ends it and STAT reports it. Logs what came of it.
   *
   * @throws what `run` throws.
   */
  async transfer(title: string, run: (transfer: Transfer) => Promise<Reply>): Promise<Reply> {
    const transfer = new Transfer(title);
    const { clock } = this.services;
    const begun = clock.now();
    this.#transfer = transfer;
    if (this.#controlLost) transfer.abort("control-lost");
    if (this.#queue.includes("ABOR")) transfer.abort("abor");
    const fields = () => ({
      bytes: transfer.bytes,
      milliseconds: clock.now() - begun,
      requestId: transfer.requestId,
    });
    try {
      const done = await run(transfer);
      this.log.info(`${title}: done`, fields());
      return done;
    } catch (error) {
      this.log.info(`${title}: failed`, { ...fields(), ...errorFields(error) });
      throw error;
    } finally {
      this.#transfer = undefined;
    }
  }

  /**
   * Asks whether the client that ended a data connection is still there. A killed client's connections all end as if it had
   * finished, in any order and up to a millisecond apart: so let what the control connection has to say be heard before a
   * file is published.
   *
   * @throws {TransferAborted} `control-lost`.
   */
  async confirmClient(transfer: Transfer): Promise<void> {
    const { arrivals } = this.services;
    await arrivals.settle(transfer.settlings);
    if (this.protection.isControlPrivate) {
      // Its end has been read; now TLS must get and tell it.
      await arrivals.catchUp();
      await arrivals.catchUp();
    }
    if (this.#isDeaf) transfer.abort("control-lost");
    transfer.signal.throwIfAborted();
  }

  /** No new commands: ends with 421 at once, or after the command that runs. */
  drain(): void {
    this.#end("The gateway is shutting down");
  }

  /** Ends the transfer that runs, if one does. */
  abortTransfer(): void {
    this.#transfer?.abort("shutdown");
  }

  /** Closes the control connection at once, which ends everything else. */
  close(): void {
    this.control.close();
  }

  async #serve(): Promise<void> {
    for (;;) {
      if (this.#ending !== undefined) {
        return await this.send(reply(Code.serviceNotAvailable, this.#ending));
      }
      const command = await this.#queue.next();
      if (command === null) {
        if (this.#ending === undefined) return;
        continue;
      }
      this.#executing = true;
      this.#idleDeadline.pause();
      const done = await this.#execute(command);
      await this.send(done);
      this.#executing = false;
      if (done.code === Code.securityMechanismAccepted) await this.#startTls();
      this.#idleDeadline.resume();
      if (done.code === Code.closing || done.code === Code.serviceNotAvailable) return;
    }
  }

  async #execute(command: QueuedCommand): Promise<Reply> {
    if (command === "too-long") {
      return reply(Code.syntaxError, `The line is longer than ${LINE_MAX} bytes`);
    }
    const { verb } = command;
    const row = COMMANDS.get(verb);
    const argument = new Argument(command.argument, this.nameEncoding);
    this.log.debug("Command", commandFields(command, { argument, isKnown: row !== undefined }));
    if (verb !== "RNTO") this.renameFrom = undefined;
    try {
      if (!row) return unknownCommand(verb);
      if (!row.beforeLogin && !this.#loggedIn) return reply(Code.notLoggedIn, "Log in first");
      if (row.argument === "required" && argument.isEmpty) {
        return reply(Code.argumentSyntaxError, `Usage: ${row.syntax}`);
      }
      if (row.argument === "none" && !argument.isEmpty) {
        return reply(Code.argumentSyntaxError, `${verb} takes no argument`);
      }
      if (row.permission && !permits(this.loggedIn.account, row.permission)) {
        throw notPermitted();
      }
      if (row.dataConnection && this.protection.refusesData(this.loggedIn.account)) {
        return reply(Code.dataProtectionNeeded, "Data connections must be private: use PROT P");
      }
      if (row.dataConnection && !this.data.isPrepared) {
        return reply(Code.cannotOpenDataConnection, "Use PASV, EPSV, PORT or EPRT first");
      }
      return await row.run(this, argument);
    } catch (error) {
      const failure = failureReply(error);
      logFailure(this.log, { verb, failure, error });
      return failure;
    } finally {
      if (verb === "RNTO") this.renameFrom = undefined;
      if (row?.dataConnection) {
        this.data.reset();
        this.restartMarker = 0;
      }
    }
  }

  /** The control connection becomes TLS. @throws when that fails: then it is closed. */
  async #startTls(): Promise<void> {
    try {
      await this.control.startTls(this.leaving);
    } catch (error) {
      this.log.info("TLS was not agreed upon", { error: String(error) });
      throw error;
    }
  }

  /** Reads commands until the control connection ends. */
  async #read(): Promise<void> {
    try {
      await this.control.read((line) => this.#take(line));
    } catch {
      // Reset, or closed by us: whatever was still to be done has nobody to hear of it.
      this.#queue.clear();
      this.#quitReceived = false;
    }
    this.#queue.end();
    if (this.#quitReceived) return;
    this.#controlLost = true;
    this.#leave("The control connection ended");
    this.#transfer?.abort("control-lost");
  }

  async #take(line: ControlLine): Promise<void> {
    if (line === "too-long") return await this.#queue.push(line);
    const command = parseCommand(line);
    if (this.#transfer && command.argument.length === 0) {
      const { title, bytes } = this.#transfer;
      switch (COMMANDS.get(command.verb)?.duringTransfer) {
        case "status":
          return await this.send(reply(Code.fileStatus, `${title}: ${bytes} bytes so far`));
        case "abort":
          this.#transfer.abort("abor");
      }
    }
    if (command.verb === "QUIT" && command.argument.length === 0) this.#quitReceived = true;
    await this.#queue.push(command);
    if (command.verb !== "AUTH") return;
    this.#isDeaf = true;
    await this.#queue.settled();
    this.#isDeaf = false;
  }

  /** Ends the session with 421 and `why`, now or after the command that runs. */
  #end(why: string): void {
    this.#ending ??= why;
    this.#leave(why);
    if (!this.#executing) this.#queue.clear();
  }

  #leave(why: string): void {
    this.#leaving.abort(new CommandError(Code.serviceNotAvailable, why));
  }

  #endAfter(milliseconds: number, why: string): Deadline {
    const { clock } = this.services;
    const deadline = new Deadline({ clock, milliseconds, error: () => new Error(why) });
    deadline.signal.addEventListener("abort", () => this.#end(why), { once: true });
    return deadline;
  }
}

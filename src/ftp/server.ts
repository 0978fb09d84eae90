import { sleep } from "../clock.ts";
import { type Connection, formatAddress, type Listener } from "../net/connection.ts";
import { Code, encodeReply, reply } from "./reply.ts";
import type { FtpServices } from "./services.ts";
import { Session } from "./session.ts";

/** After an accept that failed (no file descriptors left) the next one is tried so much later. Milliseconds. */
const ACCEPT_PAUSE = 100;

const TOO_MANY = new TextEncoder().encode(
  encodeReply(reply(Code.serviceNotAvailable, "Too many connections, try again later")),
);

/** Accepts control connections and keeps their sessions, until {@linkcode FtpServer.shutDown}. */
export class FtpServer {
  readonly #listeners: readonly Listener[];
  readonly #services: FtpServices;
  readonly #maxConnections: number;
  readonly #sessions = new Map<Session, Promise<void>>();
  readonly #accepting: readonly Promise<void>[];
  #stopped = false;
  #lastId = 0;

  /**
   * @param options.implicitTls where clients begin with TLS (ftps).
   * @param options.maxConnections on both listeners together; 0 = unlimited.
   */
  constructor(
    listener: Listener,
    options: { services: FtpServices; maxConnections: number; implicitTls?: Listener },
  ) {
    const { implicitTls } = options;
    this.#listeners = implicitTls ? [listener, implicitTls] : [listener];
    this.#services = options.services;
    this.#maxConnections = options.maxConnections;
    this.#accepting = this.#listeners.map((each) =>
      this.#accept(each, { tls: each === implicitTls ? "implicit" : "explicit" })
    );
  }

  /** How many control connections are open. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /**
   * Ends in good order: no new sessions; those without a running command get 421 now, the others after it; what still runs
   * after `drainTimeout` milliseconds is aborted, with 421. Resolves when all are gone.
   */
  async shutDown(drainTimeout: number): Promise<void> {
    this.#stopped = true;
    using _timer = this.#services.clock.schedule(drainTimeout, () => {
      for (const session of this.#sessions.keys()) session.abortTransfer();
    });
    for (const listener of this.#listeners) listener.close();
    await Promise.all(this.#accepting);
    for (const session of this.#sessions.keys()) session.drain();
    await Promise.all(this.#sessions.values());
  }

  async #accept(listener: Listener, how: { tls: "explicit" | "implicit" }): Promise<void> {
    const { log, clock } = this.#services;
    while (!this.#stopped) {
      try {
        const control = await listener.accept();
        if (control === null) return;
        this.#begin(control, how);
      } catch (error) {
        log.error("Cannot accept a connection", { error: String(error) });
        await sleep(clock, ACCEPT_PAUSE);
      }
    }
  }

  #begin(control: Connection, how: { tls: "explicit" | "implicit" }): void {
    const { log } = this.#services;
    if (this.#maxConnections > 0 && this.#sessions.size >= this.#maxConnections) {
      log.warning("Connection refused: max_connection_num sessions are open", {
        peer: control.remote.hostname,
      });
      // Before TLS a reply would only look like a broken handshake.
      if (how.tls === "implicit") control.close();
      else control.write(TOO_MANY).catch(() => {}).finally(() => control.close());
      return;
    }
    const session = new Session(control, { services: this.#services, id: ++this.#lastId });
    session.log.debug("Connection", { from: formatAddress(control.remote) });
    this.#sessions.set(session, session.run(how).finally(() => this.#sessions.delete(session)));
  }
}

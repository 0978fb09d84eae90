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
  readonly #listener: Listener;
  readonly #services: FtpServices;
  readonly #maxConnections: number;
  readonly #sessions = new Map<Session, Promise<void>>();
  readonly #accepting: Promise<void>;
  #stopped = false;
  #lastId = 0;

  /** @param options.maxConnections 0 = unlimited. */
  constructor(
    listener: Listener,
    options: { services: FtpServices; maxConnections: number },
  ) {
    this.#listener = listener;
    this.#services = options.services;
    this.#maxConnections = options.maxConnections;
    this.#accepting = this.#accept();
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
    this.#listener.close();
    await this.#accepting;
    for (const session of this.#sessions.keys()) session.drain();
    await Promise.all(this.#sessions.values());
  }

  async #accept(): Promise<void> {
    const { log, clock } = this.#services;
    while (!this.#stopped) {
      try {
        const control = await this.#listener.accept();
        if (control === null) return;
        this.#begin(control);
      } catch (error) {
        log.error("Cannot accept a connection", { error: String(error) });
        await sleep(clock, ACCEPT_PAUSE);
      }
    }
  }

  #begin(control: Connection): void {
    const { log } = this.#services;
    if (this.#maxConnections > 0 && this.#sessions.size >= this.#maxConnections) {
      log.warning("Connection refused: max_connection_num sessions are open", {
        peer: control.remote.hostname,
      });
      control.write(TOO_MANY).catch(() => {}).finally(() => control.close());
      return;
    }
    const session = new Session(control, { services: this.#services, id: ++this.#lastId });
    session.log.debug("Connection", { from: formatAddress(control.remote) });
    this.#sessions.set(session, session.run().finally(() => this.#sessions.delete(session)));
  }
}

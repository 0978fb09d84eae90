import { sleep } from "../clock.ts";
import { clientNetwork } from "../net/cidr.ts";
import { type Connection, formatAddress, type Listener } from "../net/connection.ts";
import { Code, encodeReply, reply } from "./reply.ts";
import { RefusalLog } from "./refusal_log.ts";
import type { FtpServices } from "./services.ts";
import { Session } from "./session.ts";

/** After an accept that failed (no file descriptors left) the next one is tried so much later. Milliseconds. */
const ACCEPT_PAUSE = 100;

/** All who are turned away hear the same. */
const REFUSAL = new TextEncoder().encode(
  encodeReply(reply(Code.serviceNotAvailable, "Service not available, try again later")),
);

/** How many control connections there may be; 0 = unlimited. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of one IPv4 address or IPv6 /64 network that the guard makes no exception of. */
  readonly maxConnectionsPerAddress: number;
  /** Of clients that have not logged in. */
  readonly maxUnauthenticated: number;
}

/** Accepts control connections and keeps their sessions, until {@linkcode FtpServer.shutDown}. */
export class FtpServer {
  readonly #listeners: readonly Listener[];
  readonly #services: FtpServices;
  readonly #limits: ConnectionLimits;
  readonly #refusals: RefusalLog;
  readonly #sessions = new Map<Session, Promise<void>>();
  /** How many sessions there are of each client, those that the guard makes an exception of left out. */
  readonly #clients = new Map<string, number>();
  readonly #accepting: readonly Promise<void>[];
  #stopped = false;
  #lastId = 0;

  /**
   * @param options.implicitTls where clients begin with TLS (ftps).
   * @param options.limits on both listeners together.
   */
  constructor(
    listener: Listener,
    { services, limits, implicitTls }: {
      services: FtpServices;
      limits: ConnectionLimits;
      implicitTls?: Listener;
    },
  ) {
    this.#listeners = implicitTls ? [listener, implicitTls] : [listener];
    this.#services = services;
    this.#limits = limits;
    this.#refusals = new RefusalLog(services);
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
    const { hostname } = control.remote;
    const refusal = this.#refusal(hostname);
    if (refusal) {
      this.#refusals.refused(refusal, hostname);
      // Before TLS a reply would only look like a broken handshake.
      if (how.tls === "implicit") control.close();
      else control.write(REFUSAL).catch(() => {}).finally(() => control.close());
      return;
    }
    const session = new Session(control, { services: this.#services, id: ++this.#lastId });
    session.log.debug("Connection", { from: formatAddress(control.remote) });
    this.#count(hostname, +1);
    const running = session.run(how).finally(() => {
      this.#sessions.delete(session);
      this.#count(hostname, -1);
    });
    this.#sessions.set(session, running);
  }

  /** Why this client is not served now, for the log. */
  #refusal(hostname: string): string | undefined {
    const { guard, logins } = this.#services;
    const { maxConnections, maxConnectionsPerAddress, maxUnauthenticated } = this.#limits;
    const isReached = (max: number, count: number) => max > 0 && count >= max;
    const ofClient = this.#clients.get(clientNetwork(hostname)) ?? 0;
    if (guard.isBanned(hostname)) return "its address is banned";
    if (isReached(maxConnections, this.sessions)) return "max_connection_num sessions are open";
    if (isReached(maxConnectionsPerAddress, ofClient) && !guard.excepts(hostname)) {
      return "max_connection_per_address sessions of one address are open";
    }
    if (isReached(maxUnauthenticated, this.sessions - logins.taken)) {
      return "max_unauthenticated_num sessions have not logged in";
    }
    return undefined;
  }

  #count(hostname: string, change: 1 | -1): void {
    // An exception may be a part of a network whose others have their limit.
    if (this.#services.guard.excepts(hostname)) return;
    const client = clientNetwork(hostname);
    const count = (this.#clients.get(client) ?? 0) + change;
    if (count === 0) this.#clients.delete(client);
    else this.#clients.set(client, count);
  }
}

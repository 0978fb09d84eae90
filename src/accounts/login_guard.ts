import type { Clock } from "../clock.ts";
import { type Cidr, cidrContains, clientNetwork } from "../net/cidr.ts";
import type { Logger } from "../telemetry/log.ts";

/** How long the reply to a first failed login is held back; each further one twice as long. Milliseconds. */
const FIRST_DELAY = 500;
const LONGEST_DELAY = 4_000;

/** Clients of whom something is remembered; a further one takes the place of the one that was quiet for longest. */
const CLIENTS_MAX = 10_000;

/** What a {@linkcode LoginGuard} goes by. Times are milliseconds. */
export interface LoginGuardOptions {
  /** So many failed logins within the window are a ban; 0: nobody is delayed or banned. */
  readonly threshold: number;
  readonly window: number;
  readonly ban: number;
  /** Clients that are never delayed or banned. */
  readonly except: readonly Cidr[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is remembered of one client. Times are milliseconds since the epoch. */
interface Conduct {
  /** When logins failed: fewer than `threshold`. */
  readonly failures: readonly number[];
  readonly bannedUntil: number;
}

const FLAWLESS: Conduct = { failures: [], bannedUntil: 0 };

/** Slows down those who guess passwords, then bans them. A client is an IPv4 address or an IPv6 /64 network. */
export class LoginGuard {
  readonly #options: LoginGuardOptions;
  /** The one that failed last is last. */
  readonly #clients = new Map<string, Conduct>();

  constructor(options: LoginGuardOptions) {
    this.#options = options;
  }

  /** How many clients something is remembered of. */
  get size(): number {
    return this.#clients.size;
  }

  /** Whether this numeric address is free to do what it likes. */
  excepts(hostname: string): boolean {
    return this.#options.except.some((block) => cidrContains(block, hostname));
  }

  /** Whether this numeric address may not log in now. */
  isBanned(hostname: string): boolean {
    const conduct = this.#clients.get(clientNetwork(hostname));
    const isBanned = conduct !== undefined && conduct.bannedUntil > this.#options.clock.now();
    // An exception may be a part of the network that is banned.
    return isBanned && !this.excepts(hostname);
  }

  /**
   * Counts a failed login of this numeric address.
   *
   * @returns for how long its reply is to be held back. Milliseconds.
   */
  failed(hostname: string): number {
    const { threshold, window, ban, clock, log } = this.#options;
    if (threshold === 0 || this.excepts(hostname)) return 0;
    const now = clock.now();
    const client = clientNetwork(hostname);
    const { failures: before, bannedUntil } = this.#clients.get(client) ?? FLAWLESS;
    if (bannedUntil > now) return LONGEST_DELAY;
    const failures = [...before.filter((time) => time > now - window), now];
    const isBan = failures.length >= threshold;
    this.#remember(
      client,
      isBan ? { failures: [], bannedUntil: now + ban } : { failures, bannedUntil },
    );
    if (isBan) {
      log.warning("Address banned: too many failed logins", {
        address: client,
        failures: failures.length,
        seconds: ban / 1000,
      });
    }
    return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures.length - 1));
  }

  #remember(client: string, conduct: Conduct): void {
    this.#clients.delete(client);
    this.#clients.set(client, conduct);
    if (this.#clients.size <= CLIENTS_MAX) return;
    const [quietest] = this.#clients.keys();
    this.#clients.delete(quietest!);
  }
}

import { ipVersion } from "../net/cidr.ts";
import type { Connection, Dialer, SocketAddress } from "../net/connection.ts";
import { formatAddress } from "../net/connection.ts";
import { describeIcmp, type IcmpMessage, isProhibition } from "../net/icmp_message.ts";
import { ErrnoError, errnoName, type Libc } from "../net/libc.ts";
import { probeTcp } from "../net/tcp_probe.ts";
import { Patience } from "./patience.ts";

/** Why a TCP connection could not be opened, as far as one end can tell. */
export type Cause =
  /** Nothing came back: DROP, a security group, or nobody there. */
  | "dropped"
  /** A firewall answered that it is not allowed. */
  | "prohibited"
  /** A firewall, or a router, answered in the words that machines use too: host or port unreachable. */
  | "rejected"
  /** The address belongs to no machine in its network. */
  | "no-neighbour"
  /** This machine, or a router, knows no way there. */
  | "no-route"
  /** Nobody listens, or a firewall rejects by TCP reset, or by an ICMP port-unreachable that was not seen. */
  | "refused"
  /** The connection was opened, then reset. */
  | "reset"
  /** This machine's own rules. */
  | "denied-here"
  /** This machine's limit of open files. */
  | "no-files"
  | "other";

/** A failed attempt. */
export interface Failure {
  readonly cause: Cause;
  readonly address: SocketAddress;
  /** `EHOSTUNREACH`. */
  readonly errno: string;
  /** Milliseconds. */
  readonly elapsed: number;
  readonly icmp: IcmpMessage | undefined;
}

/**
 * An answer that took longer is about a neighbour that never answered: ARP gives up after three seconds. One that comes after a
 * second was asked for twice, because Linux answers by ICMP only so often. Milliseconds.
 */
const AT_ONCE = 2_500;
/** No file is left: for this process, or for the machine. */
const FILES_GONE: readonly string[] = ["EMFILE", "ENFILE"];
/** How often a message is asked for that does not come: a port may be refused by nobody, and the next one by a firewall. */
const ASKED_ENOUGH = 8;

/** Opens connections and says why not. */
export class Reach {
  readonly #dialer: Dialer;
  readonly #libc: Libc | undefined;
  /** What was asked for already, by host and error: every question uses up answers that are limited. */
  readonly #icmp = new Map<string, IcmpMessage>();
  /** How often in vain. */
  readonly #asked = new Map<string, number>();

  /** @param libc tells ICMP messages; undefined where it is not permitted. */
  constructor(dialer: Dialer, libc: Libc | undefined) {
    this.#dialer = dialer;
    this.#libc = libc;
  }

  /**
   * @param options.timeout milliseconds.
   * @throws the signal's reason.
   */
  async connect(address: SocketAddress, options: {
    timeout: number;
    signal: AbortSignal;
  }): Promise<Connection | Failure> {
    const { timeout, signal } = options;
    const start = performance.now();
    // Linux itself gives up after two minutes.
    using patience = new Patience(timeout);
    try {
      return await this.#dialer.connect(address, AbortSignal.any([signal, patience.signal]));
    } catch (error) {
      signal.throwIfAborted();
      const elapsed = performance.now() - start;
      const errno = patience.signal.aborted ? "ETIMEDOUT" : errnoOf(error);
      const attempt = { address, errno, elapsed };
      try {
        return judge({ ...attempt, icmp: await this.#whatIcmp(address, errno, options) });
      } catch (cause) {
        if (!(cause instanceof ErrnoError && FILES_GONE.includes(cause.errno))) throw cause;
        return judge({ ...attempt, errno: cause.errno, icmp: undefined });
      }
    }
  }

  /** Asks once more by a way that tells the message. Silence has none. */
  async #whatIcmp(address: SocketAddress, errno: string, options: {
    timeout: number;
    signal: AbortSignal;
  }): Promise<IcmpMessage | undefined> {
    if (!this.#libc || errno === "ETIMEDOUT") return undefined;
    const key = `${errno} ${address.hostname}`;
    const known = this.#icmp.get(key);
    const asked = this.#asked.get(key) ?? 0;
    if (known || asked === ASKED_ENOUGH) return known;
    this.#asked.set(key, asked + 1);
    const again = await probeTcp(this.#libc, { address, ...options });
    if (again.errno !== errno || !again.icmp) return undefined;
    this.#icmp.set(key, again.icmp);
    return again.icmp;
  }
}

/** What an attempt that ended with `errno` after `elapsed` milliseconds tells. */
export function judge(attempt: Omit<Failure, "cause">): Failure {
  return { ...attempt, cause: causeOf(attempt) };
}

function causeOf({ address, errno, elapsed, icmp }: Omit<Failure, "cause">): Cause {
  if (FILES_GONE.includes(errno)) return "no-files";
  switch (errno) {
    case "ETIMEDOUT":
      return "dropped";
    case "ECONNREFUSED":
      return icmp ? "rejected" : "refused";
    case "ECONNRESET":
      return "reset";
    case "EACCES":
      // What Linux makes of ICMPv6 "administratively prohibited".
      return ipVersion(address.hostname) === 6 ? "prohibited" : "denied-here";
    case "EPERM":
      return "denied-here";
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
      if (icmp && isProhibition(icmp)) return "prohibited";
      if (elapsed > AT_ONCE) return "no-neighbour";
      return icmp ? "rejected" : "prohibited";
    case "ENETUNREACH":
      if (icmp && isProhibition(icmp)) return "prohibited";
      // Whoever says so of itself has been reached.
      return icmp?.from === address.hostname ? "rejected" : "no-route";
    // ICMP protocol unreachable: every machine has TCP.
    case "ENOPROTOOPT":
      return "rejected";
    default:
      return "other";
  }
}

/** `Nothing came back from 192.0.2.1:2121 within 5.0 s (ETIMEDOUT)`. */
export function describeFailure(failure: Failure): string {
  const { cause, address, errno, elapsed, icmp } = failure;
  const where = formatAddress(address);
  const when = elapsed < 1_000 ? `${Math.round(elapsed)} ms` : `${(elapsed / 1_000).toFixed(1)} s`;
  const why = icmp ? `${errno}, ${describeIcmp(icmp)}` : errno;
  switch (cause) {
    case "dropped":
      return `Nothing came back from ${where} within ${when} (${why})`;
    case "prohibited":
    case "rejected":
      return `A firewall rejects ${where}: answered after ${when} (${why})`;
    case "no-neighbour":
      return `No machine answers at ${where}: told after ${when} (${why})`;
    case "no-route":
      return `There is no route to ${where} (${why})`;
    case "refused":
      return `${where} refused after ${when} (${why})`;
    case "reset":
      return `${where} reset the connection (${why})`;
    case "denied-here":
      return `This machine itself does not let connections to ${where} out (${why})`;
    case "no-files":
      return `No open file is left to connect to ${where} (${why})`;
    case "other":
      return `Cannot connect to ${where} (${why})`;
  }
}

/** The name of the system error that `error` is. */
export function errnoOf(error: unknown): string {
  const { code, name, message } = error as { code?: unknown; name: string; message: string };
  if (typeof code === "string") return code;
  // Deno has no code for the rarer ones.
  const [, number] = /\(os error (\d+)\)/.exec(message) ?? [];
  return number === undefined ? `${name}: ${message}` : errnoName(Number(number));
}

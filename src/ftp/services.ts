import type { Authenticator } from "../accounts/authenticator.ts";
import type { LoginGuard } from "../accounts/login_guard.ts";
import type { Clock } from "../clock.ts";
import type { Arrivals } from "../net/arrival_barrier.ts";
import type { Dialer } from "../net/connection.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Masquerade } from "./data/masquerade.ts";
import type { PortPool } from "./data/port_pool.ts";
import type { LoginSlots } from "./login_slots.ts";
import type { TlsService } from "./protection.ts";

/** What all sessions of a server share. Times are milliseconds. */
export interface FtpServices {
  readonly authenticator: Authenticator;
  readonly guard: LoginGuard;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly dialer: Dialer;
  /** What a client's other connection had to say is heard first. */
  readonly arrivals: Arrivals;
  readonly log: Logger;
  readonly ports: PortPool;
  /** Undefined: a 227 reply names the address that the client reached. */
  readonly masquerade: Masquerade | undefined;
  readonly dataPeer: "same" | "any";
  readonly logins: LoginSlots;
  /** Undefined: no certificate, so AUTH is refused. */
  readonly tls: TlsService | undefined;
  /** Entries of one listing. */
  readonly maxListFile: number;
  /** Files in a directory that may still be renamed. */
  readonly renameMaxFiles: number;
  readonly idleTimeout: number;
  readonly loginTimeout: number;
  readonly dataConnectTimeout: number;
  readonly stallTimeout: number;
}

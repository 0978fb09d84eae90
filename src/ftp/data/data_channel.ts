import type { Clock } from "../../clock.ts";
import { Deadline } from "../../clock.ts";
import { sameAddress } from "../../net/cidr.ts";
import type { Connection, Dialer, SocketAddress } from "../../net/connection.ts";
import type { Logger } from "../../telemetry/log.ts";
import { DataConnectionError } from "./data_error.ts";
import { PassiveListener } from "./passive.ts";
import type { PortPool } from "./port_pool.ts";

/** What the data connections of a session depend on. */
export interface DataChannelOptions {
  readonly control: Connection;
  readonly ports: PortPool;
  readonly dialer: Dialer;
  readonly clock: Clock;
  /** How long a data connection may take to be opened. Milliseconds. */
  readonly connectTimeout: number;
  /** Whose passive data connections are taken: the control connection's address only, or any. */
  readonly peer: "same" | "any";
  readonly log: Logger;
  /** Makes of a data connection what the session's protection asks for, or throws and closes it. */
  readonly protect: (connection: Connection, signal: AbortSignal) => Promise<Connection>;
}

/**
 * How the next data connection of a session comes about: by listening (PASV, EPSV) or by connecting (PORT, EPRT). Each
 * preparation replaces the one before and serves one transfer.
 */
export class DataChannel implements Disposable {
  readonly #options: DataChannelOptions;
  #passive: PassiveListener | undefined;
  #active: SocketAddress | undefined;

  constructor(options: DataChannelOptions) {
    this.#options = options;
  }

  /** Whether a transfer may be begun. */
  get isPrepared(): boolean {
    return this.#passive !== undefined || this.#active !== undefined;
  }

  /** Listens on a passive port, on the address that the client, or the proxy in front of us, reached. @throws {DataConnectionError} `no-port`. */
  async listen(): Promise<SocketAddress> {
    const replaced = this.#passive;
    this.reset();
    // Else one client that asks again and again would hold every port of a small range.
    await replaced?.close();
    const { control, ports, peer, log } = this.#options;
    const { hostname } = control.reached ?? control.local;
    this.#passive = new PassiveListener(ports.open(hostname), {
      isPeer: (hostname) => peer === "any" || sameAddress(hostname, control.remote.hostname),
      onStranger: (stranger) =>
        log.warning("A data connection from a foreign address was refused", {
          stranger: stranger.hostname,
        }),
    });
    return this.#passive.address;
  }

  /** Remembers where the client listens. */
  setActive(address: SocketAddress): void {
    this.reset();
    this.#active = address;
  }

  /**
   * Opens the data connection and protects it. The preparation is used up, whatever comes of it.
   *
   * @throws {DataConnectionError} `not-prepared`, `not-opened`, `not-protected`; the signal's reason.
   */
  async connect(signal: AbortSignal): Promise<Connection> {
    const [passive, active] = [this.#passive, this.#active];
    this.#passive = this.#active = undefined;
    const { clock, connectTimeout: milliseconds, protect } = this.#options;
    using deadline = new Deadline({
      clock,
      milliseconds,
      parent: signal,
      error: () =>
        new DataConnectionError("not-opened", "The data connection was not opened in time"),
    });
    if (passive) {
      using listener = passive;
      return await protect(await listener.connect(deadline.signal), deadline.signal);
    }
    if (!active) {
      throw new DataConnectionError("not-prepared", "Use PASV, EPSV, PORT or EPRT first");
    }
    return await protect(await this.#dial(active, deadline.signal), deadline.signal);
  }

  async #dial(address: SocketAddress, signal: AbortSignal): Promise<Connection> {
    try {
      return await this.#options.dialer.connect(address, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new DataConnectionError("not-opened", "Cannot open the data connection", {
        cause: error,
      });
    }
  }

  /** Forgets the preparation and frees its port. */
  reset(): void {
    this.#passive?.[Symbol.dispose]();
    this.#passive = this.#active = undefined;
  }

  [Symbol.dispose](): void {
    this.reset();
  }
}

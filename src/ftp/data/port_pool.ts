import { listen, type Listener, type SocketAddress } from "../../net/connection.ts";
import { DataConnectionError } from "./data_error.ts";

/** `Math.random` can be computed from what it gave before: whoever was told some ports would know those of others. */
function unforeseeable(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}

/** Opens listeners on the ports of the passive range, each port at most once at a time. */
export class PortPool {
  readonly #first: number;
  readonly #size: number;
  readonly #random: () => number;
  readonly #listen: (address: SocketAddress) => Listener;
  readonly #taken = new Set<number>();

  /**
   * @param options.last inclusive.
   * @param options.random between 0 and 1. @default one that cannot be foretold from the ports that it gave
   * @param options.listen how a port is opened. @default TCP
   */
  constructor(options: {
    first: number;
    last: number;
    random?: () => number;
    listen?: (address: SocketAddress) => Listener;
  }) {
    this.#first = options.first;
    this.#size = options.last - options.first + 1;
    this.#random = options.random ?? unforeseeable;
    this.#listen = options.listen ?? listen;
  }

  /** How many ports are listened on. */
  get taken(): number {
    return this.#taken.size;
  }

  /**
   * Listens on a port that cannot be guessed; closing the listener frees it.
   *
   * @throws {DataConnectionError} `no-port` when all are taken, by us or by other programs.
   */
  open(hostname: string): Listener {
    const start = Math.floor(this.#random() * this.#size);
    for (let step = 0; step < this.#size && this.#taken.size < this.#size; step++) {
      const port = this.#first + (start + step) % this.#size;
      if (this.#taken.has(port)) continue;
      try {
        return this.#guard(this.#listen({ hostname, port }), port);
      } catch (error) {
        if (error instanceof Deno.errors.AddrInUse) continue;
        throw new DataConnectionError("no-port", "Cannot open a passive port", { cause: error });
      }
    }
    throw new DataConnectionError("no-port", "No passive port is free");
  }

  #guard(listener: Listener, port: number): Listener {
    this.#taken.add(port);
    let open = true;
    const close = () => {
      if (!open) return;
      open = false;
      listener.close();
      this.#taken.delete(port);
    };
    return {
      address: listener.address,
      accept: () => listener.accept(),
      close,
      [Symbol.dispose]: close,
    };
  }
}

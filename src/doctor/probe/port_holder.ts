import type { Listener, SocketAddress } from "../../net/connection.ts";
import type { PortRange } from "../steps.ts";
import { encodeAnswer } from "./probe_answer.ts";

/** How many ports are left to a gateway that runs, spread over the range. */
const LEFT_TO_GATEWAY = 32;

/** Files that are open besides the ports, clients' connections too. */
const OTHER_FILES = 1_024;

/** Holds the ports of a range that are free, and answers on each of them, until it is disposed of. */
export class PortHolder implements Disposable {
  /** Ports of the range that are held. */
  readonly held: ReadonlySet<number>;
  readonly #listeners: readonly Listener[];
  readonly #range: PortRange;
  readonly #nonce = crypto.randomUUID();
  readonly #reached = new Set<number>();

  /**
   * @param options.besideGateway whether a gateway runs and must still find ports.
   * @param options.also ports outside the range that are held too when they are free.
   * @throws Error when a port cannot be held for another reason than that it is in use, or for root.
   */
  constructor(options: {
    listen: (address: SocketAddress) => Listener;
    hostname: string;
    range: PortRange;
    besideGateway: boolean;
    also: readonly number[];
  }) {
    const { range: { first, last }, hostname } = options;
    const size = last - first + 1;
    const step = Math.max(2, Math.floor(size / LEFT_TO_GATEWAY));
    const listeners: Listener[] = [];
    const held = new Set<number>();
    const hold = (port: number): boolean => {
      try {
        listeners.push(options.listen({ hostname, port }));
        return true;
      } catch (cause) {
        const { AddrInUse, PermissionDenied } = Deno.errors;
        if (cause instanceof AddrInUse || cause instanceof PermissionDenied) return false;
        for (const listener of listeners) listener.close();
        const { message, code } = cause as Error & { code?: string };
        const remedy = code === "EMFILE"
          ? `. Each of ${size} ports is an open file: raise the limit (ulimit -n ${
            size + OTHER_FILES
          }), or name fewer by --passive-ports`
          : "";
        throw new Error(`Cannot hold port ${port}: ${message}${remedy}`, { cause });
      }
    };
    for (let port = first; port <= last; port++) {
      const isLeft = options.besideGateway && (port - first) % step === step - 1;
      if (!isLeft && hold(port)) held.add(port);
    }
    this.held = held;
    for (const port of options.also) if (port < first || port > last) hold(port);
    this.#range = options.range;
    this.#listeners = listeners;
    for (const listener of listeners) this.#answer(listener);
  }

  /** How many ports somebody connected to. */
  get reached(): number {
    return this.#reached.size;
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners) listener.close();
  }

  async #answer(listener: Listener): Promise<void> {
    const { port } = listener.address;
    const line = encodeAnswer({
      nonce: this.#nonce,
      port,
      range: this.#range,
      held: this.held,
    });
    const bytes = new TextEncoder().encode(line);
    for (;;) {
      const connection = await listener.accept();
      if (!connection) return;
      this.#reached.add(port);
      // Whoever does not read is no loss; closing ends it.
      connection.write(bytes).catch(() => {}).finally(() => connection.close());
    }
  }
}

import { type Connection, listen, systemDialer } from "./connection.ts";

/** Lets other connections be heard. */
export interface Arrivals {
  /**
   * Resolves when what arrived within the next millisecond or two was handled. Takes 1.1 ms of an idle event loop, as often
   * as `times` says.
   */
  settle(times: number): Promise<void>;
  /** Resolves when what has arrived by now was reported. Takes 50 microseconds of an idle event loop. */
  catchUp(): Promise<void>;
}

/**
 * Tells when everything that has reached this process's sockets has been handled. Of several connections that end together
 * the event loop may report any first, and it calls due timers before it looks at sockets at all. But what a connection to
 * ourselves brings was sent after all that arrived before, and is reported after it.
 */
export class ArrivalBarrier implements Arrivals, Disposable {
  readonly #sender: Connection;
  readonly #receiver: Connection;
  readonly #waiting: (() => void)[] = [];

  private constructor(sender: Connection, receiver: Connection) {
    this.#sender = sender;
    this.#receiver = receiver;
    this.#receive();
  }

  /** Connects to itself over loopback. */
  static async open(): Promise<ArrivalBarrier> {
    using listener = listen({ hostname: "127.0.0.1", port: 0 });
    const { signal } = new AbortController();
    const sender = await systemDialer.connect(listener.address, signal);
    for (;;) {
      const receiver = (await listener.accept())!;
      if (receiver.remote.port === sender.local.port) return new ArrivalBarrier(sender, receiver);
      receiver.close();
    }
  }

  async settle(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      await pause();
      // Reported together, both still count as one: the second round begins when all of that is handled.
      await this.catchUp();
      await this.catchUp();
    }
  }

  catchUp(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#sender.write(Uint8Array.of(0)).catch(resolve);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#sender.close();
    this.#receiver.close();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(256);
    try {
      for (;;) {
        const count = await this.#receiver.read(buffer);
        if (count === null) return;
        for (const resolve of this.#waiting.splice(0, count)) resolve();
      }
    } catch {
      // Closed: nobody waits any more.
    }
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * About a millisecond, in which other threads and processes get on; `setTimeout` takes no less than two. It does not keep
 * the event loop alive.
 */
async function pause(): Promise<void> {
  await Atomics.waitAsync(never, 0, 0, 0.1).value;
}

import type { Operation } from "./api/call.ts";

/** What came in of one operation since the emulator was started. */
export interface OperationTraffic {
  /** Authenticated requests whose head has arrived. */
  readonly begun: number;
  /** Requests that were answered, or never will be. */
  readonly ended: number;
  /** Bytes of their bodies. */
  readonly received: number;
}

type Milestone = "begun" | "ended";

/** Counts requests by operation, and tells when they begin and end, so that a test can wait for a moment without sleeping. */
export class Traffic {
  readonly #counts = new Map<Operation, { begun: number; ended: number; received: number }>();
  #waiting: { operation: Operation; milestone: Milestone; count: number; resolve(): void }[] = [];

  /** What has come in of `operation`. */
  count(operation: Operation): OperationTraffic {
    return this.#counts.get(operation) ?? { begun: 0, ended: 0, received: 0 };
  }

  /** What has come in, by operation. */
  get counts(): Readonly<Record<string, OperationTraffic>> {
    return Object.fromEntries(this.#counts);
  }

  /** Resolves when `count` requests of `operation` have begun since the emulator was started. */
  begun(operation: Operation, count = 1): Promise<void> {
    return this.#reached(operation, "begun", count);
  }

  /** Resolves when `count` requests of `operation` have ended since the emulator was started. */
  ended(operation: Operation, count = 1): Promise<void> {
    return this.#reached(operation, "ended", count);
  }

  /** Notes that a request begins; the result is to be told of its body's bytes and disposed of at its end. */
  begin(operation: Operation): Disposable & { received(bytes: number): void } {
    const counts = this.#counts.get(operation) ?? { begun: 0, ended: 0, received: 0 };
    this.#counts.set(operation, counts);
    counts.begun++;
    this.#wake(operation, "begun");
    return {
      received: (bytes) => {
        counts.received += bytes;
      },
      [Symbol.dispose]: () => {
        counts.ended++;
        this.#wake(operation, "ended");
      },
    };
  }

  #reached(operation: Operation, milestone: Milestone, count: number): Promise<void> {
    if (this.count(operation)[milestone] >= count) return Promise.resolve();
    return new Promise((resolve) =>
      void this.#waiting.push({ operation, milestone, count, resolve })
    );
  }

  #wake(operation: Operation, milestone: Milestone): void {
    const reached = this.count(operation)[milestone];
    this.#waiting = this.#waiting.filter((waiter) => {
      if (waiter.operation !== operation || waiter.milestone !== milestone) return true;
      if (waiter.count > reached) return true;
      waiter.resolve();
      return false;
    });
  }
}

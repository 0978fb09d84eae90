import type { Clock } from "../clock.ts";
import type { Logger } from "../telemetry/log.ts";

/** Time between two lines about the same reason. Milliseconds. */
const PAUSE = 60_000;

/** Logs refused connections: of each reason one line a minute at most, for a flood is not to fill the disk too. */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #reasons = new Map<string, { logged: number; more: number }>();

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** @param reason one of a few. */
  refused(reason: string, peer: string): void {
    const now = this.#clock.now();
    const last = this.#reasons.get(reason);
    if (last && now - last.logged < PAUSE) {
      last.more++;
      return;
    }
    this.#reasons.set(reason, { logged: now, more: 0 });
    this.#log.warning(`Connection refused: ${reason}`, {
      peer,
      // Since the last such line.
      unmentioned: last?.more,
    });
  }
}

import { ArrivalBarrier } from "../../src/net/arrival_barrier.ts";
import { nextTurn } from "../../src/net/connection.ts";
import { Gateway } from "../ftp/gateway.ts";
import { BucketWatch, PREFIX } from "./bucket_watch.ts";
import type { Coverage } from "./coverage.ts";
import { playSession } from "./play_session.ts";
import type { InterruptedUpload, SessionPlan } from "./session_plan.ts";
import { Violation } from "./violation.ts";

/** How long a session that its client has left may take to end. Real milliseconds. */
const END_MAX = 20_000;

/** How long a gateway that has shown a fault may take to end. Real milliseconds. */
const BROKEN_MAX = 2_000;

interface LaneOptions {
  /** What the sessions add to. */
  readonly coverage: Coverage;
  readonly interrupted: InterruptedUpload;
}

/** A gateway on which sessions are played one after the other, each beginning with the same bucket. */
export class Lane implements AsyncDisposable {
  readonly #gateway: Gateway;
  readonly #arrivals: ArrivalBarrier;
  readonly #watch: BucketWatch;
  readonly #coverage: Coverage;
  readonly #slices: number;
  #isBroken = false;

  private constructor(
    gateway: Gateway,
    arrivals: ArrivalBarrier,
    { coverage, interrupted }: LaneOptions,
  ) {
    this.#gateway = gateway;
    this.#arrivals = arrivals;
    this.#watch = new BucketWatch(gateway, interrupted);
    this.#coverage = coverage;
    this.#slices = gateway.pool.free;
  }

  static async open(options: LaneOptions): Promise<Lane> {
    const { interrupted } = options;
    const gateway = await Gateway.start({ keyPrefix: PREFIX, ftps: {}, interrupted });
    return new Lane(gateway, await ArrivalBarrier.open(), options);
  }

  /** Plays a session and looks at what it has left. After a {@linkcode Violation} the lane is of no use any more. */
  async play(plan: SessionPlan): Promise<void> {
    const [gateway, watch] = [this.#gateway, this.#watch];
    gateway.log.lines.length = gateway.requests.lines.length = 0;
    try {
      await watch.restore();
      const ground = { gateway, watch, coverage: this.#coverage, arrivals: this.#arrivals };
      await playSession(plan, ground);
      await this.#ended();
      this.#checkGateway();
      await watch.check();
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  async #ended(): Promise<void> {
    const begun = performance.now();
    while (this.#gateway.server.sessions > 0) {
      await nextTurn();
      if (performance.now() - begun > END_MAX) throw new Violation("session left", "it never ends");
    }
  }

  #checkGateway(): void {
    const { ports, pool, logins, clock, log } = this.#gateway;
    const left = {
      "passive ports": ports.taken,
      "slices of part memory": this.#slices - pool.free,
      "logins": logins.taken,
      "timers": clock.pending,
    };
    for (const [what, count] of Object.entries(left)) {
      if (count !== 0) throw new Violation(`${what} left`, String(count));
    }
    const error = log.lines.find(({ level, fields }) => level === "error" || fields.stack);
    if (error) {
      throw new Violation("error in the log", `${error.message} ${Deno.inspect(error.fields)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#arrivals[Symbol.dispose]();
    if (!this.#isBroken) {
      await this.#watch.restore();
      return await this.#gateway[Symbol.asyncDispose]();
    }
    // What it leaves was told by the violation; and a session that is stuck cannot be waited for.
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, BROKEN_MAX);
    await Promise.race([this.#gateway[Symbol.asyncDispose]().catch(() => {}), tooLate]);
    clearTimeout(timer);
  }
}

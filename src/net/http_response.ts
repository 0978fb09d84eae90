import { type Clock, Deadline } from "../clock.ts";
import { HttpError, readingError } from "./http_error.ts";
import type { Fields, ResponseHead } from "./http_head.ts";
import { type BodyReader, collect } from "./http_message.ts";

/**
 * An answer whose body is on its way. Its connection serves other requests as soon as the last byte was read; disposing of
 * the answer before closes it.
 */
export class HttpResponse implements Disposable {
  readonly status: number;
  readonly fields: Fields;
  /** Whether the server may have got the request twice: on a kept connection that died, and then on a new one. */
  readonly repeated: boolean;
  readonly #body: BodyReader;
  readonly #clock: Clock;
  readonly #collectTimeout: number;
  readonly #deadline: Deadline | undefined;
  readonly #done: (end: "whole" | "broken") => void;
  #open = true;

  constructor(options: {
    head: ResponseHead;
    body: BodyReader;
    clock: Clock;
    /** Milliseconds that one read may wait. */
    stall: number;
    /** Milliseconds that {@linkcode HttpResponse.collect} may take in all. */
    collect: number;
    signal: AbortSignal;
    repeated: boolean;
    /** Called once, when the connection is not needed any more. */
    done: (end: "whole" | "broken") => void;
  }) {
    this.status = options.head.status;
    this.fields = options.head.fields;
    this.repeated = options.repeated;
    this.#body = options.body;
    this.#clock = options.clock;
    this.#collectTimeout = options.collect;
    this.#done = options.done;
    if (this.#body.ended) {
      this.#end("whole");
      return;
    }
    this.#deadline = new Deadline({
      clock: options.clock,
      milliseconds: options.stall,
      error: () => new HttpError("timeout", "The answer stalled", { requestSent: true }),
      parent: options.signal,
    });
    this.#deadline.pause();
    this.#deadline.signal.addEventListener("abort", () => this.#end("broken"), { once: true });
    if (this.#deadline.signal.aborted) this.#end("broken");
  }

  /** Bytes of the body, where they were announced. */
  get length(): number | undefined {
    return this.#body.length;
  }

  /**
   * Reads what has arrived, at least one byte, as it was sent: nothing is decoded.
   *
   * @returns the number of bytes read, or null after the last one.
   * @throws {HttpError} `lost`, `malformed`, `timeout`; the signal's reason.
   */
  async read(into: Uint8Array): Promise<number | null> {
    if (this.#body.ended) return null;
    this.#deadline?.signal.throwIfAborted();
    this.#deadline?.resume();
    try {
      const count = await this.#body.read(into);
      if (this.#body.ended) this.#end("whole");
      else this.#deadline?.pause();
      return count;
    } catch (error) {
      this.#end("broken");
      this.#deadline?.signal.throwIfAborted();
      throw readingError(error, { requestSent: true });
    }
  }

  /**
   * All of the body, however slowly it comes within {@linkcode Timeouts.collect}.
   *
   * @throws {HttpError} `malformed` when it has more than `max` bytes; as {@linkcode HttpResponse.read}.
   */
  async collect(max: number): Promise<Uint8Array> {
    using whole = new Deadline({
      clock: this.#clock,
      milliseconds: this.#collectTimeout,
      error: () => new HttpError("timeout", "The answer took too long", { requestSent: true }),
    });
    whole.signal.addEventListener("abort", () => this.#end("broken"), { once: true });
    try {
      return await collect(this, max);
    } catch (error) {
      this.#end("broken");
      for (const signal of [this.#deadline?.signal, whole.signal]) signal?.throwIfAborted();
      throw readingError(error, { requestSent: true });
    }
  }

  [Symbol.dispose](): void {
    this.#end("broken");
  }

  #end(end: "whole" | "broken"): void {
    if (!this.#open) return;
    this.#open = false;
    this.#deadline?.[Symbol.dispose]();
    this.#done(end);
  }
}

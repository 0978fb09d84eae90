import { type Clock, Deadline } from "../clock.ts";
import type { CredentialsConfig } from "../config/config.ts";
import type { HttpClient } from "../net/http_client.ts";
import { areSameKeys, type Credentials, type Keys } from "../store/credentials.ts";
import { StoreError } from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";
import { type EndingKeys, fileKeySource, type KeySource, roleKeySource } from "./key_source.ts";

/** How long before their end keys are renewed, while they still serve. Milliseconds. */
const EARLY = 10 * 60_000;

/** How long before their end they are not used any more, unless there are no others: COS's clock may be ahead. Milliseconds. */
const LATE = 30_000;

/** Between two renewals while there are keys to go on with. Milliseconds. */
const AGAIN = 30_000;

/**
 * Between two renewals that brought nothing, while there are no keys, or COS refuses those that there are: so short that a
 * request that is tried again asks the source again. Milliseconds.
 */
const PAUSE = 200;

/** How long a source may take. Milliseconds. */
const TIMEOUT = 10_000;

/**
 * The keys that a configuration names.
 *
 * @param options.http without a proxy, for the metadata service.
 */
export function credentialsFrom(
  config: CredentialsConfig,
  options: { http: HttpClient; clock: Clock; log: Logger },
): Credentials {
  if (config.from === "configuration") return staticCredentials(config);
  const { http } = options;
  const source = config.from === "file"
    ? fileKeySource(config.path)
    : roleKeySource({ role: config.role, endpoint: config.metadataEndpoint, http });
  return renewedCredentials({ source, ...options });
}

/** Keys that never change. */
export function staticCredentials(keys: Keys): Credentials {
  return () => Promise.resolve(keys);
}

/**
 * Keys that a source brings and brings again before they end, while requests go on with the old ones. Only requests that have
 * no others wait for new keys, and all of them for the same answer of the source. A source that fails is no failure as
 * long as there are keys.
 */
export function renewedCredentials(options: {
  source: KeySource;
  clock: Clock;
  log: Logger;
}): Credentials {
  const keys = new RenewedKeys(options);
  return (request) => keys.current(request);
}

class RenewedKeys {
  readonly #source: KeySource;
  readonly #clock: Clock;
  readonly #log: Logger;
  #held: EndingKeys | undefined;
  /** When the source is asked again although the keys serve. */
  #renewAt = 0;
  #renewing: Promise<Keys> | undefined;
  /** Of the last renewal. */
  #failure: { readonly error: StoreError; readonly at: number } | undefined;
  /** When COS had refused what the source then brought again. */
  #uselessAt = -Infinity;

  constructor(options: { source: KeySource; clock: Clock; log: Logger }) {
    this.#source = options.source;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  async current({ signal, refused }: Parameters<Credentials>[0]): Promise<Keys> {
    const held = this.#held;
    const now = this.#clock.now();
    const isOver = held === undefined || now >= held.end - LATE;
    const isRefused = held !== undefined && refused !== undefined &&
      areSameKeys(held.keys, refused) && now - this.#uselessAt >= PAUSE;
    if (!isOver && !isRefused) {
      // Who asks has keys; why the renewal failed is in the log.
      if (now >= this.#renewAt) this.#renew().catch(() => {});
      return held.keys;
    }
    try {
      const keys = await this.#renewed(signal);
      if (refused && areSameKeys(keys, refused)) this.#uselessAt = this.#clock.now();
      return keys;
    } catch (error) {
      signal.throwIfAborted();
      if (held && this.#clock.now() < held.end) return held.keys;
      throw error;
    }
  }

  /** Waits for new keys as long as `signal` lets it; the renewal goes on for others. */
  #renewed(signal: AbortSignal): Promise<Keys> {
    if (this.#failure && this.#clock.now() - this.#failure.at < PAUSE) {
      return Promise.reject(this.#failure.error);
    }
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      this.#renew().then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", stop));
    });
  }

  #renew(): Promise<Keys> {
    return this.#renewing ??= this.#read().finally(() => this.#renewing = undefined);
  }

  async #read(): Promise<Keys> {
    const { name, maxAge } = this.#source;
    try {
      const read = await this.#ask();
      const now = this.#clock.now();
      if (now >= read.end) {
        throw noKeys(`Cannot use the keys of ${name}: they ended at ${formatTime(read.end)}`);
      }
      const isNew = this.#held === undefined || !areSameKeys(this.#held.keys, read.keys);
      if (isNew || this.#failure) {
        const end = read.end === Infinity ? undefined : formatTime(read.end);
        this.#log.info(isNew ? "New keys" : "The keys can be read again", { source: name, end });
      }
      this.#held = read;
      this.#renewAt = Math.max(now + AGAIN, Math.min(now + maxAge, read.end - EARLY));
      this.#failure = undefined;
      return read.keys;
    } catch (cause) {
      const error = cause instanceof StoreError
        ? cause
        : noKeys(`Cannot get keys from ${name}: ${(cause as Error).message}`, cause);
      if (!this.#failure) this.#log.warning("No new keys", { source: name, error: error.message });
      const at = this.#clock.now();
      this.#failure = { error, at };
      this.#renewAt = at + AGAIN;
      throw error;
    }
  }

  async #ask(): Promise<EndingKeys> {
    const { name } = this.#source;
    using deadline = new Deadline({
      clock: this.#clock,
      milliseconds: TIMEOUT,
      error: () => noKeys(`Cannot get keys from ${name}: it took too long`),
    });
    return await this.#source.read(deadline.signal);
  }
}

function noKeys(message: string, cause?: unknown): StoreError {
  return new StoreError(message, { kind: "unavailable", code: "NoKeys", cause });
}

function formatTime(time: number): string {
  return new Date(time).toISOString();
}

import { type Clock, Deadline } from "../clock.ts";
import type { Dialer } from "./connection.ts";
import { byteLength, HttpConnection } from "./http_connection.ts";
import { HttpError, readingError } from "./http_error.ts";
import { keepsAlive, MessageError, responseFraming } from "./http_head.ts";
import { ConnectionPool } from "./http_pool.ts";
import {
  openTunnel,
  type Proxy,
  type ProxyChooser,
  proxyChooser,
  type ProxySettings,
} from "./http_proxy.ts";
import { HttpResponse } from "./http_response.ts";

export { HttpError, type HttpErrorKind } from "./http_error.ts";
export { HttpResponse } from "./http_response.ts";

/** How long a connection may have been idle to carry a request that cannot be repeated should it turn out dead. Milliseconds. */
const TRUSTED_IDLE = 1_000;

/** From so many origins on, those without connections are forgotten before another is added. */
const ORIGINS_MAX = 256;

/** Where requests go. */
export interface Origin {
  readonly secure: boolean;
  /** A name, or a numeric IP address. */
  readonly hostname: string;
  readonly port: number;
}

/** A request. */
export interface HttpRequest {
  readonly origin: Origin;
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  /** Among them `host`; `content-length` is added. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent from these very views, which must not change until the request has ended. */
  readonly body: readonly Uint8Array[];
  /** Whether it may be sent again when a kept connection turns out to be dead: doing it twice does no harm. */
  readonly repeatable: boolean;
  /** Also ends the answer's body. */
  readonly signal: AbortSignal;
  /** Overrides {@linkcode Timeouts.firstByte}. */
  readonly firstByteTimeout?: number;
}

/** Milliseconds. */
export interface Timeouts {
  /** To get a connection. @default 10000 */
  readonly connect?: number;
  /** From the last bytes that could be sent to the answer's head. @default 30000 */
  readonly firstByte?: number;
  /** Without any byte of the answer's body, while it is read. @default 30000 */
  readonly stall?: number;
  /** For an answer's body that is read as a whole. @default 120000 */
  readonly collect?: number;
}

/** What an {@linkcode HttpClient} works with. */
export interface HttpClientOptions {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly proxy?: ProxySettings;
  readonly timeouts?: Timeouts;
  /**
   * To one origin. A slow reader keeps its connection as long as it reads, so there must be more than readers.
   *
   * @default 1024
   */
  readonly maxConnections?: number;
  /** Milliseconds. @default 30000 */
  readonly idleTimeout?: number;
}

/**
 * HTTP/1.1 for a few origins (RFC 9112): connections are kept, bodies have a known length and are neither copied nor
 * decoded, redirects are not followed.
 */
export class HttpClient implements Disposable {
  readonly #options: HttpClientOptions;
  readonly #timeouts: Required<Timeouts>;
  readonly #chooseProxy: ProxyChooser;
  readonly #pools = new Map<string, ConnectionPool>();
  #closed = false;

  /** @throws TypeError when a proxy setting cannot be used. */
  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#chooseProxy = proxyChooser(options.proxy ?? {});
    this.#timeouts = {
      connect: 10_000,
      firstByte: 30_000,
      stall: 30_000,
      collect: 120_000,
      ...options.timeouts,
    };
  }

  /** How many origins it remembers. */
  get origins(): number {
    return this.#pools.size;
  }

  /**
   * Sends a request; the answer's body is still to be read, or disposed of. A kept connection that turns out dead before
   * any answer is replaced once, where that is safe.
   *
   * @throws {HttpError}; the signal's reason.
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const { origin, repeatable, signal } = request;
    if (this.#closed) {
      throw new HttpError("not-connected", "The client was closed", { requestSent: false });
    }
    const proxy = this.#chooseProxy(origin);
    const pool = this.#poolOf(origin, proxy);
    const kept = await pool.acquire({ maxIdle: repeatable ? Infinity : TRUSTED_IDLE, signal });
    const wasUsed = kept.used;
    let repeated = false;
    try {
      return await this.#exchange(request, { pool, connection: kept, proxy, repeated });
    } catch (error) {
      const diedUnnoticed = error instanceof HttpError && error.kind === "lost" && wasUsed &&
        kept.silent;
      if (!diedUnnoticed || (error.requestSent && !repeatable)) throw error;
      repeated = error.requestSent;
    }
    try {
      const pool = this.#poolOf(origin, proxy);
      const connection = await pool.acquire({ maxIdle: 0, signal });
      return await this.#exchange(request, { pool, connection, proxy, repeated });
    } catch (error) {
      if (!(error instanceof HttpError) || !repeated) throw error;
      throw new HttpError(error.kind, error.message, { requestSent: true, cause: error });
    }
  }

  /** Closes all connections; requests and bodies in flight fail. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const pool of this.#pools.values()) pool[Symbol.dispose]();
  }

  async #exchange(
    request: HttpRequest,
    { pool, connection, proxy, repeated }: {
      pool: ConnectionPool;
      connection: HttpConnection;
      proxy: Proxy | undefined;
      repeated: boolean;
    },
  ): Promise<HttpResponse> {
    const { method, body, signal } = request;
    const { clock } = this.#options;
    using deadline = new Deadline({
      clock,
      milliseconds: request.firstByteTimeout ?? this.#timeouts.firstByte,
      error: () =>
        new HttpError("timeout", "The answer took too long", {
          requestSent: connection.requestSent,
        }),
      parent: signal,
    });
    const stop = () => connection.close();
    deadline.signal.addEventListener("abort", stop, { once: true });
    try {
      deadline.signal.throwIfAborted();
      const message = { method, body, ...addressed(request, proxy) };
      const head = await connection.exchange(message, deadline);
      if (head.status < 300 && !connection.requestSent) {
        throw new HttpError("malformed", "The server accepted what it had not got yet", {
          requestSent: false,
        });
      }
      const framing = responseFraming(head, method);
      const reusable = keepsAlive(head) && framing !== "until-close";
      return new HttpResponse({
        head,
        body: connection.reader.body(framing),
        clock,
        stall: this.#timeouts.stall,
        collect: this.#timeouts.collect,
        signal,
        repeated,
        done: (end) => {
          const another = end === "whole" && reusable && connection.requestWhole &&
            !connection.reader.hasSurplus;
          if (another) pool.release(connection);
          else pool.discard(connection);
        },
      });
    } catch (error) {
      pool.discard(connection);
      deadline.signal.throwIfAborted();
      throw error instanceof MessageError
        ? readingError(error, { requestSent: connection.requestSent })
        : error;
    } finally {
      deadline.signal.removeEventListener("abort", stop);
    }
  }

  #dropUnused(): void {
    for (const [name, pool] of this.#pools) {
      if (!pool.isUnused) continue;
      pool[Symbol.dispose]();
      this.#pools.delete(name);
    }
  }

  #poolOf(origin: Origin, proxy: Proxy | undefined): ConnectionPool {
    const { secure, hostname, port } = origin;
    const name = `${secure} ${hostname} ${port}`;
    let pool = this.#pools.get(name);
    if (!pool) {
      if (this.#pools.size >= ORIGINS_MAX) this.#dropUnused();
      pool = new ConnectionPool({
        open: async (signal) => new HttpConnection(await this.#connect(origin, { proxy, signal })),
        clock: this.#options.clock,
        maxConnections: this.#options.maxConnections ?? 1024,
        idleTimeout: this.#options.idleTimeout ?? 30_000,
        connectTimeout: this.#timeouts.connect,
      });
      this.#pools.set(name, pool);
    }
    return pool;
  }

  async #connect(
    { secure, hostname, port }: Origin,
    { proxy, signal }: { proxy: Proxy | undefined; signal: AbortSignal },
  ) {
    const { dialer } = this.#options;
    const address = { hostname, port };
    if (!proxy) {
      return await (secure ? dialer.connectTls(address, signal) : dialer.connect(address, signal));
    }
    const connection = await dialer.connect(proxy.address, signal);
    if (!secure) return connection;
    const stop = () => connection.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await openTunnel(connection, { proxy, target: address });
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
    return await dialer.startTls(connection, { hostname, signal });
  }
}

/** Target and fields; a proxy for plain HTTP gets the target in absolute form (RFC 9112 section 3.2.2). */
function addressed(
  { origin, method, target, headers, body }: HttpRequest,
  proxy: Proxy | undefined,
): { target: string; fields: [string, string][] } {
  const fields = Object.entries(headers);
  const size = byteLength(body);
  if (size > 0 || method === "PUT" || method === "POST") {
    fields.push(["content-length", String(size)]);
  }
  if (!proxy || origin.secure) return { target, fields };
  if (proxy.authorization) fields.push(["proxy-authorization", proxy.authorization]);
  return { target: `http://${headers.host}${target}`, fields };
}

import type { Clock } from "../../clock.ts";
import { type HttpClient, HttpError, type HttpResponse } from "../../net/http_client.ts";
import type { Fields } from "../../net/http_head.ts";
import type { Logger } from "../../telemetry/log.ts";
import { areSameKeys, type Credentials, type Keys } from "../credentials.ts";
import { type Payload, StoreError } from "../object_store.ts";
import type { XmlAnswer } from "./answers.ts";
import { isClockFailure, isKeyFailure, readFailure, storeError } from "./cos_error.ts";
import type { EndpointChooser } from "./endpoint.ts";
import { retrying } from "./retry.ts";
import type { Signer } from "./signer.ts";
import { parseXml, type XmlElement } from "./xml.ts";

/** The longest XML answer that is read: 1,000 rows with the longest keys, each byte of them encoded. Bytes. */
const XML_MAX = 8 * 1024 ** 2;

/** The longest error answer that is read. Bytes. */
const FAILURE_MAX = 64 * 1024;

/** How long COS may take to copy 5 GB, or to join 10,000 parts. Milliseconds. */
const SLOW_FIRST_BYTE = 5 * 60_000;

/** Our own codes, where COS gave none. */
const NETWORK_CODES: Readonly<Record<HttpError["kind"], string>> = {
  "not-connected": "ConnectFailed",
  "timeout": "Timeout",
  "lost": "ConnectionLost",
  "malformed": "BadAnswer",
};

const decoder = new TextDecoder();

/** One call to COS. */
export interface CosRequest {
  /** What is tried, for messages: `Cannot read a/b`. */
  readonly action: string;
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Undefined for calls about the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Payload;
  readonly signal: AbortSignal;
  /** Whether it may be carried out twice. @default true */
  readonly repeatable?: boolean;
  /** Whether COS has to move bytes before it can answer. @default false */
  readonly slow?: boolean;
}

/** What a {@linkcode CosClient} works with. */
export interface CosClientOptions {
  readonly http: HttpClient;
  readonly endpoints: EndpointChooser;
  readonly credentials: Credentials;
  readonly signer: Signer;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** Signs, sends, tries again where that is safe, and turns every failure into a {@linkcode StoreError}. */
export class CosClient {
  readonly #options: CosClientOptions;

  constructor(options: CosClientOptions) {
    this.#options = options;
  }

  /** The endpoint's host with the bucket in front, for `x-cos-copy-source`. */
  async copySourceHost(bucket: string): Promise<string> {
    const { host, root } = await this.#options.endpoints.current();
    return root === "/" ? host : `${bucket}.${host}`;
  }

  /** Sends a request whose answer has a body to stream; the caller disposes of it. @throws {StoreError}; the signal's reason. */
  open(request: CosRequest): Promise<HttpResponse> {
    return this.#retrying(request, () => this.#send(request));
  }

  /** Sends a request whose answer's body does not matter. @returns the answer's fields. */
  send(request: CosRequest): Promise<Fields> {
    return this.#retrying(request, async () => {
      using response = await this.#send(request);
      await this.#text(request, response, FAILURE_MAX);
      return response.fields;
    });
  }

  /**
   * Sends a request that is answered by XML. Copy, Complete and batch delete can fail with status 200 and an `<Error>`.
   *
   * @throws {StoreError}; the signal's reason.
   */
  query(request: CosRequest): Promise<XmlAnswer> {
    return this.#retrying(request, async () => {
      using response = await this.#send(request);
      const body = await this.#text(request, response, XML_MAX);
      const { status, fields } = response;
      const requestId = fields.get("x-cos-request-id");
      let root: XmlElement;
      try {
        root = parseXml(body);
      } catch (cause) {
        throw new StoreError(`${request.action}: the answer is not XML`, {
          kind: "unavailable",
          code: "BadAnswer",
          status,
          requestId,
          mayHaveHappened: changesSomething(request.method),
          cause,
        });
      }
      if (root.name === "Error") {
        // COS had begun to answer before it failed: whether anything took effect is not said.
        const failure = readFailure({ status: 500, fields, body });
        throw storeError(request.action, failure, { mayHaveHappened: true });
      }
      return { root, fields, action: request.action };
    });
  }

  #retrying<T>(request: CosRequest, call: () => Promise<T>): Promise<T> {
    const { clock, random, log } = this.#options;
    return retrying(call, {
      repeatable: request.repeatable ?? true,
      clock,
      random,
      signal: request.signal,
      onRetry: (error, tries) => {
        log.info("A request to COS is tried again", {
          tries,
          error: error.message,
          requestId: error.requestId,
        });
      },
    });
  }

  /** Sends once, and again when that has shown that the clock is wrong, or that there are newer keys. */
  async #send(request: CosRequest): Promise<HttpResponse> {
    const { credentials } = this.#options;
    const { signal } = request;
    let keys = await credentials({ signal });
    for (let refused: Keys | undefined;;) {
      const response = await this.#exchange(request, keys);
      if (response.status >= 200 && response.status < 300) return response;
      using answer = response;
      const body = await this.#text(request, answer, FAILURE_MAX).catch(() => "");
      signal.throwIfAborted();
      const { status, fields } = answer;
      const failure = readFailure({ status, fields, body });
      if (isClockFailure(failure) && this.#correctClock(fields)) continue;
      if (isKeyFailure(failure) && !refused) {
        refused = keys;
        keys = await credentials({ signal, refused });
        if (!areSameKeys(keys, refused)) continue;
      }
      // A server that failed (500) may have done its work before; one that throttles (503) has not begun.
      const mayHaveHappened = changesSomething(request.method) &&
        (answer.repeated || status >= 500 && status !== 503);
      throw storeError(request.action, failure, { mayHaveHappened });
    }
  }

  async #exchange(request: CosRequest, keys: Keys): Promise<HttpResponse> {
    const { endpoints, signer, http } = this.#options;
    const { method, key = "", query = {}, body = [], repeatable = true, slow, signal } = request;
    const endpoint = await endpoints.current();
    const path = endpoint.root + key;
    const headers = { host: endpoint.host, ...request.headers };
    const signed = await signer.sign({ method, path, query, headers }, keys);
    try {
      return await http.request({
        origin: endpoint,
        method,
        target: encodePath(path) + encodeQuery(query),
        headers: { ...headers, ...signed },
        body,
        signal,
        repeatable,
        firstByteTimeout: slow ? SLOW_FIRST_BYTE : undefined,
      });
    } catch (error) {
      if (error instanceof HttpError && (error.kind === "not-connected" || !error.requestSent)) {
        endpoints.lost(endpoint);
      }
      throw networkError(request, error);
    }
  }

  /** @returns whether our idea of COS's time has changed. */
  #correctClock(fields: Fields): boolean {
    const { signer, log } = this.#options;
    const date = new Date(fields.get("date") ?? "");
    if (Number.isNaN(date.getTime()) || !signer.correctClock(date)) return false;
    log.warning("The clock is wrong: COS's time is used from now on", {
      cosTime: date.toISOString(),
    });
    return true;
  }

  async #text(request: CosRequest, response: HttpResponse, max: number): Promise<string> {
    try {
      return decoder.decode(await response.collect(max));
    } catch (error) {
      throw networkError(request, error);
    }
  }
}

/** The error for a body that broke while it was read. */
export function bodyError(action: string, error: unknown): unknown {
  return networkError({ action, method: "GET" }, error);
}

/** The error for a request that got no answer, or only a part of one; the signal's reason stays what it is. */
function networkError(
  { action, method }: Pick<CosRequest, "action" | "method">,
  error: unknown,
): unknown {
  if (!(error instanceof HttpError)) return error;
  return new StoreError(`${action}: ${error.message}`, {
    kind: "unavailable",
    code: NETWORK_CODES[error.kind],
    mayHaveHappened: error.requestSent && changesSomething(method),
    cause: error,
  });
}

function changesSomething(method: CosRequest["method"]): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** Everything but the unreserved characters of RFC 3986 and `/` as `%XX`. */
export function encodePath(path: string): string {
  return path.split("/").map(encode).join("/");
}

function encodeQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) =>
    value === "" ? encode(name) : `${encode(name)}=${encode(value)}`
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

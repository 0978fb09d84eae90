import assert from "node:assert/strict";
import {
  HttpClient,
  type HttpClientOptions,
  HttpError,
  type HttpErrorKind,
  type HttpRequest,
  type HttpResponse,
} from "../../src/net/http_client.ts";
import { FakeClock } from "../fake_clock.ts";
import { RawServer } from "./raw_server.ts";
import { bytesOf, textOf } from "./scripted_connection.ts";
import { WatchedDialer } from "./watched_dialer.ts";

/** A client, a server that a script speaks for, and what a test sees of them. */
export class Harness implements AsyncDisposable {
  readonly server: RawServer;
  readonly dialer = new WatchedDialer();
  readonly clock = new FakeClock();
  readonly client: HttpClient;

  constructor(
    script: ConstructorParameters<typeof RawServer>[0],
    options: Partial<HttpClientOptions> & {
      /** Makes the server a proxy; `user:password@`, or empty. */
      proxied?: string;
    } = {},
  ) {
    this.server = new RawServer(script);
    const { proxied, ...given } = options;
    const url = `http://${proxied}127.0.0.1:${this.server.address.port}`;
    const proxy = proxied === undefined ? undefined : { http: url, https: url };
    this.client = new HttpClient({ dialer: this.dialer, clock: this.clock, proxy, ...given });
  }

  /** A GET, unless `request` says otherwise. */
  send(request: Partial<HttpRequest> & { text?: string } = {}): Promise<HttpResponse> {
    return this.client.request({
      origin: { secure: false, ...this.server.address },
      method: "GET",
      target: "/",
      headers: { host: "cos.test" },
      body: request.text === undefined ? [] : [bytesOf(request.text)],
      repeatable: true,
      signal: new AbortController().signal,
      ...request,
    });
  }

  /** The answer's body as text. */
  async text(request: Parameters<Harness["send"]>[0] = {}): Promise<string> {
    using response = await this.send(request);
    return textOf(await response.collect(1 << 20));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
    assert.equal(this.clock.pending, 0, "a timer was left behind");
  }
}

/** An answer with a body of known length. */
export function answer(text: string, ...fields: string[]): string {
  const lines = ["HTTP/1.1 200 OK", `Content-Length: ${text.length}`, ...fields];
  return lines.map((line) => `${line}\r\n`).join("") + "\r\n" + text;
}

/** Waits for the failure, and checks what it says. */
export async function failure(
  request: Promise<unknown>,
  kind: HttpErrorKind,
  options: { requestSent?: boolean } = {},
): Promise<HttpError> {
  const error = await request.then(() => undefined, (error) => error);
  assert.ok(error instanceof HttpError, `${error}`);
  assert.equal(error.kind, kind, error.message);
  if (options.requestSent !== undefined) assert.equal(error.requestSent, options.requestSent);
  return error;
}

import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import type { Clock } from "../../src/clock.ts";
import { formatAddress, systemDialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import type { Credentials, Keys } from "../../src/store/credentials.ts";
import { type ObjectStore, StoreError } from "../../src/store/object_store.ts";
import { MemoryLog } from "../memory_log.ts";
import { RawServer } from "../net/raw_server.ts";
import { bytesOf } from "../net/scripted_connection.ts";

export const BUCKET = "examplebucket-1250000000";
export const KEYS: Keys = { secretId: "AKIDexample", secretKey: "secretOfTests", token: undefined };

/** A request as it arrived. */
export interface Arrived {
  /** `PUT /examplebucket-1250000000/a?b=c`. */
  readonly line: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/**
 * What is answered to the n-th request, n from 1: bytes as they go out; bytes after which the connection is closed; or
 * nothing, and the connection is closed.
 */
export type Script = (
  request: Arrived,
  number: number,
) => string | Uint8Array | { readonly last: Uint8Array } | undefined;

/** A store, and in place of COS a server whose answers a test writes out. Retries do not wait. */
export class CosStandIn implements AsyncDisposable {
  readonly requests: Arrived[] = [];
  readonly log = new MemoryLog();
  readonly store: ObjectStore;
  readonly #http: HttpClient;
  readonly #server: RawServer;

  constructor(
    script: Script,
    options: { clock?: Clock; keys?: Keys; credentials?: Credentials } = {},
  ) {
    this.#server = new RawServer(async (peer) => {
      for (let head; (head = await peer.readHead()) !== null;) {
        const [line = "", ...fields] = head.trimEnd().split("\r\n");
        const headers = new Map(fields.map((field) => field.split(": ") as [string, string]));
        const body = await peer.readBytes(Number(headers.get("content-length") ?? 0));
        const request = { line: line.replace(" HTTP/1.1", ""), headers, body };
        const answer = script(request, this.requests.push(request));
        if (answer === undefined) return;
        if (typeof answer === "object" && "last" in answer) return await peer.write(answer.last);
        await peer.write(answer);
      }
    });
    const clock = options.clock ?? systemClock;
    this.#http = new HttpClient({ dialer: systemDialer, clock });
    this.store = createCosStore({
      location: {
        bucket: BUCKET,
        region: undefined,
        endpoint: formatAddress(this.#server.address),
        protocol: "http",
        network: "public",
      },
      credentials: options.credentials ?? (() => Promise.resolve(options.keys ?? KEYS)),
      http: this.#http,
      dialer: systemDialer,
      clock,
      random: () => 0,
      log: this.log,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http[Symbol.dispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

/** An answer of COS. `status` with its reason; fields as `Name: value`. */
export function answer(
  status: string,
  { body = "", fields = [] }: { body?: string; fields?: readonly string[] } = {},
): Uint8Array {
  const bytes = new TextEncoder().encode(body);
  const lines = [
    `HTTP/1.1 ${status}`,
    `Content-Length: ${bytes.length}`,
    "x-cos-request-id: NjRl",
    ...fields,
  ];
  const head = bytesOf(lines.map((line) => `${line}\r\n`).join("") + "\r\n");
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return whole;
}

/** An answer that says no, as COS words it. */
export function refusal(status: string, code: string, fields: readonly string[] = []): Uint8Array {
  return answer(status, { fields, body: errorXml(code) });
}

/** The body of an answer that says no. */
export function errorXml(code: string): string {
  return `<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>${code}</Code>\n` +
    `\t<Message>Because of ${code} &amp; so</Message>\n\t<Resource>x</Resource>\n` +
    `\t<RequestId>NjRl</RequestId>\n\t<TraceId>T0</TraceId>\n</Error>\n`;
}

/** The answer to a stored object. */
export const STORED = answer("200 OK", {
  fields: ['ETag: "e1"', "x-cos-hash-crc64ecma: 18446744073709551615"],
});

/** Waits for the failure. */
export async function storeFailure(
  call: Promise<unknown>,
  wanted: Partial<Pick<StoreError, "kind" | "code" | "status" | "requestId" | "mayHaveHappened">>,
): Promise<StoreError> {
  const error = await call.then(() => assert.fail("succeeded"), (error: unknown) => error);
  if (!(error instanceof StoreError)) throw error;
  const actual = Object.fromEntries(
    Object.keys(wanted).map((name) => [name, error[name as keyof StoreError]]),
  );
  assert.deepEqual(actual, wanted, error.message);
  return error;
}

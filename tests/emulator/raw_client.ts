import COS from "cos-nodejs-sdk-v5";
import type { SocketAddress } from "../../src/net/connection.ts";
import { systemDialer } from "../../src/net/connection.ts";
import { encodeHead, responseFraming } from "../../src/net/http_head.ts";
import { MessageReader } from "../../src/net/http_message.ts";

export interface Keys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
}

export interface RawRequest {
  readonly method: string;
  /** Decoded, with the slash at its beginning. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Values are sent as UTF-8. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** @default the address */
  readonly host?: string;
  /** Null sends no signature. @default the client's keys */
  readonly keys?: Keys | null;
  /** `start;end` of the signature in seconds since the epoch. @default the hour around now */
  readonly keyTime?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  readonly text: string;
}

/** Speaks HTTP/1.1 to the emulator byte by byte; the SDK signs. One connection a request. */
export class RawClient {
  readonly #address: SocketAddress;
  readonly #keys: Keys;
  readonly #now: () => number;

  constructor(address: SocketAddress, options: { keys: Keys; now?: () => number }) {
    this.#address = address;
    this.#keys = options.keys;
    this.#now = options.now ?? Date.now;
  }

  /** The head of `request` as bytes, signed. */
  head(request: RawRequest): Uint8Array {
    const { method, path, query = {}, keys = this.#keys } = request;
    const headers: Record<string, string> = {
      Host: request.host ?? `${this.#address.hostname}:${this.#address.port}`,
      ...request.headers,
    };
    if (request.body !== undefined && !hasFraming(headers)) {
      headers["Content-Length"] = String(bytesOf(request.body).length);
    }
    if (keys) {
      const now = Math.floor(this.#now() / 1000);
      headers.Authorization = COS.getAuthorization({
        SecretId: keys.secretId,
        SecretKey: keys.secretKey,
        Method: method as COS.Method,
        Pathname: path,
        Query: query,
        Headers: headers,
        KeyTime: request.keyTime ?? `${now - 1800};${now + 1800}`,
      });
      if (keys.token !== undefined) headers["x-cos-security-token"] = keys.token;
    }
    const search = Object.entries(query)
      .map(([name, value]) => value === "" ? encode(name) : `${encode(name)}=${encode(value)}`)
      .join("&");
    const target = encodeURI(path).replace(/[?#]/g, encode) + (search === "" ? "" : `?${search}`);
    return encodeHead(
      `${method} ${target} HTTP/1.1`,
      Object.entries(headers).map(
        ([name, value]): [string, string] => [name, byteString(value)],
      ),
    );
  }

  async send(request: RawRequest): Promise<RawAnswer> {
    const { signal } = new AbortController();
    using connection = await systemDialer.connect(this.#address, signal);
    await connection.write(this.head(request));
    const writing = request.body === undefined
      ? Promise.resolve()
      : connection.write(bytesOf(request.body)).catch(() => {}); // the answer may come before
    const answer = await readAnswer(new MessageReader(connection), request.method);
    connection.close();
    await writing;
    return answer;
  }
}

/** @throws when the connection ends before the answer does. */
export async function readAnswer(reader: MessageReader, method: string): Promise<RawAnswer> {
  const head = await reader.readResponseHead();
  if (!head) throw new Error("Cannot read the answer: the connection ended before it");
  const body = await reader.body(responseFraming(head, method)).collect(1024 ** 3);
  return {
    status: head.status,
    headers: head.fields,
    body,
    text: new TextDecoder().decode(body),
  };
}

function hasFraming(headers: Readonly<Record<string, string>>): boolean {
  return "Content-Length" in headers || "Transfer-Encoding" in headers;
}

function bytesOf(body: Uint8Array | string): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}

/** The UTF-8 bytes of `text`, one character each. */
export function byteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

function encode(text: string): string {
  return encodeURIComponent(text);
}

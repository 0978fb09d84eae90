import type { HttpClient } from "../net/http_client.ts";
import type { Keys } from "../store/credentials.ts";
import { StoreError } from "../store/object_store.ts";

/** Keys and when they end. */
export interface EndingKeys {
  readonly keys: Keys;
  /** Milliseconds since the epoch; Infinity for permanent keys. */
  readonly end: number;
}

/** Where keys come from. */
export interface KeySource {
  /** For messages: `the credentials file /etc/cosftp/keys.json`. */
  readonly name: string;
  /** How long the keys may be used before they are read again, although they have not ended. Milliseconds. */
  readonly maxAge: number;
  /** @throws StoreError, or an Error that says why there are none; the signal's reason. */
  read(signal: AbortSignal): Promise<EndingKeys>;
}

/** How often a file is looked at. Milliseconds. */
const FILE_MAX_AGE = 30_000;

/** The longest document with keys that is read. Bytes. */
const DOCUMENT_MAX = 64 * 1024;

/** Keys of a JSON file that somebody else keeps up to date. {@linkcode parseKeys} says what may stand in it. */
export function fileKeySource(path: string): KeySource {
  return {
    name: `the credentials file ${path}`,
    maxAge: FILE_MAX_AGE,
    async read(signal) {
      return parseKeys(await Deno.readFile(path, { signal }));
    },
  };
}

/**
 * Temporary keys of the CAM role that is bound to the virtual machine we run on, from its metadata service (CVM document
 * 213/4934).
 *
 * @param options.http without a proxy: the service knows the machine by its address.
 */
export function roleKeySource(options: {
  role: string;
  /** Of the service: `host` or `host:port`. */
  endpoint: string;
  http: HttpClient;
}): KeySource {
  const { role, endpoint, http } = options;
  const { host, hostname, port } = new URL(`http://${endpoint}`);
  const origin = {
    secure: false,
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || 80),
  };
  return {
    name: `the metadata service for the role ${role}`,
    maxAge: Infinity,
    async read(signal) {
      using response = await http.request({
        origin,
        method: "GET",
        target: `/latest/meta-data/cam/security-credentials/${encodeURIComponent(role)}`,
        headers: { host },
        body: [],
        repeatable: true,
        signal,
      });
      const body = await response.collect(DOCUMENT_MAX);
      if (response.status === 200) return parseKeys(body);
      throw new StoreError(
        `Cannot get keys from ${this.name}: status ${response.status}, wanted 200` +
          (response.status === 404 ? "; is a role of this name bound to the machine?" : ""),
        {
          kind: response.status < 500 ? "denied" : "unavailable",
          code: "NoKeys",
          status: response.status,
        },
      );
    },
  };
}

/**
 * Reads a JSON document with keys: `SecretId`, `SecretKey`, and for temporary keys `Token` and `ExpiredTime` (seconds since
 * the epoch). The answers of the metadata service and of STS may stand there as they came: names in any case, with `Tmp`
 * in front, `SessionToken`, and the keys in `Credentials`.
 *
 * @throws SyntaxError that says what is wrong; none of the document's text is in it.
 */
export function parseKeys(document: Uint8Array): EndingKeys {
  const outer = entries(parseJson(document));
  const inner = outer.has("credentials") ? entries(outer.get("credentials")) : outer;
  const [secretId, secretKey, token] = [
    inner.get("secretid") ?? inner.get("tmpsecretid"),
    inner.get("secretkey") ?? inner.get("tmpsecretkey"),
    inner.get("token") ?? inner.get("sessiontoken") ?? undefined,
  ];
  if (!isField(secretId) || !isField(secretKey)) {
    throw new SyntaxError("Cannot read the keys: found none, wanted SecretId and SecretKey");
  }
  if (token !== undefined && token !== "" && !isField(token)) {
    throw new SyntaxError("Cannot read the keys: the Token is no text of visible characters");
  }
  const end = outer.get("expiredtime") ?? inner.get("expiredtime") ?? undefined;
  if (end !== undefined && !(typeof end === "number" && end > 0)) {
    throw new SyntaxError("Cannot read the keys: ExpiredTime is not seconds since the epoch");
  }
  return {
    keys: { secretId, secretKey, token: token === "" ? undefined : token },
    end: end === undefined ? Infinity : end * 1000,
  };
}

function parseJson(document: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(document));
  } catch {
    // What the parser says quotes the text, that is, the keys.
    throw new SyntaxError("Cannot read the keys: found no JSON document");
  }
}

/** The members of an object by lower-case name. */
function entries(json: unknown): ReadonlyMap<string, unknown> {
  if (typeof json !== "object" || json === null) {
    throw new SyntaxError("Cannot read the keys: found no JSON object");
  }
  return new Map(Object.entries(json).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Whether it can stand in a header of a request. */
function isField(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

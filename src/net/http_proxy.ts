import { cidrContains, ipVersion, parseCidr } from "./cidr.ts";
import { type Connection, formatAddress, type SocketAddress } from "./connection.ts";
import { HttpError } from "./http_error.ts";
import { encodeHead } from "./http_head.ts";
import { MessageReader } from "./http_message.ts";

/** The values of `http_proxy`, `https_proxy` and `no_proxy`, as curl reads them. */
export interface ProxySettings {
  /** `http://user:password@host:port`, for plain HTTP. */
  readonly http?: string;
  /** The same for HTTPS; it is asked for a tunnel. */
  readonly https?: string;
  /** Hosts to connect to directly: names (with all below them), addresses, blocks, `*`, between commas. */
  readonly noProxy?: string;
}

/** The settings that a process's environment has. */
export function proxySettings(env: { get(name: string): string | undefined }): ProxySettings {
  return {
    http: env.get("http_proxy"),
    https: env.get("https_proxy") ?? env.get("HTTPS_PROXY"),
    noProxy: env.get("no_proxy") ?? env.get("NO_PROXY"),
  };
}

/** A proxy that speaks plain HTTP. */
export interface Proxy {
  readonly address: SocketAddress;
  /** For `Proxy-Authorization`. */
  readonly authorization: string | undefined;
}

/** The proxy for an origin; undefined where none is to be used. */
export type ProxyChooser = (
  origin: SocketAddress & { readonly secure: boolean },
) => Proxy | undefined;

/** @throws TypeError when a setting is not a proxy's URL. */
export function proxyChooser({ http, https, noProxy }: ProxySettings): ProxyChooser {
  const plain = http ? parseProxy(http) : undefined;
  const secure = https ? parseProxy(https) : undefined;
  const exceptions = (noProxy ?? "").toLowerCase().split(",").map((entry) => entry.trim());
  return (origin) => {
    if (exceptions.some((entry) => isExcepted(origin, entry))) return undefined;
    return origin.secure ? secure : plain;
  };
}

/**
 * Asks the proxy at the other end of `connection` for a tunnel (RFC 9110 section 9.3.6).
 *
 * @throws {HttpError} `not-connected`; what the connection throws.
 */
export async function openTunnel(
  connection: Connection,
  { proxy, target }: { proxy: Proxy; target: SocketAddress },
): Promise<void> {
  const authority = formatAddress(target);
  const fields: [string, string][] = [["Host", authority]];
  if (proxy.authorization) fields.push(["Proxy-Authorization", proxy.authorization]);
  await connection.write(encodeHead(`CONNECT ${authority} HTTP/1.1`, fields));
  const reader = new MessageReader(connection);
  const head = await reader.readResponseHead();
  const refused = (why: string) =>
    new HttpError(
      "not-connected",
      `Cannot reach ${authority} through the proxy ${formatAddress(proxy.address)}: ${why}`,
      { requestSent: false },
    );
  if (head === null) throw refused("it closed the connection");
  if (head.status < 200 || head.status > 299) throw refused(`${head.status} ${head.reason}`);
  if (reader.hasSurplus) throw refused("it sent bytes before the server could");
}

function parseProxy(text: string): Proxy {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  const [user, password] = [url?.username, url?.password].map(decoded);
  if (url?.protocol !== "http:" || url.hostname === "" || user === null || password === null) {
    const shown = text.replace(/^(.*:\/\/)?.*@/, "$1");
    throw new TypeError(`Cannot use "${shown}" as a proxy: wanted http://host:port`);
  }
  return {
    address: {
      hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port || 80),
    },
    authorization: user || password ? `Basic ${base64(`${user}:${password}`)}` : undefined,
  };
}

/** What percent encoding stands for; null when it stands for nothing. */
function decoded(text = ""): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function isExcepted({ hostname, port }: SocketAddress, entry: string): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  if (ipVersion(hostname) !== undefined) return isAddressIn(hostname, entry);
  const [, name, entryPort] = /^\*?\.?([^:]+)(?::(\d+))?$/.exec(entry) ?? [];
  if (!name || (entryPort !== undefined && Number(entryPort) !== port)) return false;
  return hostname === name || hostname.endsWith(`.${name}`);
}

function isAddressIn(hostname: string, entry: string): boolean {
  try {
    return cidrContains(parseCidr(entry), hostname);
  } catch {
    return false;
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

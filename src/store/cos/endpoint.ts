import { type Clock, Deadline } from "../../clock.ts";
import { ipVersion } from "../../net/cidr.ts";
import type { Dialer } from "../../net/connection.ts";
import type { Logger } from "../../telemetry/log.ts";

/** How long an endpoint may take to answer a TCP connect before the other one is preferred. Milliseconds. */
const PROBE_TIMEOUT = 2_000;

/** Where requests for a bucket go. */
export interface Endpoint {
  readonly secure: boolean;
  /** Host of the connection and of the Host field: the bucket in front of it, unless in path style. */
  readonly hostname: string;
  readonly port: number;
  /** Host field: without the port where that is the protocol's own. */
  readonly host: string;
  /** What stands before a key in the path: `/`, or `/<bucket>/` in path style. */
  readonly root: string;
}

/** What an account says about where its bucket is. */
export interface BucketLocation {
  readonly bucket: string;
  readonly region: string | undefined;
  /** `host` or `host:port`; wins over the region. */
  readonly endpoint: string | undefined;
  readonly protocol: "http" | "https";
  readonly network: "auto" | "internal" | "public";
}

/**
 * The endpoints of a bucket, the nearer one first (COS, "Regions and access endpoints"): for a region the internal and the
 * public domain, as `network` allows; else the one that is given, in path style when it is an IP address or localhost.
 */
export function endpointsOf(location: BucketLocation): readonly [Endpoint, ...Endpoint[]] {
  const { bucket, region, endpoint, protocol, network } = location;
  const secure = protocol === "https";
  if (endpoint !== undefined) {
    const { hostname, port } = splitHostPort(endpoint, secure ? 443 : 80);
    const pathStyle = ipVersion(hostname) !== undefined || hostname === "localhost";
    return [
      pathStyle
        ? makeEndpoint({ secure, hostname, port, root: `/${bucket}/` })
        : makeEndpoint({ secure, hostname: `${bucket}.${hostname}`, port, root: "/" }),
    ];
  }
  const at = (hostname: string) =>
    makeEndpoint({ secure, hostname, port: secure ? 443 : 80, root: "/" });
  const internal = at(`${bucket}.cos-internal.${region}.tencentcos.cn`);
  const external = at(`${bucket}.cos.${region}.myqcloud.com`);
  if (network === "auto") return [internal, external];
  return [network === "internal" ? internal : external];
}

/**
 * Keeps to the nearer endpoint that answers. With one endpoint it asks nobody. Which one answers is found out at the first
 * use, and again after {@linkcode EndpointChooser.lost}.
 */
export class EndpointChooser {
  readonly #endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly #dialer: Dialer;
  readonly #clock: Clock;
  readonly #log: Logger;
  #choosing: Promise<Endpoint> | undefined;
  /** What the choosing has come to. */
  #chosen: Endpoint | undefined;

  constructor(
    endpoints: readonly [Endpoint, ...Endpoint[]],
    options: { dialer: Dialer; clock: Clock; log: Logger },
  ) {
    this.#endpoints = endpoints;
    this.#dialer = options.dialer;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** The endpoint to use now. Never throws: when none answers it is the last one, the public one. */
  current(): Promise<Endpoint> {
    return this.#choosing ??= this.#choose();
  }

  /** `endpoint` could not be connected to: if it is still the current one, the next call looks again. */
  lost(endpoint: Endpoint): void {
    if (this.#chosen !== endpoint) return;
    this.#chosen = undefined;
    this.#choosing = undefined;
  }

  async #choose(): Promise<Endpoint> {
    const last = this.#endpoints.at(-1)!;
    for (const endpoint of this.#endpoints) {
      if (endpoint !== last && !await this.#answers(endpoint)) continue;
      if (this.#endpoints.length > 1) {
        this.#log.info("COS is reached by the nearest endpoint that answers", {
          endpoint: endpoint.host,
        });
      }
      return this.#chosen = endpoint;
    }
    return last;
  }

  async #answers({ hostname, port }: Endpoint): Promise<boolean> {
    using deadline = new Deadline({
      clock: this.#clock,
      milliseconds: PROBE_TIMEOUT,
      error: () => new Error(`${hostname} does not answer`),
    });
    try {
      using _connection = await this.#dialer.connect({ hostname, port }, deadline.signal);
      return true;
    } catch {
      return false;
    }
  }
}

function makeEndpoint(parts: Omit<Endpoint, "host">): Endpoint {
  const { secure, hostname, port } = parts;
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { ...parts, host: port === (secure ? 443 : 80) ? name : `${name}:${port}` };
}

function splitHostPort(text: string, defaultPort: number): { hostname: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  if (!match) throw new TypeError(`Cannot use "${text}" as an endpoint: wanted host or host:port`);
  return { hostname: (match[1] ?? match[2])!, port: Number(match[3] ?? defaultPort) };
}

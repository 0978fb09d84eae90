import type { Clock } from "../../clock.ts";
import { type Cidr, cidrContains, ipVersion } from "../../net/cidr.ts";
import type { Logger } from "../../telemetry/log.ts";

/** How often a domain name is resolved again. Milliseconds. */
const RESOLVE_EVERY = 60_000;

/** Finds the IPv4 addresses of a name. */
export type Resolver = (name: string) => Promise<readonly string[]>;

/**
 * The address that a 227 reply names (`masquerade_address`): the public side of a NAT, as an IPv4 address or a domain name
 * whose answer is looked up again every minute. While it cannot be looked up the last good answer stays.
 */
export class Masquerade implements Disposable {
  readonly #except: readonly Cidr[];
  readonly #log: Logger;
  #address: string;
  #timer: Disposable | undefined;

  private constructor(options: { address: string; except: readonly Cidr[]; log: Logger }) {
    this.#address = options.address;
    this.#except = options.except;
    this.#log = options.log;
  }

  /** @throws Error when `name` is a domain name that does not resolve. */
  static async start(options: {
    /** An IPv4 address or a domain name. */
    name: string;
    /** Clients that get the local address all the same. */
    except: readonly Cidr[];
    resolve: Resolver;
    clock: Clock;
    log: Logger;
  }): Promise<Masquerade> {
    const { name, resolve, clock } = options;
    if (ipVersion(name) === 4) return new Masquerade({ ...options, address: name });
    const masquerade = new Masquerade({ ...options, address: await lookUp(name, resolve) });
    const again = () => {
      masquerade.#timer = clock.schedule(RESOLVE_EVERY, async () => {
        await masquerade.#refresh(name, resolve);
        if (masquerade.#timer) again();
      });
    };
    again();
    return masquerade;
  }

  /** The address in force now. */
  get address(): string {
    return this.#address;
  }

  /** What a client at `peer` that reached us at `local` is told. */
  addressFor(peer: string, local: string): string {
    return this.#except.some((block) => cidrContains(block, peer)) ? local : this.#address;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  async #refresh(name: string, resolve: Resolver): Promise<void> {
    try {
      const address = await lookUp(name, resolve);
      if (address !== this.#address) {
        this.#log.info("masquerade_address has a new address", { name, address });
      }
      this.#address = address;
    } catch (error) {
      this.#log.warning("masquerade_address does not resolve: the last address stays", {
        name,
        address: this.#address,
        error: String(error),
      });
    }
  }
}

async function lookUp(name: string, resolve: Resolver): Promise<string> {
  let addresses: readonly string[];
  try {
    addresses = await resolve(name);
  } catch (error) {
    throw new Error(`Cannot resolve masquerade_address "${name}": ${(error as Error).message}`, {
      cause: error,
    });
  }
  const address = addresses.find((candidate) => ipVersion(candidate) === 4);
  if (address === undefined) {
    throw new Error(`Cannot resolve masquerade_address "${name}": it has no IPv4 address`);
  }
  return address;
}

import type { Config } from "../../config/config.ts";
import { addressScope } from "../../net/address_scope.ts";
import { ipVersion } from "../../net/cidr.ts";
import type { SocketAddress } from "../../net/connection.ts";
import type { Proxy } from "../../net/http_proxy.ts";
import { Libc } from "../../net/libc.ts";
import { readFirewall } from "../firewall/read_firewall.ts";
import type { Firewall } from "../firewall/ruleset.ts";
import { learnOnce } from "../learn_once.ts";
import { Reach } from "../reach.ts";
import type { SurveyTools } from "../target/target_survey.ts";

/** An address of this machine. */
export interface OwnAddress {
  /** `eth0`. */
  readonly name: string;
  readonly address: string;
  /** Its network: `192.0.2.2/24`. */
  readonly cidr: string;
  readonly version: 4 | 6;
}

/** What another program wrote, or why it could not be asked. */
export type ProgramOutput = { readonly stdout: string; readonly stderr: string } | Refusal;

/** Why a program could not be asked. */
export interface Refusal {
  readonly refusal: "not installed" | "not permitted";
  readonly message: string;
}

/** What the server's checks work with. */
export interface ServerTools extends SurveyTools {
  readonly addresses: () => readonly OwnAddress[];
  /** Runs one of the programs that show firewall rules. */
  readonly output: (program: FirewallProgram, args: readonly string[]) => Promise<ProgramOutput>;
}

/** The programs that doctor may run. */
export type FirewallProgram =
  | "nft"
  | "iptables-save"
  | "iptables-legacy-save"
  | "ip6tables-save"
  | "ip6tables-legacy-save";

/** A host that serves a bucket. */
export interface BucketHost extends SocketAddress {
  readonly secure: boolean;
  /** What requests to it go through. */
  readonly proxy: Proxy | undefined;
}

/** Where an account's bucket is served. */
export interface BucketHosts {
  readonly account: string;
  /** Which of them may be used (`cos_network`). */
  readonly network: "auto" | "internal" | "public";
  /** The internal domain and the public one, or the endpoint that is named. */
  readonly hosts: readonly [BucketHost, ...BucketHost[]];
}

/** What the checks look at: the machine that cosftp is to run on. */
export class ServerSurvey {
  readonly config: Config;
  readonly tools: ServerTools;
  readonly buckets: readonly BucketHosts[];
  readonly reach: Reach;
  /** The rules of this machine's firewall, or why they cannot be read. */
  readonly firewall = learnOnce((): Promise<Firewall | Refusal> =>
    readFirewall({
      output: this.tools.output,
      versions: this.clientVersions(),
      interfaces: this.interfaces(),
    })
  );
  /** What masquerade_address stands for, numeric; none where there is none. @throws Error when the name does not resolve. */
  readonly masqueraded = learnOnce(async (): Promise<readonly string[]> => {
    const { masqueradeAddress: named } = this.config.network;
    if (named === undefined) return [];
    return ipVersion(named) === undefined ? await this.tools.resolve(named) : [named];
  });

  constructor(config: Config, options: { tools: ServerTools; buckets: readonly BucketHosts[] }) {
    this.config = config;
    this.tools = options.tools;
    this.buckets = options.buckets;
    const { dialer, libc } = options.tools;
    this.reach = new Reach(dialer, libc instanceof Error ? undefined : libc);
  }

  /** The address that the 227 reply names instead of this machine's. @throws as `masqueraded` does. */
  async masquerade(signal: AbortSignal): Promise<string | undefined> {
    return (await this.masqueraded(signal)).find((address) => ipVersion(address) === 4);
  }

  /** Addresses that others can use. */
  ownAddresses(): OwnAddress[] {
    return this.tools.addresses()
      .filter(({ address }) => !["loopback", "link-local"].includes(addressScope(address)));
  }

  /** The versions of IP that clients come by, as far as listen_address and this machine's addresses tell. */
  clientVersions(): readonly (4 | 6)[] {
    const { listenAddress } = this.config.network;
    if (ipVersion(listenAddress) !== 6) return [4];
    if (addressScope(listenAddress) !== "unspecified") return [6];
    return this.ownAddresses().some(({ version }) => version === 6) ? [4, 6] : [4];
  }

  /** Interfaces that packets of others come from. */
  interfaces(): string[] {
    return [
      ...new Set(
        this.tools.addresses()
          .filter(({ address }) => addressScope(address) !== "loopback")
          .map(({ name }) => name),
      ),
    ];
  }

  /** What the kernel says under /proc/sys: `net.ipv4.ip_forward`; undefined where it cannot be asked. */
  sysctl(name: string): string | undefined {
    return this.kernelFile(`/proc/sys/${name.replaceAll(".", "/")}`)?.trim();
  }

  kernelFile(path: string): string | undefined {
    const { libc } = this.tools;
    if (!(libc instanceof Libc)) return undefined;
    try {
      return libc.readKernelFile(path);
    } catch {
      return undefined;
    }
  }
}

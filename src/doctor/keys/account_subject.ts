import type { Clock } from "../../clock.ts";
import type { AccountConfig } from "../../config/config.ts";
import type { Dialer, SocketAddress } from "../../net/connection.ts";
import type { HttpClient } from "../../net/http_client.ts";
import type { ObjectStore } from "../../store/object_store.ts";

/** Where requests for a bucket go. */
export interface BucketEndpoint {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The Host field. */
  readonly host: string;
  /** What stands before a key in the path. */
  readonly root: string;
}

/** What of an account its checks go by. */
export type CheckedAccount = Pick<
  AccountConfig,
  | "name"
  | "bucket"
  | "region"
  | "endpoint"
  | "keyPrefix"
  | "authority"
  | "deleteEnable"
  | "renameEnable"
  | "encryption"
>;

/** An account of the configuration, and ways to look at its bucket. */
export interface AccountSubject {
  readonly account: CheckedAccount;
  /** The nearer one first; the gateway takes the first that can be connected to. */
  readonly endpoints: readonly BucketEndpoint[];
  /** The public endpoint that the bucket would have in another region. */
  endpointIn(region: string): BucketEndpoint;
  /** The proxy that requests to an endpoint go through. */
  proxyOf(endpoint: BucketEndpoint): SocketAddress | undefined;
  /** The gateway's own view of the bucket: signed with the account's keys. */
  readonly store: ObjectStore;
  readonly http: HttpClient;
  readonly dialer: Dialer;
  /** All addresses of a name. @throws the resolver's error, with its `code`. */
  resolve(hostname: string): Promise<readonly string[]>;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** Whether interrupted uploads are to be resumed (`interrupted_upload`). */
  readonly resumes: boolean;
  /** Objects that are looked at. */
  readonly sample: number;
}

import type { Credentials } from "../credentials.ts";
import type { Clock } from "../../clock.ts";
import type { Dialer } from "../../net/connection.ts";
import type { HttpClient } from "../../net/http_client.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { ObjectStore } from "../object_store.ts";
import { CosClient } from "./cos_client.ts";
import { CosStore } from "./cos_store.ts";
import { type BucketLocation, EndpointChooser, endpointsOf } from "./endpoint.ts";
import { Signer } from "./signer.ts";

/** The store of one bucket of COS. */
export function createCosStore(options: {
  location: BucketLocation;
  credentials: Credentials;
  /** Shared by all stores of a process: connections are pooled by endpoint. */
  http: HttpClient;
  dialer: Dialer;
  clock: Clock;
  /** Between 0 and 1. */
  random: () => number;
  log: Logger;
}): ObjectStore {
  const { location, credentials, http, dialer, clock, random, log } = options;
  const endpoints = new EndpointChooser(endpointsOf(location), { dialer, clock, log });
  const signer = new Signer({ clock });
  const client = new CosClient({ http, endpoints, credentials, signer, clock, random, log });
  return new CosStore(client, { bucket: location.bucket });
}

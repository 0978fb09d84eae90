import assert from "node:assert/strict";
import COS from "cos-nodejs-sdk-v5";
import { staticCredentials } from "../../src/accounts/credentials.ts";
import { systemClock } from "../../src/clock.ts";
import { systemDialer } from "../../src/net/connection.ts";
import { HttpClient } from "../../src/net/http_client.ts";
import { createCosStore } from "../../src/store/cos/create.ts";
import type { ObjectStore } from "../../src/store/object_store.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import type { Keys } from "../emulator/raw_client.ts";
import { BUCKET, KEYS, startForTest } from "../emulator/running.ts";
import { MemoryLog } from "../memory_log.ts";
import { CONTRACT } from "./contract.ts";
import { SdkStore } from "./sdk_store.ts";

/** A bucket somewhere, and keys to it. */
interface Place {
  readonly bucket: string;
  readonly region: string;
  readonly keys: Keys;
  /** `host:port` of an emulator. */
  readonly endpoint?: string;
}

/** Makes stores of one kind; they hold no connection once it is disposed of. */
interface Client extends Disposable {
  open(place: Place): ObjectStore;
}

function ourClient(): Client {
  const http = new HttpClient({ dialer: systemDialer, clock: systemClock });
  return {
    open: ({ bucket, region, keys, endpoint }) =>
      createCosStore({
        location: {
          bucket,
          region,
          endpoint,
          protocol: endpoint === undefined ? "https" : "http",
          network: "public",
        },
        credentials: staticCredentials({ ...keys, token: keys.token }),
        http,
        dialer: systemDialer,
        clock: systemClock,
        random: Math.random,
        log: new MemoryLog(),
      }),
    [Symbol.dispose]: () => http[Symbol.dispose](),
  };
}

function sdkClient(): Client {
  return {
    open: ({ bucket, region, keys, endpoint }) => {
      const options: COS.COSOptions & { Ip?: string } = {
        SecretId: keys.secretId,
        SecretKey: keys.secretKey,
        SecurityToken: keys.token,
        KeepAlive: false,
        ...endpoint === undefined ? {} : { Protocol: "http:", Ip: endpoint },
      };
      return new SdkStore(new COS(options), { Bucket: bucket, Region: region });
    },
    [Symbol.dispose]() {},
  };
}

const CLIENTS = [
  { name: "our client", make: ourClient, ignore: false },
  // Its transport is node:http, which hangs on Deno 2.7 after a reset connection.
  { name: "the SDK", make: sdkClient, ignore: Deno.version.deno.startsWith("2.7.") },
];

/** Goes through the whole contract below a prefix of its own, and leaves nothing behind. */
async function runContract(client: Client, place: Place, t: Deno.TestContext): Promise<void> {
  const store = client.open(place);
  const impostors = {
    wrongKey: client.open({ ...place, keys: { ...place.keys, secretKey: "anotherSecretKey" } }),
    unknownId: client.open({ ...place, keys: { ...place.keys, secretId: "AKIDnobody" } }),
    noBucket: client.open({ ...place, bucket: `none-${place.bucket}` }),
  };
  const root = `cosftp-contract/${crypto.randomUUID()}/`;
  try {
    for (const [i, row] of CONTRACT.entries()) {
      await t.step(row.name, () => row.run({ store, prefix: `${root}${i}/`, impostors }));
    }
  } finally {
    await clear(store, root);
  }
}

async function clear(store: ObjectStore, prefix: string): Promise<void> {
  const free = uninterrupted();
  for (const upload of await store.listUploads({ ...free, prefix })) {
    await store.abortUpload(upload, free);
  }
  for (;;) {
    const { objects } = await store.list({ ...free, prefix });
    if (objects.length === 0) return;
    assert.deepEqual(await store.deleteMany(objects.map(({ key }) => key), free), []);
  }
}

for (const { name, make, ignore } of CLIENTS) {
  Deno.test({
    name: `contract holds between ${name} and the emulator`,
    ignore,
    async fn(t) {
      await using emulator = await startForTest();
      using client = make();
      const endpoint = `127.0.0.1:${emulator.address.port}`;
      await runContract(client, { bucket: BUCKET, region: "x", keys: KEYS, endpoint }, t);
    },
  });

  const bucket = Deno.env.get("COSFTP_TEST_BUCKET");
  Deno.test({
    name: `contract holds between ${name} and the bucket in COSFTP_TEST_BUCKET`,
    ignore: ignore || bucket === undefined,
    async fn(t) {
      using client = make();
      const keys = {
        secretId: Deno.env.get("COSFTP_TEST_SECRET_ID")!,
        secretKey: Deno.env.get("COSFTP_TEST_SECRET_KEY")!,
      };
      const region = Deno.env.get("COSFTP_TEST_REGION")!;
      await runContract(client, { bucket: bucket!, region, keys }, t);
    },
  });
}

import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import type { Bucket } from "./bucket.ts";
import { gatewayTests } from "./client_test_case.ts";
import { sha256 } from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";
import { openSockets } from "./open_sockets.ts";
import { PipedCurl } from "./piped_curl.ts";
import { RawClient } from "./raw_client.ts";

/** How a client ends, as a command of `raw_client.py`. */
const ENDINGS = [
  "kill -9",
  "end both reset",
  "end both fin",
  "end control reset",
  "end control fin",
];

/** Memory for as many slices as a test breaks uploads: where one is not given back by each, the next upload stands still. */
const SETTINGS = {
  FILE_OPTION: { single_file_max_size: "1GiB" },
  OPTIONAL: {
    upload_thread_num: 2,
    upload_memory_max: `${ENDINGS.length}MiB`,
    interrupted_upload: "discard",
  },
};
const raw = gatewayTests(["python3", "curl", "iproute2"], SETTINGS);
const curl = gatewayTests(["curl", "iproute2"], SETTINGS);
/** A killed client sends no close_notify; where that is accepted, the end of its control connection has to tell. */
const CURLS = {
  "": curl,
  " under TLS": gatewayTests(["curl", "iproute2"], { ...SETTINGS, TLS: { tls_required: "all" } }),
  " under TLS, close_notify or not": gatewayTests(["curl", "iproute2"], {
    ...SETTINGS,
    TLS: { tls_required: "all", tls_truncation: "accept" },
  }),
};

/** Of one PUT, and of a multipart upload. Bytes. */
const SMALL = 100_000;
const LARGE = PART_SIZE + 1;

/** A client on its way to be killed. */
interface Victim extends AsyncDisposable {
  /** Stores `file`: resolves when 150 has come and bytes are on their way. */
  send(size: number): Promise<void>;
  /** Ends the data connection in good order. */
  finish(): Promise<void>;
  kill(): Promise<void>;
}

/** Brings a client to a moment of its upload, and keeps the gateway there until the result is disposed of. */
type Reach<V> = (victim: V, bucket: Bucket) => Promise<Disposable>;

const FREE: Disposable = { [Symbol.dispose]() {} };

/** Up to here nothing may be published. */
const BEFORE_COMPLETE: Record<string, Reach<Victim>> = {
  async "inside the first part"(victim) {
    await victim.send(SMALL);
    return FREE;
  },
  async "between parts"(victim, { traffic }) {
    const sent = traffic.count("UploadPart").ended;
    await victim.send(LARGE);
    await traffic.ended("UploadPart", sent + 1);
    return FREE;
  },
  async "after EOF, before Complete"(victim, bucket) {
    const { traffic } = bucket;
    const hold = bucket.hold("UploadPart");
    const { begun } = traffic.count("UploadPart");
    await victim.send(LARGE);
    await victim.finish();
    await traffic.begun("UploadPart", begun + 2);
    return hold;
  },
};

const BEFORE_150: Record<string, Reach<RawClient>> = {
  async "before 150"(client) {
    await client.do("store file");
    return FREE;
  },
};

/** From here on COS decides: the file is published, and whole. */
const PUBLISHING: Record<string, { size: number; reach: Reach<Victim> }> = {
  "during PUT": { size: SMALL, reach: finishInto("PutObject", SMALL) },
  "during Complete": { size: LARGE, reach: finishInto("CompleteMultipartUpload", LARGE) },
};

function finishInto(operation: "PutObject" | "CompleteMultipartUpload", size: number) {
  return async (victim: Victim, bucket: Bucket): Promise<Disposable> => {
    const hold = bucket.hold(operation);
    const { begun } = bucket.traffic.count(operation);
    await victim.send(size);
    await victim.finish();
    await bucket.traffic.begun(operation, begun + 1);
    return hold;
  };
}

for (const [moment, reach] of Object.entries({ ...BEFORE_150, ...BEFORE_COMPLETE })) {
  raw(`client that ends ${moment} publishes nothing`, async ({ gateway }) => {
    await breakUploads(gateway, async (ending, round) => {
      await using client = await RawClient.logIn(gateway);
      using _hold = await reach(client, gateway.bucket);
      await (ending === "kill -9" ? client.kill() : client.do(ending));
      await gateway.process.said(sessionsEnded(round));
      await leftNothing(gateway, OLD);
    });
  });
}

for (const [moment, { size, reach }] of Object.entries(PUBLISHING)) {
  raw(`client that ends ${moment} has published all`, async ({ gateway }) => {
    await breakUploads(gateway, async (ending, round) => {
      await using client = await RawClient.logIn(gateway);
      {
        using _hold = await reach(client, gateway.bucket);
        await (ending === "kill -9" ? client.kill() : client.do(ending));
      }
      await gateway.process.said(sessionsEnded(round));
      await leftNothing(gateway, sent(size));
    });
  });
}

for (const [name, test] of Object.entries(CURLS)) {
  for (const [moment, reach] of Object.entries(BEFORE_COMPLETE)) {
    test(`killed ${moment} publishes nothing${name}`, async ({ gateway }) => {
      await breakUploads(gateway, async (_ending, round) => {
        await using client = new PipedCurl(gateway);
        using _hold = await reach(client, gateway.bucket);
        await client.kill();
        await gateway.process.said(sessionsEnded(round));
        await leftNothing(gateway, OLD);
      });
    });
  }
}

for (const [moment, { size, reach }] of Object.entries(PUBLISHING)) {
  curl(`killed ${moment} has published all`, async ({ gateway }) => {
    await breakUploads(gateway, async (_ending, round) => {
      await using client = new PipedCurl(gateway);
      {
        using _hold = await reach(client, gateway.bucket);
        await client.kill();
      }
      await gateway.process.said(sessionsEnded(round));
      await leftNothing(gateway, sent(size));
    });
  });
}

for (const moment of ["inside the first part", "between parts"]) {
  raw(`client whose data connection is reset ${moment} hears 426 and goes on`, async (test) => {
    const { gateway } = test;
    await using client = await RawClient.logIn(gateway);
    await breakUploads(gateway, async () => {
      await BEFORE_COMPLETE[moment]!(client, gateway.bucket);
      await client.do("end data reset");
      assert.equal(await client.do("reply"), "426");
      assert.deepEqual(await gateway.bucket.digests(), { file: sha256(OLD) });
      assert.deepEqual(await gateway.bucket.pendingUploads(), []);
    });
    await client.send(LARGE);
    await client.finish();
    assert.equal(await client.do("reply"), "226");
    assert.deepEqual(await gateway.bucket.digests(), { file: sha256(sent(LARGE)) });
  });
}

raw("client is answered when all packets of its ABOR arrive at once", async ({ gateway }) => {
  await using client = await RawClient.logIn(gateway);
  await client.send(SMALL);
  {
    using _paused = gateway.process.pause();
    await client.do("abort");
  }
  assert.equal(await client.do("reply"), "426");
  assert.equal(await client.do("reply"), "226");
  assert.deepEqual(await gateway.bucket.digests(), {});
});

/** What was there under the name of the uploads. */
const OLD = noise(10);

/** What the clients send. */
function sent(size: number): Uint8Array {
  return new Uint8Array(size).fill(0x78);
}

/** Breaks uploads over an old file, one for each ending; then one works that needs all the memory for parts. */
async function breakUploads(
  gateway: Gateway,
  breakOne: (ending: string, round: number) => Promise<void>,
): Promise<void> {
  for (const [index, ending] of ENDINGS.entries()) {
    await gateway.bucket.put("file", OLD);
    try {
      await breakOne(ending, index + 1);
    } catch (cause) {
      throw new Error(`In round ${index + 1}, "${ending}"`, { cause });
    }
  }
  const size = 2 * ENDINGS.length * PART_SIZE;
  await using client = new PipedCurl(gateway);
  await client.send(size);
  await client.finish();
  await gateway.process.said(new RegExp(`STOR /file: done .* bytes=${size} `));
  assert.deepEqual(await gateway.bucket.digests(), { file: sha256(sent(size)) });
}

/** @throws when anything but `file` is left of an upload: an unfinished one in the bucket, a port or a connection. */
async function leftNothing(gateway: Gateway, file: Uint8Array): Promise<void> {
  assert.deepEqual(await gateway.bucket.digests(), { file: sha256(file) });
  assert.deepEqual(await gateway.bucket.pendingUploads(), []);
  assert.deepEqual(await openSockets(gateway), []);
}

/** Matches a log in which `count` sessions have ended. */
function sessionsEnded(count: number): RegExp {
  return new RegExp(`(The session ended[^]*){${count}}`);
}

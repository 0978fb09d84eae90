import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";
import { sha256 } from "./file_tree.ts";
import { PipedCurl } from "./piped_curl.ts";
import { RawClient } from "./raw_client.ts";

const test = gatewayTests(["curl", "python3"]);

test("may end its upload after SIGTERM, and nobody else comes in", async ({ gateway }) => {
  const { bucket, process, host: hostname, port } = gateway;
  await using idle = await RawClient.logIn(gateway);
  await using uploading = new PipedCurl(gateway);
  {
    using _hold = bucket.hold("PutObject");
    await uploading.send(1000);
    await uploading.finish();
    await bucket.traffic.begun("PutObject");
    process.kill("SIGTERM");
    assert.equal(await idle.do("reply"), "421");
    await assert.rejects(Deno.connect({ hostname, port }), Deno.errors.ConnectionRefused);
  }
  assert.equal(await uploading.code(), 0);
  assert.equal((await process.status()).code, 0);
  assert.equal(await bucket.sha256("file"), sha256(new Uint8Array(1000).fill(0x78)));
});

test("is cut off in its upload by a second SIGINT", async ({ gateway }) => {
  await using uploading = new PipedCurl(gateway);
  await uploading.send(1000);
  gateway.process.kill("SIGINT");
  await gateway.process.said(/Stopping/);
  gateway.process.kill("SIGINT");
  assert.equal((await gateway.process.status()).code, 0);
  await uploading.finish();
  assert.notEqual(await uploading.code(), 0);
  assert.deepEqual(await gateway.bucket.digests(), {});
});

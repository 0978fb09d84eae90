import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { noise } from "../checksum/noise.ts";
import { type GatewayTest, gatewayTests } from "./client_test_case.ts";

const GIB = 1024 ** 3;

gatewayTests("curl")("carries 1 GiB there and back", (test) => carryThereAndBack(test, []));

gatewayTests("curl", { TLS: { tls_required: "all" } })(
  "carries 1 GiB there and back under TLS",
  (test) => carryThereAndBack(test, ["--ssl-reqd", "--cacert", test.gateway.certificate]),
);

async function carryThereAndBack(
  { gateway, folder, run }: GatewayTest,
  flags: readonly string[],
): Promise<void> {
  const { host, port, user, password } = gateway;
  const url = `ftp://${user}:${password}@${host}:${port}/large`;
  const digest = await writeLarge(`${folder}/large`);
  await run(["curl", "-sS", ...flags, "-T", "large", url]);
  assert.equal(await gateway.bucket.sha256("large"), digest);
  await Deno.remove(`${folder}/large`);
  await run(["curl", "-sS", ...flags, "-o", "fetched", url]);
  assert.equal(await sha256OfFile(`${folder}/fetched`), digest);
}

/** Writes 1 GiB in which no two MiB are the same. @returns its SHA-256. */
async function writeLarge(path: string): Promise<string> {
  const block = noise(1024 * 1024);
  const hash = createHash("sha256");
  using file = await Deno.create(path);
  for (let index = 0; index < GIB / block.length; index++) {
    new DataView(block.buffer).setUint32(index, index);
    hash.update(block);
    for (let sent = 0; sent < block.length;) sent += await file.write(block.subarray(sent));
  }
  return hash.digest("hex");
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  return hash.digest("hex");
}

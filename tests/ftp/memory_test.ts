import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { Gateway, MIB } from "./gateway.ts";

Deno.test("uploads that need more memory than there is all arrive, in parts that are shorter than planned", async () => {
  // Four files of two parts each, and memory for two parts.
  const partSize = 4 * MIB;
  await using gateway = await Gateway.start({ partSize });
  gateway.emulator.faults.add({
    fault: { kind: "latency", milliseconds: 20 },
    operation: "UploadPart",
  });
  const content = noise(6 * MIB + 7);
  await Promise.all([0, 1, 2, 3].map(async (index) => {
    using peer = await gateway.logIn();
    assert.equal((await peer.upload(`STOR ${index}`, content.subarray(index))).code, 226);
  }));
  for (const index of [0, 1, 2, 3]) {
    assert.deepEqual(await gateway.get(`${index}`), content.slice(index));
  }
  const parts = gateway.emulator.traffic.count("UploadPart").ended;
  assert.ok(parts > 8, `${parts} parts`);
});

Deno.test("CWD asks COS once, whatever is in the directory and beside it", async () => {
  await using gateway = await Gateway.start();
  for (const name of ["foo/a", "foo/b/c", "foo.txt", "foobar/x", "fo"]) await gateway.put(name);
  using peer = await gateway.logIn();
  const { begun } = gateway.emulator.traffic.count("GetBucket");
  await peer.ask("CWD foo", 250);
  assert.equal(gateway.emulator.traffic.count("GetBucket").begun, begun + 1);
  assert.equal(gateway.emulator.traffic.count("HeadObject").begun, 0);
});

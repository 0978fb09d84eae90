import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { Gateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway_options.ts";

const TREE = {
  "from/": "",
  "from/a.txt": "a",
  "from/deep/er/b.txt": "b",
  "from/empty/": "",
  "from.txt": "beside",
};

async function withTree(options: GatewayOptions = {}) {
  const gateway = await Gateway.start(options);
  for (const [key, content] of Object.entries(TREE)) await gateway.put(key, content);
  const peer = await gateway.logIn();
  const contents = async () => {
    const found: Record<string, string> = {};
    for (const key of await gateway.keys("")) found[key] = (await gateway.text(key))!;
    return found;
  };
  return { gateway, peer, contents };
}

const MOVED = {
  "from.txt": "beside",
  "to/": "",
  "to/a.txt": "a",
  "to/deep/er/b.txt": "b",
  "to/empty/": "",
};

Deno.test("RNTO moves a directory with all that is in it, and nothing beside it", async () => {
  const { gateway, peer, contents } = await withTree();
  await using _ = gateway;
  await peer.ask("RNFR from", 350);
  await peer.ask("RNTO to", 250);
  assert.deepEqual(await contents(), MOVED);
  peer[Symbol.dispose]();
});

Deno.test("RNTO of a directory onto itself, into itself, onto what exists, or with too much in it changes nothing", async () => {
  const { gateway, peer, contents } = await withTree({ renameMaxFiles: 4 });
  await using _ = gateway;
  await gateway.put("taken/file", "x");
  for (let index = 0; index < 5; index++) await gateway.put(`large/${index}`, "x");
  const before = await contents();
  const refused = [
    ["from", "from"],
    ["from", "from/deep/x"],
    ["from", "taken"],
    [
      "from",
      "from.txt",
    ],
    ["large", "larger"],
    ["from", "/"],
    ["/", "to"],
  ];
  for (const [from, to] of refused) {
    await peer.ask(`RNFR ${from}`, 350);
    await peer.ask(`RNTO ${to}`, 550);
  }
  await peer.ask("RNFR missing", 550);
  assert.deepEqual(await contents(), before);
  peer[Symbol.dispose]();
});

Deno.test("RNTO of a directory that fails while copying removes its copies", async () => {
  const { gateway, peer, contents } = await withTree();
  await using _ = gateway;
  gateway.emulator.faults.add({
    fault: { kind: "error", status: 403, code: "AccessDenied" },
    operation: "PutObjectCopy",
    key: "to/deep/er/b.txt",
  });
  await peer.ask("RNFR from", 350);
  await peer.ask("RNTO to", 550);
  assert.deepEqual(await contents(), TREE);
  peer[Symbol.dispose]();
});

Deno.test("RNTO of a directory that broke off while removing is finished by doing it again", async () => {
  const { gateway, peer, contents } = await withTree();
  await using _ = gateway;
  const fault = gateway.emulator.faults.add({
    fault: { kind: "error", status: 403, code: "AccessDenied" },
    operation: "DeleteMultipleObjects",
  });
  await peer.ask("RNFR from", 350);
  await peer.ask("RNTO to", 550);
  assert.deepEqual(await contents(), { ...TREE, ...MOVED });
  fault[Symbol.dispose]();
  await gateway.store.delete("from/a.txt", uninterrupted());
  await peer.ask("RNFR from", 350);
  await peer.ask("RNTO to", 250);
  assert.deepEqual(await contents(), MOVED);
  peer[Symbol.dispose]();
});

Deno.test("a rename keeps content type, HTTP fields, metadata and storage class", async () => {
  const { gateway, peer } = await withTree();
  await using _ = gateway;
  const kept = {
    contentType: "text/csv",
    httpFields: { "content-disposition": "inline", "cache-control": "no-store" },
    metadata: { colour: "blue" },
    storageClass: "STANDARD_IA",
  };
  await gateway.store.put("kept/file.csv", [], { ...uninterrupted(), ...kept });
  await peer.ask("RNFR kept", 350);
  await peer.ask("RNTO moved", 250);
  await peer.ask("RNFR moved/file.csv", 350);
  await peer.ask("RNTO again.csv", 250);
  const { contentType, httpFields, metadata, storageClass } = await gateway.store.head(
    "again.csv",
    uninterrupted(),
  );
  assert.deepEqual({ contentType, httpFields, metadata, storageClass }, kept);
  peer[Symbol.dispose]();
});

Deno.test("a rename whose client leaves is carried to its end, and logged", async () => {
  const { gateway, peer, contents } = await withTree();
  await using _ = gateway;
  await peer.ask("RNFR from", 350);
  gateway.emulator.faults.add({
    fault: { kind: "latency", milliseconds: 50 },
    operation: "PutObjectCopy",
  });
  const copying = gateway.emulator.traffic.begun("PutObjectCopy");
  await peer.send("RNTO to\r\n");
  await copying;
  peer[Symbol.dispose]();
  await gateway.sessionsLeft(0);
  assert.deepEqual(await contents(), MOVED);
  assert.ok(gateway.log.lines.some(({ message }) => message === "RNTO /from to /to: done"));
});

Deno.test("RNTO that is refused for its argument uses up RNFR", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  using peer = await gateway.logIn();
  await peer.ask("RNFR a", 350);
  await peer.ask("RNTO ", 501);
  await peer.ask("RNTO b", 503);
  assert.deepEqual(await gateway.keys(), ["a"]);
});

import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { Gateway } from "./gateway.ts";

Deno.test("times are COS's where they are not kept, and MFMT is not offered", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a.txt", "a");
  using peer = await gateway.logIn();
  assert.doesNotMatch((await peer.ask("FEAT", 211)).lines.join("\n"), /MFMT/);
  await peer.ask("MFMT 20200102030405 a.txt", 502);
  await peer.ask("MDTM 20200102030405 a.txt", 550);
  await gateway.put("20200102030405 a.txt", "its name looks like a time");
  await peer.ask("MDTM 20200102030405 a.txt", 213);
});

Deno.test("MFMT and MDTM with a time set the one time that every command shows, and keep all else", async () => {
  await using gateway = await Gateway.start({ preserveMtime: true });
  const kept = {
    contentType: "text/x-note",
    httpFields: { "cache-control": "no-store" },
    storageClass: "STANDARD_IA",
  };
  await gateway.store.put("dir/a.txt", [new Uint8Array(3)], {
    ...uninterrupted(),
    ...kept,
    metadata: { colour: "blue" },
  });
  using peer = await gateway.logIn();
  assert.match((await peer.ask("FEAT", 211)).lines.join("\n"), / MFMT/);
  for (const [command, time] of [["MFMT", "20200102030405"], ["MDTM", "20210203040506"]]) {
    assert.equal(
      (await peer.ask(`${command} ${time} dir/a.txt`, 213)).text,
      `Modify=${time}; /dir/a.txt`,
    );
    assert.equal((await peer.ask("MDTM dir/a.txt", 213)).text, time);
    assert.match(
      (await peer.ask("MLST dir/a.txt", 250)).lines.join(),
      new RegExp(`modify=${time}`),
    );
    assert.match((await peer.list("MLSD dir")).join(), new RegExp(`modify=${time}`));
    const date = time === "20200102030405" ? "Jan  2  2020" : "Feb  3  2021";
    assert.match((await peer.list("LIST dir")).join(), new RegExp(`${date} a.txt`));
  }
  const { contentType, httpFields, storageClass, metadata } = await gateway.store.head(
    "dir/a.txt",
    uninterrupted(),
  );
  assert.deepEqual({ contentType, httpFields, storageClass }, kept);
  assert.deepEqual(metadata, {
    colour: "blue",
    mtime: String(Date.UTC(2021, 1, 3, 4, 5, 6) / 1000),
  });
  await peer.ask("MFMT 20201301000000 dir/a.txt", 501);
  await peer.ask("MFMT 20200102030405 missing", 550);
});

Deno.test("listings ask for the time of each file once", async () => {
  await using gateway = await Gateway.start({ preserveMtime: true });
  for (let index = 0; index < 40; index++) await gateway.put(`dir/${index}`);
  using peer = await gateway.logIn();
  const heads = () => gateway.emulator.traffic.count("HeadObject").ended;
  await peer.list("LIST dir");
  const first = heads();
  await peer.list("MLSD dir");
  assert.equal(heads(), first);
  await peer.ask("MFMT 20200102030405 dir/7", 213);
  const before = heads();
  assert.match((await peer.list("MLSD dir")).join("\n"), /modify=20200102030405;[^\n]* 7/);
  assert.equal(heads(), before + 1);
});

Deno.test("the time of an archived file cannot be set, and authority R sets none", async () => {
  await using gateway = await Gateway.start({ preserveMtime: true });
  await gateway.store.put("cold", [], { ...uninterrupted(), storageClass: "ARCHIVE" });
  using peer = await gateway.logIn();
  await peer.ask("MFMT 20200102030405 cold", 550);

  await using reading = await Gateway.start({ preserveMtime: true, authority: "R" });
  await reading.put("a");
  using reader = await reading.logIn();
  await reader.ask("MFMT 20200102030405 a", 550);
  await reader.ask("MDTM 20200102030405 a", 550);
});

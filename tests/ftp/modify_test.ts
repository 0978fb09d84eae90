import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { Gateway, PART_SIZE } from "./gateway.ts";
import type { FtpPeer } from "./ftp_peer.ts";

async function rename(peer: FtpPeer, from: string, to: string, code: number): Promise<void> {
  await peer.ask(`RNFR ${from}`, 350);
  await peer.ask(`RNTO ${to}`, code);
}

Deno.test("DELE removes a file, and says 550 where there is none", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("d/a", "content");
  await gateway.put("d/b", "content");
  using peer = await gateway.logIn();
  await peer.ask("DELE d/a", 250);
  for (const path of ["d/a", "d", "/", "d/", "missing/a"]) await peer.ask(`DELE ${path}`, 550);
  assert.deepEqual(await gateway.keys(), ["d/b"]);
});

Deno.test("a rename moves a file with all that belongs to it, into any directory", async () => {
  await using gateway = await Gateway.start();
  await gateway.store.put("a", [new TextEncoder().encode("content")], {
    ...uninterrupted(),
    contentType: "text/x-test",
    metadata: { mtime: "1234567890" },
  });
  using peer = await gateway.logIn();
  await rename(peer, "a", "new/dir/b c", 250);
  assert.deepEqual(await gateway.keys(), ["new/dir/b c"]);
  const { contentType, metadata } = await gateway.store.head("new/dir/b c", uninterrupted());
  assert.equal(contentType, "text/x-test");
  assert.deepEqual(metadata, { mtime: "1234567890" });
  await peer.ask("CWD new/dir", 250);
  await rename(peer, "b c", "../文", 250);
  assert.deepEqual(await gateway.keys(), ["new/文"]);
});

Deno.test("a rename over another file replaces it", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "new");
  await gateway.put("b", "old");
  using peer = await gateway.logIn();
  await rename(peer, "a", "b", 250);
  assert.deepEqual(await gateway.keys(), ["b"]);
  assert.equal(await gateway.text("b"), "new");
});

Deno.test("renames that cannot be are refused, and nothing changes", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  await gateway.put("d/x", "content");
  using peer = await gateway.logIn();
  await peer.ask("RNTO b", 503);
  for (const path of ["missing", "a/b", "dd"]) await peer.ask(`RNFR ${path}`, 550);
  await rename(peer, "a", "a", 550);
  await rename(peer, "a", "/x/../a", 550);
  await rename(peer, "a", "/", 550);
  await rename(peer, "a", "x".repeat(851), 553);
  await rename(peer, "a", "b\tc", 553);
  await rename(peer, "d", "a", 550);
  await peer.ask("RNFR a", 350);
  await peer.ask("NOOP", 200);
  await peer.ask("RNTO b", 503);
  await peer.ask("RNFR a", 350);
  await peer.ask("RNTO", 501);
  assert.deepEqual(await gateway.keys(), ["a", "d/x"]);
});

Deno.test("a file removed or replaced between RNFR and RNTO is not lost", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "first");
  using peer = await gateway.logIn();
  await peer.ask("RNFR a", 350);
  await gateway.store.delete("a", uninterrupted());
  await peer.ask("RNTO b", 550);
  await gateway.put("a", "second");
  await peer.ask("RNFR a", 350);
  await gateway.put("a", "third");
  await peer.ask("RNTO b", 250);
  assert.equal(await gateway.text("b"), "third");
});

Deno.test("a rename whose copy fails or is damaged leaves the source", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (
    const fault of [
      { kind: "error", code: "InternalError", status: 500 },
      { kind: "error-in-200", code: "InternalError" },
      { kind: "corrupt-checksum" },
    ] as const
  ) {
    await gateway.put("a", "content");
    using _copy = gateway.emulator.faults.add({ operation: "PutObjectCopy", fault });
    // RNFR and RNTO look at the source before.
    using _look = fault.kind === "corrupt-checksum"
      ? gateway.emulator.faults.add({ operation: "HeadObject", skip: 2, fault })
      : undefined;
    await rename(peer, "a", "b", 451);
    assert.deepEqual(await gateway.keys(), ["a"], fault.kind);
  }
});

Deno.test("delete_enable = false keeps DELE, RMD and renames onto a file from working, nothing else", async () => {
  await using gateway = await Gateway.start({ deleteEnable: false });
  await gateway.put("a", "a");
  await gateway.put("b", "b");
  await gateway.put("empty/");
  using peer = await gateway.logIn();
  await peer.ask("DELE a", 550);
  await peer.ask("RMD empty", 550);
  await rename(peer, "a", "b", 550);
  assert.deepEqual(await gateway.keys(), ["a", "b", "empty/"]);
  assert.equal(await gateway.text("b"), "b");
  await rename(peer, "a", "c", 250);
  assert.equal((await peer.upload("STOR b", "over")).code, 226);
  assert.equal((await peer.upload("APPE b", " and on")).code, 226);
  await peer.ask("MKD d", 257);
  assert.deepEqual(await gateway.keys(), ["b", "c", "d/", "empty/"]);
  assert.equal(await gateway.text("b"), "over and on");
});

Deno.test("authority R reads only, W writes only", async () => {
  for (const authority of ["R", "W"]) {
    await using gateway = await Gateway.start({ authority });
    await gateway.put("a", "content");
    using peer = await gateway.logIn();
    const [read, write] = authority === "R" ? [true, false] : [false, true];
    for (
      const [line, success] of [["RETR a", read], ["LIST", read], ["NLST", read], [
        "MLSD",
        read,
      ]] as const
    ) {
      if (success) await peer.download(line);
      else {
        await peer.extendedPassive();
        await peer.ask(line, 550);
      }
    }
    await peer.ask("SIZE a", read ? 213 : 550);
    await peer.ask("MLST a", read ? 250 : 550);
    await peer.ask("STAT a", read ? 213 : 550);
    await peer.ask("MKD d", write ? 257 : 550);
    await peer.ask("RNFR a", write ? 350 : 550);
    await peer.extendedPassive();
    if (write) assert.equal((await peer.upload("STOR b", new Uint8Array(PART_SIZE + 1))).code, 226);
    else await peer.ask("STOR b", 550);
    await peer.ask("DELE a", write ? 250 : 550);
    assert.deepEqual(await gateway.keys(), write ? ["b", "d/"] : ["a"]);
  }
});

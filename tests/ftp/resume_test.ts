import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { uninterrupted } from "../../src/store/object_store.ts";
import { noise } from "../checksum/noise.ts";
import { type FtpPeer, sendAll } from "./ftp_peer.ts";
import { Gateway, MIB, PART_SIZE } from "./gateway.ts";
import type { GatewayOptions } from "./gateway_options.ts";

const FILE = noise(8 * PART_SIZE + 7);
const OTHER = noise(8 * PART_SIZE + 8).subarray(1);

function start(options: GatewayOptions = {}): Promise<Gateway> {
  return Gateway.start({ interrupted: "resume", ...options });
}

/** Uploads the beginning of a file and breaks off, when COS is asked to take as many parts as are full. */
async function interrupt(
  gateway: Gateway,
  peer: FtpPeer,
  { bytes, name = "a", partSize = PART_SIZE }: {
    bytes: Uint8Array;
    name?: string;
    partSize?: number;
  },
): Promise<void> {
  const { traffic } = gateway.emulator;
  const { begun } = traffic.count("UploadPart");
  using data = await peer.openData();
  await peer.ask(`STOR ${name}`, 150);
  await sendAll(data, bytes);
  await peer.moved(bytes.length);
  await traffic.begun("UploadPart", begun + Math.floor((bytes.length - 1) / partSize));
  await peer.ask("ABOR", 426);
  await peer.expect(226);
}

/** What SIZE says. */
async function sizeOf(peer: FtpPeer, name = "a"): Promise<number> {
  return Number((await peer.ask(`SIZE ${name}`, 213)).text);
}

/** Goes on with an upload at `marker`. @returns the last reply's code. */
async function resume(peer: FtpPeer, marker: number, bytes: Uint8Array): Promise<number> {
  await peer.extendedPassive();
  await peer.ask(`REST ${marker}`, 350);
  return (await peer.upload("STOR a", bytes)).code;
}

async function assertStored(gateway: Gateway, bytes: Uint8Array): Promise<void> {
  assert.ok(Buffer.from((await gateway.get("a"))!).equals(bytes), "the file is another one");
  assert.deepEqual(await gateway.keys(".cosftp/"), []);
}

Deno.test("an interrupted upload goes on where SIZE says, and what is kept is not sent twice", async () => {
  await using gateway = await start();
  const { traffic } = gateway.emulator;
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 5 * PART_SIZE + 100) });
  const kept = await sizeOf(peer);
  assert.equal(kept, 5 * PART_SIZE);
  assert.match((await peer.ask("MLST a", 250)).lines[1]!, /type=file;size=5242880;/);
  using another = await gateway.logIn();
  assert.equal(await resume(another, kept, FILE.subarray(kept)), 226);
  await assertStored(gateway, FILE);
  assert.equal(traffic.count("UploadPart").received, FILE.length);
  assert.equal(await sizeOf(peer), FILE.length);
  const messages = gateway.log.lines.filter(({ level }) => level === "info").map((line) =>
    line.message
  );
  assert.ok(messages.includes("Kept an interrupted upload"));
  assert.ok(messages.includes("STOR /a: resumed"));
});

Deno.test("what is kept is neither listed nor given, to nobody but its account told, and gone with DELE", async () => {
  await using gateway = await start();
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 1) });
  assert.deepEqual(await peer.names(), []);
  assert.deepEqual(await peer.list("MLSD"), []);
  for (const line of ["RETR a", "LIST a"]) {
    await peer.extendedPassive();
    await peer.ask(line, 550);
  }
  await peer.ask("RNFR a", 550);
  await peer.ask("MDTM a", 550);
  await peer.ask("DELE a", 250);
  await peer.ask("SIZE a", 550);
  await peer.ask("DELE a", 550);
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("the tail is kept from 1 MiB on, but for its last byte: no client is told its whole file's length", async () => {
  await using gateway = await start({ partSize: 2 * MIB });
  using peer = await gateway.logIn();
  for (
    const [sent, kept] of [
      [4 * MIB + 100, 4 * MIB],
      [5 * MIB, 4 * MIB],
      [5 * MIB + 1, 5 * MIB],
      [6 * MIB - 5, 6 * MIB - 6],
      [6 * MIB, 6 * MIB - 1],
    ] as const
  ) {
    await interrupt(gateway, peer, { bytes: FILE.subarray(0, sent), partSize: 2 * MIB });
    assert.equal(await sizeOf(peer), kept, `${sent}`);
    assert.equal(await resume(peer, kept, FILE.subarray(kept)), 226);
    await assertStored(gateway, FILE);
    await peer.ask("DELE a", 250);
  }
});

Deno.test("a file that fits in one part is not kept", async () => {
  await using gateway = await start({ partSize: 2 * MIB });
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 2 * MIB), partSize: 2 * MIB });
  await peer.ask("SIZE a", 550);
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("REST within what is kept skips to the end of that part, and replaces the parts after it", async () => {
  for (
    const marker of [1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1, 4 * PART_SIZE - 1, 4 * PART_SIZE]
  ) {
    await using gateway = await start();
    const { traffic } = gateway.emulator;
    using peer = await gateway.logIn();
    await interrupt(gateway, peer, { bytes: FILE.subarray(0, 4 * PART_SIZE + 10) });
    assert.equal(await sizeOf(peer), 4 * PART_SIZE);
    const sent = traffic.count("UploadPart").received;
    assert.equal(await resume(peer, marker, OTHER.subarray(marker)), 226);
    const from = Math.min(4, Math.floor(marker / PART_SIZE) + 1) * PART_SIZE;
    const whole = Buffer.concat([FILE.subarray(0, from), OTHER.subarray(from)]);
    await assertStored(gateway, whole);
    assert.equal(traffic.count("UploadPart").received - sent, FILE.length - from);
  }
});

Deno.test("REST behind what is kept is 554, and nothing changes", async () => {
  await using gateway = await start();
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
  const kept = await sizeOf(peer);
  await peer.extendedPassive();
  await peer.ask(`REST ${kept + 1}`, 350);
  assert.match((await peer.ask("STOR a", 554)).text, new RegExp(`${kept} bytes`));
  assert.equal(await resume(peer, kept, FILE.subarray(kept)), 226);
  await assertStored(gateway, FILE);
});

Deno.test("REST on a finished file is 554, but at its end appends", async () => {
  await using gateway = await start();
  using peer = await gateway.logIn();
  for (const size of [10, 2 * PART_SIZE + 5]) {
    await gateway.put("a", FILE.subarray(0, size));
    for (const marker of [1, size - 1, size + 1]) {
      await peer.extendedPassive();
      await peer.ask(`REST ${marker}`, 350);
      await peer.ask("STOR a", 554);
    }
    await assertStored(gateway, FILE.subarray(0, size));
    assert.equal(await resume(peer, size, FILE.subarray(size)), 226);
    await assertStored(gateway, FILE);
  }
  await peer.ask("TYPE A", 200);
  await peer.extendedPassive();
  await peer.ask(`REST ${FILE.length}`, 350);
  await peer.ask("STOR a", 554);
});

Deno.test("a resumed upload that ends before what is kept is 451 and its client's fault, and what is kept stays", async () => {
  await using gateway = await start();
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
  assert.equal(await resume(peer, 2 * PART_SIZE + 1, FILE.subarray(0, 10)), 451);
  assert.deepEqual(gateway.log.lines.filter(({ level }) => level === "error"), []);
  assert.equal(await sizeOf(peer), 3 * PART_SIZE);
  assert.equal(await resume(peer, 3 * PART_SIZE, FILE.subarray(3 * PART_SIZE)), 226);
  await assertStored(gateway, FILE);
});

Deno.test("STOR from the beginning discards what is kept, be the new file large or small", async () => {
  for (const bytes of [OTHER, OTHER.subarray(0, 100)]) {
    await using gateway = await start();
    using peer = await gateway.logIn();
    await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
    assert.equal((await peer.upload("STOR a", bytes)).code, 226);
    assert.equal(await sizeOf(peer), bytes.length);
    await assertStored(gateway, bytes);
    assert.deepEqual(await gateway.store.listUploads({ prefix: "", ...uninterrupted() }), []);
  }
});

Deno.test("a file that another gateway has finished since hides what is kept", async () => {
  await using gateway = await start();
  await gateway.put("a", "old");
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
  assert.equal(await sizeOf(peer), 3 * PART_SIZE, "newer than the old file");
  await gateway.put("a", "newer");
  assert.equal(await sizeOf(peer), 5);
  await peer.extendedPassive();
  await peer.ask(`REST ${3 * PART_SIZE}`, 350);
  await peer.ask("STOR a", 554);
  assert.equal((await peer.upload("APPE a", "!")).code, 226);
  assert.equal(await gateway.text("a"), "newer!");
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
  await peer.ask("DELE a", 250);
});

Deno.test("APPE goes on with what is kept where there is no file, and where SIZE has told of it", async () => {
  await using gateway = await start();
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
  assert.equal((await peer.upload("APPE a", FILE.subarray(3 * PART_SIZE))).code, 226);
  await assertStored(gateway, FILE);
  await interrupt(gateway, peer, { bytes: OTHER.subarray(0, 3 * PART_SIZE + 10) });
  assert.equal(await sizeOf(peer), 3 * PART_SIZE);
  assert.equal((await peer.upload("APPE a", OTHER.subarray(3 * PART_SIZE))).code, 226);
  await assertStored(gateway, OTHER);
});

Deno.test("APPE by who was not told of what is kept adds to the finished file", async () => {
  await using gateway = await start();
  await gateway.put("a", "old");
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
  using another = await gateway.logIn();
  assert.equal((await another.upload("APPE a", " and more")).code, 226);
  await assertStored(gateway, new TextEncoder().encode("old and more"));
});

Deno.test("an upload that COS fails is kept as well, and never tells of a part that may be the file's last", async () => {
  for (
    const [operation, skip, kept] of [
      ["UploadPart", 5, 5 * PART_SIZE],
      ["CompleteMultipartUpload", 0, 8 * PART_SIZE],
    ] as const
  ) {
    await using gateway = await start({ partSize: PART_SIZE });
    const fault = { kind: "error", code: "InternalError", status: 500 } as const;
    const rule = gateway.emulator.faults.add({ operation, skip, fault });
    using peer = await gateway.logIn();
    using data = await peer.openData();
    await peer.ask("STOR a", 150);
    await sendAll(data, FILE).catch(() => {});
    data.close();
    await peer.expect(451);
    rule[Symbol.dispose]();
    const size = await sizeOf(peer);
    assert.ok(size > 0 && size <= kept && size % PART_SIZE === 0, `${operation}: ${size}`);
    assert.equal(await resume(peer, size, FILE.subarray(size)), 226);
    await assertStored(gateway, FILE);
  }
});

Deno.test("parts that are not what the record says do not count as kept", async () => {
  await using gateway = await start();
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 4 * PART_SIZE + 10) });
  const [upload] = await gateway.store.listUploads({ prefix: "a", ...uninterrupted() });
  const part = { key: "a", uploadId: upload!.uploadId, partNumber: 3 };
  await gateway.store.uploadPart(part, [OTHER.subarray(0, PART_SIZE)], uninterrupted());
  assert.equal(await sizeOf(peer), 2 * PART_SIZE);
  assert.equal(await resume(peer, 2 * PART_SIZE, FILE.subarray(2 * PART_SIZE)), 226);
  await assertStored(gateway, FILE);
});

Deno.test("parts that somebody replaces behind an upload's back are not published", async () => {
  await using gateway = await start();
  const { traffic } = gateway.emulator;
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, FILE.subarray(0, 4 * PART_SIZE));
  await traffic.ended("UploadPart", 3);
  const [upload] = await gateway.store.listUploads({ prefix: "a", ...uninterrupted() });
  const part = { key: "a", uploadId: upload!.uploadId, partNumber: 2 };
  await gateway.store.uploadPart(part, [OTHER.subarray(0, PART_SIZE)], uninterrupted());
  await sendAll(data, FILE.subarray(4 * PART_SIZE));
  data.close();
  await peer.expect(451);
  assert.deepEqual(await peer.names(), []);
  assert.equal(await sizeOf(peer), PART_SIZE);
  await peer.ask("DELE a", 250);
});

Deno.test("a session whose connection is lost without a word is ended by the one that resumes", async () => {
  await using gateway = await start();
  using lost = await gateway.logIn();
  using data = await lost.openData();
  await lost.ask("STOR a", 150);
  await sendAll(data, FILE.subarray(0, 3 * PART_SIZE));
  await gateway.emulator.traffic.ended("UploadPart", 2);
  gateway.clock.advance(10_000);
  await sendAll(data, FILE.subarray(3 * PART_SIZE, 5 * PART_SIZE + 9));
  await lost.moved(5 * PART_SIZE + 9);
  await gateway.emulator.traffic.ended("PutObject", 3);
  using peer = await gateway.logIn();
  const kept = await sizeOf(peer);
  assert.ok(kept > 0 && kept < 5 * PART_SIZE + 9);
  assert.equal(await resume(peer, kept, FILE.subarray(kept)), 226);
  assert.equal((await lost.reply()).code, 451);
  await assertStored(gateway, FILE);
});

Deno.test("of two gateways that resume one upload at the same time one wins and the other says 451", async () => {
  for (let round = 0; round < 5; round++) {
    await using first = await start();
    await using second = await start({ besides: first });
    using peer = await first.logIn();
    using other = await second.logIn();
    await interrupt(first, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE + 10) });
    const kept = await sizeOf(other);
    const rest = FILE.subarray(kept);
    const codes = await Promise.all([peer, other].map(async (each) => {
      using data = await each.openData();
      await each.ask(`REST ${kept}`, 350);
      const { code } = await each.command("STOR a");
      if (code !== 150) return code;
      await sendAll(data, rest).catch(() => {});
      data.close();
      return (await each.reply()).code;
    }));
    assert.deepEqual(codes.toSorted(), [226, 451]);
    await assertStored(first, FILE);
  }
});

Deno.test("a record is written anew every ten seconds at most, with the parts that are verified", async () => {
  await using gateway = await start();
  const { traffic } = gateway.emulator;
  const recorded = async () => {
    const [recordKey] = await gateway.keys(gateway.records.prefix);
    return (await gateway.records.read(recordKey!, uninterrupted()))!.parts;
  };
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, FILE.subarray(0, 3 * PART_SIZE));
  await traffic.ended("UploadPart", 2);
  assert.deepEqual(await recorded(), []);
  assert.equal(traffic.count("PutObject").begun, 2, "before Initiate and after it");
  gateway.clock.advance(10_000);
  await sendAll(data, FILE.subarray(3 * PART_SIZE));
  await traffic.ended("PutObject", 3);
  await peer.moved(FILE.length);
  assert.ok((await recorded())!.length >= 2);
  data.close();
  await peer.expect(226);
  assert.equal(traffic.count("PutObject").begun, 3);
  await assertStored(gateway, FILE);
});

Deno.test("with interrupted_upload = discard nothing is kept, and no more is asked of COS", async () => {
  await using gateway = await start({ interrupted: "discard" });
  const { traffic } = gateway.emulator;
  using peer = await gateway.logIn();
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 4 * PART_SIZE) });
  await peer.ask("SIZE a", 550);
  assert.equal(traffic.count("GetBucket").begun, 1, "whether it is a directory");
  await peer.extendedPassive();
  await peer.ask(`REST ${PART_SIZE}`, 350);
  await peer.ask("STOR a", 554);
});

Deno.test("where records are denied nothing is kept: one warning, and COS is asked for none any more", async () => {
  await using gateway = await start();
  const { traffic, faults } = gateway.emulator;
  const fault = { kind: "error", code: "AccessDenied", status: 403 } as const;
  using _denied = faults.add({ key: ".cosftp/*", fault });
  using peer = await gateway.logIn();
  for (const name of ["a", "b"]) {
    assert.equal((await peer.upload(`STOR ${name}`, FILE)).code, 226);
  }
  await interrupt(gateway, peer, { bytes: FILE.subarray(0, 3 * PART_SIZE), name: "c" });
  await peer.ask("SIZE c", 550);
  assert.equal(traffic.count("PutObject").begun, 1);
  assert.equal(traffic.count("DeleteObject").begun, 0);
  const warnings = gateway.log.lines.filter(({ level }) => level === "warning");
  assert.deepEqual(warnings.map(({ message }) => message), [
    "No records of uploads are kept any more: interrupted uploads are discarded",
  ]);
});

Deno.test("a file of one part costs one request, with resumable uploads too", async () => {
  await using gateway = await start();
  const { traffic } = gateway.emulator;
  using peer = await gateway.logIn();
  const count = () => Object.values(traffic.counts).reduce((sum, { begun }) => sum + begun, 0);
  for (const name of ["a", "b", "a"]) {
    const before = count();
    assert.equal((await peer.upload(`STOR ${name}`, FILE.subarray(0, PART_SIZE))).code, 226);
    assert.equal(count() - before, 1);
    await peer.download(`RETR ${name}`);
    assert.equal(count() - before, 2);
  }
});

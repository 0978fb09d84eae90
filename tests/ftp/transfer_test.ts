import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { uninterrupted } from "../../src/store/object_store.ts";
import { noise } from "../checksum/noise.ts";
import { RawClient } from "../emulator/raw_client.ts";
import { BUCKET, Gateway, KEYS, MAX_FILE_SIZE, MIB, PART_SIZE } from "./gateway.ts";
import { receiveAll, sendAll } from "./ftp_peer.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
/** Puts an object with headers that cosftp itself never sends. */
async function putWith(
  gateway: Gateway,
  key: string,
  body: Uint8Array,
  headers: Record<string, string>,
): Promise<void> {
  const client = new RawClient(gateway.emulator.address, { keys: KEYS });
  const answer = await client.send({ method: "PUT", path: `/${BUCKET}/${key}`, body, headers });
  assert.equal(answer.status, 200, answer.text);
}

const storedAs = (gateway: Gateway, key: string) => gateway.store.head(key, uninterrupted());

Deno.test("files of every size around a part come back as they went", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (const size of [0, 1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1, 3 * PART_SIZE + 7]) {
    const bytes = noise(size);
    assert.equal((await peer.upload(`STOR ${size}`, bytes)).code, 226);
    assert.ok(Buffer.from(await gateway.get(`${size}`) ?? []).equals(bytes), `${size} stored`);
    const { bytes: back, opening } = await peer.download(`RETR ${size}`);
    assert.ok(Buffer.from(back).equals(bytes), `${size} retrieved`);
    assert.match(opening, new RegExp(`\\(${size} bytes\\)`));
    assert.equal((await peer.ask(`SIZE ${size}`, 213)).text, `${size}`);
  }
});

Deno.test("what fits into one part is one request to COS", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.upload("STOR a", noise(PART_SIZE));
  assert.deepEqual(requests(gateway), ["PutObject a"]);
  await peer.download("RETR a");
  assert.deepEqual(requests(gateway).slice(1), ["GetObject a"]);
});

function requests(gateway: Gateway): string[] {
  return gateway.requests.lines.filter(({ message }) => message === "COS request")
    .map(({ fields }) => `${fields.operation} ${fields.key}`);
}

Deno.test("a file is stored in a directory that has no marker", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  assert.equal((await peer.upload("STOR new/deep/a", "content")).code, 226);
  assert.deepEqual(await gateway.keys(), ["new/deep/a"]);
  await peer.ask("CWD new/deep", 250);
  assert.deepEqual(await peer.names(), ["a"]);
});

Deno.test("a name that can only be a directory's is refused as a file name", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (const name of ["a/", "/", ".", "..", "a/.", "a/..", "a//", "./"]) {
    for (const verb of ["STOR", "APPE", "STOU"]) {
      await peer.extendedPassive();
      await peer.ask(`${verb} ${name}`, 553);
    }
  }
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("a download begins at the restart marker, which counts for one command", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "0123456789");
  using peer = await gateway.logIn();
  for (
    const [marker, rest] of [[0, "0123456789"], [4, "456789"], [9, "9"], [10, ""]] as const
  ) {
    await peer.ask(`REST ${marker}`, 350);
    assert.equal(text((await peer.download("RETR a")).bytes), rest, `${marker}`);
    assert.equal(text((await peer.download("RETR a")).bytes), "0123456789");
  }
  await peer.ask("REST 11", 350);
  await peer.extendedPassive();
  await peer.ask("RETR a", 554);
  assert.equal(text((await peer.download("RETR a")).bytes), "0123456789");
});

Deno.test("a restart marker is used up by a transfer that was refused too", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "0123456789");
  using peer = await gateway.logIn();
  await peer.ask("REST 4", 350);
  await peer.ask("RETR a", 425);
  assert.equal(text((await peer.download("RETR a")).bytes), "0123456789");
  await peer.ask("REST 4", 350);
  await peer.extendedPassive();
  await peer.ask("RETR missing", 550);
  assert.equal(text((await peer.download("RETR a")).bytes), "0123456789");
  await peer.ask("REST 4", 350);
  await peer.list("NLST");
  assert.equal(text((await peer.download("RETR a")).bytes), "0123456789");
});

Deno.test("REST in front of an upload is 554 and changes nothing", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "0123456789");
  using peer = await gateway.logIn();
  for (const verb of ["STOR", "APPE", "STOU"]) {
    await peer.ask("REST 4", 350);
    await peer.extendedPassive();
    await peer.ask(`${verb} a`, 554);
    assert.deepEqual(await gateway.keys(), ["a"]);
    assert.equal(await gateway.text("a"), "0123456789");
  }
  await peer.ask("REST 0", 350);
  assert.equal((await peer.upload("STOR a", "new")).code, 226);
  assert.equal(await gateway.text("a"), "new");
});

Deno.test("APPE adds to a small file by sending it again, and makes a new one", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  assert.equal((await peer.upload("APPE a", "one ")).code, 226);
  assert.equal((await peer.upload("APPE a", "two")).code, 226);
  assert.equal((await peer.upload("APPE a", "")).code, 226);
  assert.equal(await gateway.text("a"), "one two");
  const [old, more] = [noise(MIB - 1), noise(2 * PART_SIZE + 5)];
  await gateway.put("b", old);
  assert.equal((await peer.upload("APPE b", more)).code, 226);
  assert.ok(Buffer.from((await gateway.get("b"))!).equals(Buffer.concat([old, more])));
  assert.equal(gateway.emulator.traffic.count("UploadPartCopy").begun, 0);
});

Deno.test("APPE has COS copy a file from 1 MiB on, and sends only what is added", async () => {
  await using gateway = await Gateway.start({ copyMax: 2 * MIB, partSize: 2 * MIB });
  const { traffic } = gateway.emulator;
  using peer = await gateway.logIn();
  const [old, more] = [noise(5 * MIB + 3), noise(3 * MIB + 1)];
  for (const added of [more, more.subarray(0, 100), new Uint8Array()]) {
    await gateway.put("a", old);
    const sent = traffic.count("UploadPart").received;
    assert.equal((await peer.upload("APPE a", added)).code, 226);
    assert.ok(Buffer.from((await gateway.get("a"))!).equals(Buffer.concat([old, added])));
    assert.equal(traffic.count("UploadPart").received - sent, added.length);
  }
  assert.equal(traffic.count("UploadPartCopy").begun, 9);
  assert.equal(traffic.count("GetObject").begun, 3, "only this test has read");
});

Deno.test("APPE leaves the old file as it is when it breaks off, and when the file is replaced meanwhile", async () => {
  for (const size of [1000, 2 * MIB]) {
    await using gateway = await Gateway.start({ interrupted: "resume" });
    const { traffic, faults } = gateway.emulator;
    const old = noise(size);
    await gateway.put("a", old);
    using peer = await gateway.logIn();
    {
      using data = await peer.openData();
      await peer.ask("APPE a", 150);
      await sendAll(data, noise(3 * PART_SIZE));
      await peer.moved(3 * PART_SIZE);
      await peer.ask("ABOR", 426);
      await peer.expect(226);
    }
    assert.ok(Buffer.from((await gateway.get("a"))!).equals(old));
    await peer.ask("SIZE a", 213).then(({ text }) => assert.equal(text, String(size)));
    const operation = size < MIB ? "GetObject" : "InitiateMultipartUpload";
    using _slow = faults.add({ operation, fault: { kind: "latency", milliseconds: 100 } });
    const { begun } = traffic.count(operation);
    using data = await peer.openData();
    await peer.send("APPE a\r\n");
    await traffic.begun(operation, begun + 1);
    if (size >= MIB) await gateway.put("a", "replaced");
    const { code } = await peer.reply();
    data.close();
    if (size < MIB) {
      assert.equal(code, 150);
      await peer.expect(226);
    } else {
      assert.ok(code === 150 ? (await peer.reply()).code === 426 : code === 426, `${code}`);
      assert.equal(await gateway.text("a"), "replaced");
    }
  }
});

Deno.test("STOU stores under a name that 150 and 226 tell, and never over another file", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("d/report", "old");
  using peer = await gateway.logIn();
  const names = new Set<string>();
  for (const line of ["STOU", "STOU", "STOU d/report", "STOU report"]) {
    using data = await peer.openData();
    const { text: opening } = await peer.ask(line, 150);
    const name = /^FILE: (\S+)$/.exec(opening)![1]!;
    await sendAll(data, line);
    data.close();
    assert.ok((await peer.expect(226)).text.includes(name));
    const key = line.includes("d/") ? `d/${name}` : name;
    assert.equal(await gateway.text(key), line);
    if (line.includes("report")) assert.ok(name.startsWith("report."));
    names.add(key);
  }
  assert.equal(names.size, 4);
  assert.equal(await gateway.text("d/report"), "old");
});

Deno.test("TYPE A converts line ends both ways, across every buffer and part border", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  await peer.ask("TYPE A", 200);
  // Odd lengths, so that CR LF falls on both sides of the borders at 64 KiB, 256 KiB and 1 MiB.
  const lines = Array.from({ length: 90_000 }, (_, index) => "x".repeat(index % 37));
  const [sent, stored] = [lines.join("\r\n"), lines.join("\n")];
  assert.ok(stored.length > 1.5 * MIB);
  assert.equal((await peer.upload("STOR a", sent)).code, 226);
  assert.equal(await gateway.text("a"), stored);
  assert.equal(text((await peer.download("RETR a")).bytes), sent);
  await peer.ask("TYPE I", 200);
  assert.equal(text((await peer.download("RETR a")).bytes), stored);
  await gateway.put("crlf", "a\r\nb\nc\r");
  await peer.ask("TYPE A", 200);
  assert.equal(text((await peer.download("RETR crlf")).bytes), "a\r\nb\r\nc\r");
  assert.equal((await peer.upload("STOR cr", "a\r\rb\r\r\n\n\r")).code, 226);
  assert.equal(await gateway.text("cr"), "a\r\rb\r\n\n\r");
});

Deno.test("SIZE and REST are refused in TYPE A: neither could be right", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "1\n2\n");
  using peer = await gateway.logIn();
  await peer.ask("TYPE A", 200);
  await peer.ask("SIZE a", 550);
  await peer.ask("REST 2", 350);
  await peer.extendedPassive();
  await peer.ask("RETR a", 554);
  assert.equal(text((await peer.download("RETR a")).bytes), "1\r\n2\r\n");
});

Deno.test("SIZE and MDTM tell of files, 550 of anything else", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("d/a", "12345");
  using peer = await gateway.logIn();
  assert.equal((await peer.ask("SIZE d/a", 213)).text, "5");
  const { modified } = await storedAs(gateway, "d/a");
  const expected = modified.toISOString().replace(/[-:T]|\..*/g, "");
  assert.equal((await peer.ask("MDTM d/a", 213)).text, expected);
  for (const path of ["missing", "d", "/", "d/a/b", "d/A"]) {
    await peer.ask(`SIZE ${path}`, 550);
    await peer.ask(`MDTM ${path}`, 550);
  }
});

Deno.test("a file over single_file_max_size is 552 at once, and nothing is left of it", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "old");
  using peer = await gateway.logIn();
  assert.equal((await peer.upload("STOR full", new Uint8Array(MAX_FILE_SIZE))).code, 226);
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  // The client goes on sending until it is stopped.
  const sending = (async () => {
    for (;;) await sendAll(data, new Uint8Array(MIB));
  })();
  await assert.rejects(sending);
  await peer.expect(552);
  assert.equal(await gateway.text("a"), "old");
});

Deno.test("an object with Content-Encoding gzip comes back byte for byte", async () => {
  await using gateway = await Gateway.start();
  const body = new Blob([noise(100_000)]).stream().pipeThrough(new CompressionStream("gzip"));
  const zipped = new Uint8Array(await new Response(body).arrayBuffer());
  await putWith(gateway, "a.gz", zipped, { "Content-Encoding": "gzip" });
  using peer = await gateway.logIn();
  assert.equal((await peer.ask("SIZE a.gz", 213)).text, `${zipped.length}`);
  assert.deepEqual((await peer.download("RETR a.gz")).bytes, zipped);
  await peer.ask("REST 50000", 350);
  assert.deepEqual((await peer.download("RETR a.gz")).bytes, zipped.subarray(50_000));
});

Deno.test("an archived object is 550 and says why", async () => {
  await using gateway = await Gateway.start();
  await putWith(gateway, "a", noise(10), { "x-cos-storage-class": "ARCHIVE" });
  using peer = await gateway.logIn();
  await peer.extendedPassive();
  assert.match((await peer.ask("RETR a", 550)).text, /archived/);
  await peer.ask("SIZE a", 213);
});

Deno.test("a download that COS breaks off is taken up again where it broke", async () => {
  await using gateway = await Gateway.start();
  const bytes = noise(3 * MIB);
  await gateway.put("a", bytes);
  using peer = await gateway.logIn();
  for (const kind of ["truncate-answer", "reset-in-answer"] as const) {
    using _fault = gateway.emulator.faults.add({
      operation: "GetObject",
      times: 3,
      fault: { kind },
    });
    const { bytes: back } = await peer.download("RETR a");
    assert.ok(Buffer.from(back).equals(bytes), kind);
  }
});

Deno.test("a download that its client gives up is not taken up again at COS", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", new Uint8Array(20 * MIB));
  using peer = await gateway.logIn();
  const data = await peer.openData();
  await peer.ask("RETR a", 150);
  data.close();
  await peer.expect(426);
  await gateway.turn(0);
  assert.equal(gateway.emulator.traffic.count("GetObject").begun, 1);
});

Deno.test("an object replaced or removed while it is read ends in 426, never in mixed bytes", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  // Half of it is more than all buffers on the way hold, so it has not been read when the object changes.
  const size = 20 * MIB;
  for (const change of ["replace", "remove"] as const) {
    await gateway.put("a", new Uint8Array(size).fill(1));
    using _fault = gateway.emulator.faults.add({
      operation: "GetObject",
      times: 1,
      fault: { kind: "truncate-answer" },
    });
    using data = await peer.openData();
    await peer.ask("RETR a", 150);
    if (change === "replace") await gateway.put("a", new Uint8Array(size).fill(2));
    else await gateway.store.delete("a", uninterrupted());
    const bytes = await receiveAll(data);
    assert.ok(bytes.length < size && bytes.every((byte) => byte === 1), change);
    await peer.expect(426);
  }
});

Deno.test("two sessions that store one name: the last to finish wins, whole", async () => {
  await using gateway = await Gateway.start();
  using first = await gateway.logIn();
  using second = await gateway.logIn();
  for (const size of [10, 2 * PART_SIZE + 3]) {
    const [a, b] = [new Uint8Array(size).fill(1), new Uint8Array(size).fill(2)];
    using dataA = await first.openData();
    using dataB = await second.openData();
    await first.ask("STOR a", 150);
    await second.ask("STOR a", 150);
    await Promise.all([sendAll(dataA, a), sendAll(dataB, b)]);
    dataB.close();
    await second.expect(226);
    assert.deepEqual(await gateway.get("a"), b);
    dataA.close();
    await first.expect(226);
    assert.deepEqual(await gateway.get("a"), a);
  }
});

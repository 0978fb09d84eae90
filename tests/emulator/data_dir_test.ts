import assert from "node:assert/strict";
import { RawClient } from "./raw_client.ts";
import { MemoryLog } from "../memory_log.ts";
import { BUCKET, elements, KEYS, outcome, startForTest } from "./running.ts";

const MIB = 1024 * 1024;

class DataDir implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<DataDir> {
    return new DataDir(await Deno.makeTempDir({ prefix: "emulator" }));
  }

  /** The files that hold bytes. */
  async runs(): Promise<string[]> {
    const files: string[] = [];
    for await (const shard of Deno.readDir(`${this.path}/runs`)) {
      for await (const file of Deno.readDir(`${this.path}/runs/${shard.name}`)) {
        files.push(`${this.path}/runs/${shard.name}/${file.name}`);
      }
    }
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function initiate(client: RawClient, key: string): Promise<string> {
  const post = { method: "POST", path: `/${BUCKET}/${key}`, query: { uploads: "" } };
  return elements(await client.send(post), "UploadId")[0]!;
}

Deno.test("data directory brings back objects, copies and unfinished uploads", async () => {
  await using dir = await DataDir.make();
  const key = "腾".repeat(283);
  const part = new Uint8Array(MIB + 3).fill(5);
  let uploadId: string;
  let etag: string;
  {
    await using emulator = await startForTest({ dataDir: dir.path });
    const { client } = emulator;
    const headers = { "x-cos-meta-a": "b", "content-type": "a/b" };
    await client.send({ method: "PUT", path: `/${BUCKET}/${key}`, body: part, headers });
    const source = `${BUCKET}.cos.x.myqcloud.com/${encodeURIComponent(key)}`;
    const copy = { "x-cos-copy-source": source };
    await client.send({ method: "PUT", path: `/${BUCKET}/copy`, headers: copy });
    await client.send({ method: "PUT", path: `/${BUCKET}/empty` });
    await client.send({ method: "PUT", path: `/${BUCKET}/gone`, body: "x" });
    await client.send({ method: "DELETE", path: `/${BUCKET}/gone` });
    await client.send({ method: "PUT", path: "/second-1/" });
    uploadId = await initiate(client, "upload");
    const query = { partNumber: "1", uploadId };
    const answer = await client.send({
      method: "PUT",
      path: `/${BUCKET}/upload`,
      query,
      body: part,
    });
    etag = answer.headers.get("etag")!;
  }
  assert.equal((await dir.runs()).length, 2, "copies share, what is deleted is gone");
  await using emulator = await startForTest({ dataDir: dir.path });
  const { client } = emulator;
  const listing = await client.send({ method: "GET", path: `/${BUCKET}/` });
  assert.deepEqual(elements(listing, "Key"), ["copy", "empty", key]);
  assert.deepEqual(elements(await client.send({ method: "GET", path: "/" }), "Name"), [
    BUCKET,
    "second-1",
  ]);
  const get = await client.send({ method: "GET", path: `/${BUCKET}/${key}` });
  assert.deepEqual(get.body, part);
  assert.equal(get.headers.get("x-cos-meta-a"), "b");
  assert.equal(get.headers.get("content-type"), "a/b");
  const body = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>" +
    `<ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
  const post = { method: "POST", path: `/${BUCKET}/upload`, query: { uploadId }, body };
  assert.equal(outcome(await client.send(post)), "200");
  const completed = await client.send({ method: "GET", path: `/${BUCKET}/upload` });
  assert.deepEqual(completed.body, part);
});

Deno.test("data directory gives room back when the last user of bytes is gone", async () => {
  await using dir = await DataDir.make();
  {
    await using emulator = await startForTest({ dataDir: dir.path });
    const { client } = emulator;
    const send = (method: string, key: string, headers?: Record<string, string>) =>
      client.send({
        method,
        path: `/${BUCKET}/${key}`,
        headers,
        body: method === "PUT" ? "x" : "",
      });
    await send("PUT", "a");
    await send("PUT", "b", { "x-cos-copy-source": `${BUCKET}.cos.x.com/a` });
    await send("DELETE", "a");
    assert.equal((await send("GET", "b")).text, "x");
    await send("PUT", "b");
    await send("PUT", "c");
    await send("DELETE", "c");
    const refused = await send("PUT", "b", { "x-cos-forbid-overwrite": "true" });
    assert.equal(outcome(refused), "409 FileAlreadyExists");
    const damaged = await send("PUT", "b", { "Content-MD5": "XUFAKrxLKna5cZ2REBfFkg==" });
    assert.equal(outcome(damaged), "400 BadDigest");
    const uploadId = await initiate(client, "u");
    const query = { partNumber: "1", uploadId };
    await client.send({ method: "PUT", path: `/${BUCKET}/u`, query, body: "x" });
    await client.send({ method: "DELETE", path: `/${BUCKET}/u`, query: { uploadId } });
  }
  assert.equal((await dir.runs()).length, 1, "only b is left");
});

Deno.test("data directory is cleared of what a crash left behind", async () => {
  await using dir = await DataDir.make();
  {
    await using emulator = await startForTest({ dataDir: dir.path });
    await emulator.client.send({ method: "PUT", path: `/${BUCKET}/a`, body: "kept" });
  }
  const [kept] = await dir.runs();
  await Deno.mkdir(`${dir.path}/runs/ff`, { recursive: true });
  await Deno.writeTextFile(`${dir.path}/runs/ff/ff000000-leftover`, "half");
  const journal = await Deno.open(`${dir.path}/journal`, { append: true });
  await journal.write(new TextEncoder().encode('{"type":"delete-object","bucket":"exam'));
  journal.close();
  const logger = new MemoryLog();
  {
    await using emulator = await startForTest({ dataDir: dir.path, logger });
    const get = await emulator.client.send({ method: "GET", path: `/${BUCKET}/a` });
    assert.equal(get.text, "kept");
    assert.deepEqual(await dir.runs(), [kept]);
    await emulator.client.send({ method: "PUT", path: `/${BUCKET}/b` });
  }
  const warnings = logger.lines.filter(({ level }) => level === "warning");
  assert.deepEqual(warnings.map(({ message }) => message), [
    "Left out the end of the journal: the last line is incomplete",
  ]);
  await using emulator = await startForTest({ dataDir: dir.path });
  const listing = await emulator.client.send({ method: "GET", path: `/${BUCKET}/` });
  assert.deepEqual(elements(listing, "Key"), ["a", "b"]);
});

Deno.test("data directory takes one emulator at a time", async () => {
  await using dir = await DataDir.make();
  {
    await using _emulator = await startForTest({ dataDir: dir.path });
    await assert.rejects(startForTest({ dataDir: dir.path }), /another emulator is using it/);
  }
  await using _emulator = await startForTest({ dataDir: dir.path });
});

interface EmulatorProcess extends AsyncDisposable {
  readonly client: RawClient;
  kill(): void;
  /** Resolves when the process has ended. */
  readonly ended: Promise<unknown>;
}

/** @param limit How large its files may become, in KiB: beyond that is a full disk without a disk. */
async function spawnEmulator(dataDir: string, limit?: number): Promise<EmulatorProcess> {
  const script = new URL("emulator_process.ts", import.meta.url).pathname;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const process = new Deno.Command("bash", {
    args: [
      "-c",
      `trap "" XFSZ && ulimit -f ${limit ?? "unlimited"} && exec "$@"`,
      "bash",
      ...[Deno.execPath(), "run", "--quiet", "--config", config, "-A", script, dataDir],
    ],
    stdout: "piped",
  }).spawn();
  let text = "";
  for await (const piece of process.stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.endsWith("\n")) break;
  }
  return {
    client: new RawClient({ hostname: "127.0.0.1", port: Number(text) }, { keys: KEYS }),
    kill: () => process.kill("SIGKILL"),
    ended: process.status,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

Deno.test("full disk is answered with 500, and what was not acknowledged is not there afterwards", async () => {
  await using dir = await DataDir.make();
  const path = (i: number) => `/${BUCKET}/${i}`;
  let stored = 0;
  {
    await using emulator = await spawnEmulator(dir.path, 8);
    const { client } = emulator;
    const put = (i: number, body: string) => client.send({ method: "PUT", path: path(i), body });
    while ((await put(stored, `${stored}`)).status === 200) stored++;
    assert.equal(outcome(await put(0, "new")), "500 InternalError");
    const get = await client.send({ method: "GET", path: path(0) });
    assert.equal(outcome(get), "500 InternalError", "no answer is trusted any more");
  }
  assert(stored > 3);
  await using emulator = await startForTest({ dataDir: dir.path, logger: new MemoryLog() });
  const listing = await emulator.client.send({ method: "GET", path: `/${BUCKET}/` });
  const keys = Array.from({ length: stored }, (_, i) => String(i));
  assert.deepEqual(elements(listing, "Key"), keys.toSorted());
  for (const key of keys) {
    const get = await emulator.client.send({ method: "GET", path: path(Number(key)) });
    assert.equal(get.text, key);
  }
});

Deno.test("bytes of a copy's source stay until they are read, although it is deleted meanwhile", async () => {
  await using dir = await DataDir.make();
  await using emulator = await startForTest({ dataDir: dir.path });
  const { client, traffic } = emulator;
  const source = await initiate(client, "source");
  const parts = await Promise.all([1, 2, 3].map(async (partNumber) => {
    const query = { partNumber: String(partNumber), uploadId: source };
    const body = new Uint8Array(2 * MIB).fill(partNumber);
    const put = { method: "PUT", path: `/${BUCKET}/source`, query, body };
    const etag = (await client.send(put)).headers.get("etag");
    return `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`;
  }));
  const whole = await client.send({
    method: "POST",
    path: `/${BUCKET}/source`,
    query: { uploadId: source },
    body: `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`,
  });
  const uploadId = await initiate(client, "copy");
  const copying = client.send({
    method: "PUT",
    path: `/${BUCKET}/copy`,
    query: { partNumber: "1", uploadId },
    headers: { "x-cos-copy-source": `${BUCKET}.cos.x.com/source` },
  });
  await traffic.begun("UploadPartCopy");
  await client.send({ method: "DELETE", path: `/${BUCKET}/source` });
  const copy = await copying;
  assert.equal(outcome(copy), "200");
  assert.deepEqual(elements(copy, "CRC64"), elements(whole, "CRC64"));
});

Deno.test("kill -9 loses nothing that was acknowledged and shows nothing half", async () => {
  await using dir = await DataDir.make();
  const acknowledged = new Map<string, string>();
  for (let round = 0; round < 4; round++) {
    await using running = await spawnEmulator(dir.path);
    const { client } = running;
    let written = 0;
    const write = async (writer: number) => {
      for (let i = 0;; i++) {
        const key = `${writer}/${i % 7}`;
        const body = `${round} ${i} `.repeat(1 + (i % 5) * 9_000);
        acknowledged.delete(key); // from now on either version is right
        const put = { method: "PUT", path: `/${BUCKET}/${key}`, body };
        if ((await client.send(put)).status !== 200) return;
        acknowledged.set(key, body);
        // Each round is killed a little later, in the middle of what the other writers do.
        if (++written === 20 + round * 23) running.kill();
      }
    };
    const writing = Array.from({ length: 4 }, (_, writer) => write(writer));
    await Promise.allSettled(writing);
    await running.ended;

    await using emulator = await startForTest({ dataDir: dir.path, logger: new MemoryLog() });
    const listing = await emulator.client.send({ method: "GET", path: `/${BUCKET}/` });
    const keys = elements(listing, "Key");
    for (const [key, body] of acknowledged) {
      const get = await emulator.client.send({ method: "GET", path: `/${BUCKET}/${key}` });
      assert.equal(get.text, body, key);
    }
    for (const key of keys) {
      const get = await emulator.client.send({ method: "GET", path: `/${BUCKET}/${key}` });
      assert.match(get.text, /^(\d+ \d+ )\1*$/, key);
    }
    assert(acknowledged.size > 0);
    assert.equal((await dir.runs()).length, keys.length);
  }
});

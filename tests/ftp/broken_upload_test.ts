import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { FaultRule } from "../../src/emulator/faults.ts";
import { ArrivalBarrier, type Arrivals } from "../../src/net/arrival_barrier.ts";
import { type Connection, type Dialer, systemDialer } from "../../src/net/connection.ts";
import { noise } from "../checksum/noise.ts";
import { Gateway, MIB } from "./gateway.ts";
import { type FtpPeer, sendAll } from "./ftp_peer.ts";

const SMALL = noise(1000);
const LARGE = noise(3 * MIB + 7);
const OLD = "the old content";

/** Stores "a" over an old file with a fault switched on; gives the last reply and what "a" is then. */
async function storeWith(
  rule: FaultRule | readonly FaultRule[],
  options: { bytes: Uint8Array; timeouts?: { firstByte: number } },
): Promise<{ code: number; content: "old" | "new" | "none" | "wrong" }> {
  await using gateway = await Gateway.start({ timeouts: options.timeouts });
  await gateway.put("a", OLD);
  using peer = await gateway.logIn();
  for (const each of [rule].flat()) gateway.emulator.faults.add(each);
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, options.bytes).catch(() => {});
  data.close();
  const { code } = await peer.reply();
  gateway.emulator.faults.clear();
  await peer.ask("NOOP", 200);
  const content = await contentOf(gateway, options.bytes);
  assert.deepEqual(await gateway.keys(), content === "none" ? [] : ["a"]);
  return { code, content };
}

async function contentOf(gateway: Gateway, sent: Uint8Array) {
  const bytes = await gateway.get("a");
  if (!bytes) return "none";
  if (Buffer.from(bytes).equals(sent)) return "new";
  return new TextDecoder().decode(bytes) === OLD ? "old" : "wrong";
}

const ERROR = { kind: "error", code: "InternalError", status: 500 } as const;

Deno.test("an upload that COS refuses is 451 and leaves the old file", async () => {
  for (
    const [operation, bytes] of [
      ["PutObject", SMALL],
      ["UploadPart", LARGE],
      ["CompleteMultipartUpload", LARGE],
    ] as const
  ) {
    const outcome = await storeWith({ operation, fault: ERROR }, { bytes });
    assert.deepEqual(outcome, { code: 451, content: "old" }, operation);
  }
  const fault = { kind: "error-in-200", code: "InternalError" } as const;
  const outcome = await storeWith({ operation: "CompleteMultipartUpload", fault }, {
    bytes: LARGE,
  });
  assert.deepEqual(outcome, { code: 451, content: "old" });
});

Deno.test("an upload whose last part alone fails is 451 and leaves the old file", async () => {
  const rule: FaultRule = { operation: "UploadPart", skip: 3, fault: ERROR };
  assert.deepEqual(await storeWith(rule, { bytes: LARGE }), { code: 451, content: "old" });
});

Deno.test("an upload survives what COS can be asked again for", async () => {
  for (
    const [operation, bytes] of [
      ["PutObject", SMALL],
      ["UploadPart", LARGE],
      ["CompleteMultipartUpload", LARGE],
    ] as const
  ) {
    for (
      const fault of [
        ERROR,
        { kind: "error", code: "SlowDown", status: 503 },
        { kind: "reset-before-answer" },
        { kind: "reset-in-request" },
        { kind: "reset-in-answer" },
        { kind: "lose-answer" },
      ] as const
    ) {
      const outcome = await storeWith({ operation, times: 1, fault }, { bytes });
      assert.deepEqual(outcome, { code: 226, content: "new" }, `${operation} ${fault.kind}`);
    }
  }
});

Deno.test("when every answer is lost, what became of the upload is found out before the reply", async () => {
  const lost = { kind: "lose-answer" } as const;
  const never = { kind: "reset-before-answer" } as const;
  for (
    const [operation, fault, bytes, code, content] of [
      ["PutObject", lost, SMALL, 226, "new"],
      ["CompleteMultipartUpload", lost, LARGE, 226, "new"],
      ["PutObject", never, SMALL, 451, "old"],
      ["CompleteMultipartUpload", never, LARGE, 451, "old"],
    ] as const
  ) {
    const outcome = await storeWith({ operation, fault }, { bytes });
    assert.deepEqual(outcome, { code, content }, `${operation} ${fault.kind}`);
  }
});

Deno.test("an upload of which nothing can be found out is 451, and what is there is whole", async () => {
  for (
    const [operation, bytes] of [["PutObject", SMALL], ["CompleteMultipartUpload", LARGE]] as const
  ) {
    const { code, content } = await storeWith([
      { operation, fault: { kind: "lose-answer" } },
      { operation: "HeadObject", fault: ERROR },
    ], { bytes });
    assert.deepEqual({ code, content }, { code: 451, content: "new" }, operation);
  }
});

Deno.test("bytes damaged on the way are sent again; damaged every time, they do not stay", async () => {
  for (
    const [operation, bytes, content] of [["PutObject", SMALL, "none"], [
      "UploadPart",
      LARGE,
      "old",
    ]] as const
  ) {
    const fault = { kind: "corrupt-request" } as const;
    assert.deepEqual(
      await storeWith({ operation, times: 2, fault }, { bytes }),
      { code: 226, content: "new" },
      operation,
    );
    assert.deepEqual(await storeWith({ operation, fault }, { bytes }), { code: 451, content });
  }
});

Deno.test("a whole whose checksum is wrong is removed and 451, one that only seems so is 226", async () => {
  const fault = { kind: "corrupt-checksum" } as const;
  for (
    const [operation, bytes] of [["PutObject", SMALL], ["CompleteMultipartUpload", LARGE]] as const
  ) {
    const answer: FaultRule = { operation, fault };
    const look: FaultRule = { operation: "HeadObject", fault };
    assert.deepEqual(await storeWith(answer, { bytes }), { code: 226, content: "new" });
    assert.deepEqual(await storeWith([answer, look], { bytes }), { code: 451, content: "none" });
  }
});

Deno.test("an upload that COS does not answer in time is 451", async () => {
  for (const [operation, bytes] of [["PutObject", SMALL], ["UploadPart", LARGE]] as const) {
    const outcome = await storeWith({ operation, fault: { kind: "timeout" } }, {
      bytes,
      timeouts: { firstByte: 20 },
    });
    assert.deepEqual(outcome, { code: 451, content: "old" }, operation);
  }
});

Deno.test("a data connection that is reset ends the upload with 426, whatever arrived before", async () => {
  for (const bytes of [0, SMALL.length, LARGE.length]) {
    await using gateway = await Gateway.start({ dialer: greetingDialer });
    await gateway.put("a", OLD);
    using peer = await gateway.logIn();
    await using client = await DataClient.start(bytes);
    await peer.ask(`EPRT |1|127.0.0.1|${client.port}|`, 200);
    await peer.ask("STOR a", 150);
    await client.sent();
    await peer.moved(bytes);
    await client.kill();
    await peer.expect(426);
    assert.equal(await gateway.text("a"), OLD);
  }
});

/** Sends two bytes over each data connection; the second one stays unread. */
const greetingDialer: Dialer = {
  ...systemDialer,
  async connect(address, signal): Promise<Connection> {
    const connection = await systemDialer.connect(address, signal);
    await connection.write(Uint8Array.of(1, 2));
    return connection;
  },
};

/** `data_client.ts` in its process. */
class DataClient implements AsyncDisposable {
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  private constructor(
    process: Deno.ChildProcess,
    lines: ReadableStreamDefaultReader<string>,
    port: number,
  ) {
    this.#process = process;
    this.#lines = lines;
    this.port = port;
  }

  static async start(bytes: number): Promise<DataClient> {
    const program = new URL("data_client.ts", import.meta.url).href;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-lock", "--allow-net", program, `${bytes}`],
      stdout: "piped",
    }).spawn();
    const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await lines.read();
    return new DataClient(process, lines, Number(value));
  }

  /** Waits until everything was sent. */
  async sent(): Promise<void> {
    assert.equal((await this.#lines.read()).value, "sent\n");
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
    await this.#process.status;
    await this.#lines.cancel();
  }
}

Deno.test("a client that goes with both connections at once publishes nothing", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", OLD);
  for (const order of ["control first", "data first"]) {
    for (const bytes of [new Uint8Array(), SMALL, LARGE]) {
      for (let round = 0; round < 20; round++) {
        using peer = await gateway.logIn();
        using data = await peer.openData();
        await peer.ask("STOR a", 150);
        await sendAll(data, bytes);
        if (order === "control first") peer.close();
        data.close();
        peer.close();
        await gateway.sessionsLeft(0);
        assert.equal(await gateway.text("a"), OLD, `${order}, ${bytes.length} bytes`);
      }
    }
  }
});

Deno.test("a control connection that ends only after the data connection was read to its end is heard", async () => {
  using barrier = await ArrivalBarrier.open();
  for (const bytes of [new Uint8Array(), SMALL, LARGE]) {
    const peers: FtpPeer[] = [];
    const arrivals: Arrivals = {
      catchUp: () => barrier.catchUp(),
      settle() {
        peers[0]!.close();
        return barrier.settle(1);
      },
    };
    await using gateway = await Gateway.start({ arrivals });
    await gateway.put("a", OLD);
    using peer = await gateway.logIn();
    peers.push(peer);
    using data = await peer.openData();
    await peer.ask("STOR a", 150);
    await sendAll(data, bytes);
    data.close();
    await gateway.sessionsLeft(0);
    assert.equal(await gateway.text("a"), OLD, `${bytes.length} bytes`);
  }
});

Deno.test("once publishing has begun neither ABOR nor a lost client stops it", async () => {
  for (
    const [operation, bytes] of [["PutObject", SMALL], ["CompleteMultipartUpload", LARGE]] as const
  ) {
    for (const end of ["ABOR", "lost"] as const) {
      await using gateway = await Gateway.start();
      using _fault = gateway.emulator.faults.add({
        operation,
        fault: { kind: "latency", milliseconds: 50 },
      });
      using peer = await gateway.logIn();
      using data = await peer.openData();
      await peer.ask("STOR a", 150);
      await sendAll(data, bytes);
      data.close();
      await gateway.emulator.traffic.begun(operation);
      if (end === "ABOR") {
        await peer.ask("ABOR", 226);
        await peer.expect(226);
      } else {
        peer.close();
        await gateway.sessionsLeft(0);
      }
      assert.equal(await contentOf(gateway, bytes), "new", `${operation} ${end}`);
    }
  }
});

Deno.test("an upload given up while COS makes its UploadId leaves no multipart upload", async () => {
  await using gateway = await Gateway.start();
  using _fault = gateway.emulator.faults.add({
    operation: "InitiateMultipartUpload",
    fault: { kind: "latency", milliseconds: 50 },
  });
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, LARGE);
  await gateway.emulator.traffic.begun("InitiateMultipartUpload");
  await peer.ask("ABOR", 426);
  await peer.expect(226);
  assert.equal(gateway.emulator.traffic.count("AbortMultipartUpload").ended, 1);
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("more uploads than there is memory for all arrive", async () => {
  await using gateway = await Gateway.start();
  const count = 12;
  await Promise.all(Array.from({ length: count }, async (_, index) => {
    using peer = await gateway.logIn();
    const { code } = await peer.upload(`STOR ${index}`, LARGE);
    assert.equal(code, 226);
  }));
  for (let index = 0; index < count; index++) {
    assert.ok(Buffer.from((await gateway.get(`${index}`))!).equals(LARGE), `${index}`);
  }
});

/**
 * A stand-in for COS that is no bottleneck, as a process of its own. It keeps the sizes of objects and drops their bytes,
 * and asks for no signature. Says on stdout where it listens.
 *
 * Keys that exist without being stored: `zeros/<size>/<anything>`, an object of so many zero bytes. `list/<count>/` is a
 * directory of so many objects. What is asked of it that is not of COS's API begins with `/-/` (`StoreProcess` asks it).
 *
 * Arguments: `--crc64` answers with the CRC64 of what arrived, as COS does; without it the field is left out.
 */
import { PartMemory } from "../../src/checksum/part_memory.ts";
import { sleep, systemClock } from "../../src/clock.ts";
import { type Connection, listen } from "../../src/net/connection.ts";
import { encodeHead, requestFraming, type RequestHead } from "../../src/net/http_head.ts";
import { type BodyReader, MessageReader } from "../../src/net/http_message.ts";
import { NullBucket } from "./null_bucket.ts";
import { announceReady } from "./ready.ts";
import { answer, operationOf, type Received, type StoreAnswer } from "./store_operations.ts";

/** How much is read, and of zeros written, at a time. */
const PIECE = 1024 * 1024;

/** Request bodies that are read at once. A piece that was never used costs address space only. */
const PIECES = 1024;

const zeros = new Uint8Array(PIECE);
const encoder = new TextEncoder();

/** Serves connections until the process is killed. */
class Store {
  readonly #memory = new PartMemory({ bytes: PIECES * PIECE, sliceSize: PIECE });
  readonly #pieces = [...this.#memory.slices];
  readonly #checksums: boolean;
  readonly #bucket = new NullBucket();
  #counts: Record<string, number> = {};
  /** Milliseconds. */
  #latency = 0;

  constructor(options: { checksums: boolean }) {
    this.#checksums = options.checksums;
  }

  async serve(connection: Connection): Promise<void> {
    using open = connection;
    const reader = new MessageReader(open);
    for (;;) {
      const head = await reader.readRequestHead();
      if (head === null) return;
      const received = await this.#receive(open, { head, body: reader.body(requestFraming(head)) });
      await this.#send(open, { head, answer: await this.#answer(head, received) });
    }
  }

  async #answer(head: RequestHead, received: Received): Promise<StoreAnswer> {
    const url = new URL(head.target, "http://store");
    if (url.pathname.startsWith("/-/")) return this.#control(url);
    const operation = operationOf(head.method, url, head.fields);
    this.#counts[operation] = (this.#counts[operation] ?? 0) + 1;
    if (this.#latency > 0) await sleep(systemClock, this.#latency);
    return answer(operation, { bucket: this.#bucket, url, fields: head.fields, received });
  }

  #control({ pathname, searchParams }: URL): StoreAnswer {
    switch (pathname) {
      case "/-/latency":
        this.#latency = Number(searchParams.get("milliseconds"));
        return { status: 200 };
      case "/-/counts": {
        const body = JSON.stringify(this.#counts);
        this.#counts = {};
        return { status: 200, body };
      }
      case "/-/sizes":
        return {
          status: 200,
          body: JSON.stringify(this.#bucket.sizes(searchParams.get("prefix") ?? "")),
        };
      default:
        return { status: 404 };
    }
  }

  /** Reads a body and drops it, unless it is XML. */
  async #receive(
    connection: Connection,
    { head, body }: { head: RequestHead; body: BodyReader },
  ): Promise<Received> {
    if (head.fields.get("expect") === "100-continue") {
      await connection.write(encodeHead("HTTP/1.1 100 Continue", []));
    }
    if (head.method === "POST") {
      const text = new TextDecoder().decode(await body.collect(16 * PIECE));
      return { size: text.length, crc64: undefined, text };
    }
    const piece = this.#pieces.pop();
    if (!piece) throw new Error(`Cannot read a body: ${PIECES} are read already`);
    try {
      let [size, crc64] = [0, 0n];
      for (let count = await body.read(piece); count !== null; count = await body.read(piece)) {
        size += count;
        if (this.#checksums) crc64 = this.#memory.crc64(piece.subarray(0, count), crc64);
      }
      return { size, crc64: this.#checksums ? crc64 : undefined, text: "" };
    } finally {
      this.#pieces.push(piece);
    }
  }

  async #send(
    connection: Connection,
    { head, answer: { status, fields = {}, body = "" } }: {
      head: RequestHead;
      answer: StoreAnswer;
    },
  ): Promise<void> {
    const bytes = typeof body === "string" ? encoder.encode(body) : undefined;
    const length = bytes?.length ?? (body as number);
    const start = encodeHead(`HTTP/1.1 ${status} Status`, [
      ...Object.entries(fields),
      ["content-length", String(length)],
      ["x-cos-request-id", "bench"],
    ]);
    if (head.method === "HEAD" || length === 0) return await connection.write(start);
    if (length < PIECE) {
      const whole = new Uint8Array(start.length + length);
      whole.set(start);
      whole.set(bytes ?? zeros.subarray(0, length), start.length);
      return await connection.write(whole);
    }
    await connection.write(start);
    if (bytes) return await connection.write(bytes);
    for (let left = length; left > 0; left -= PIECE) {
      await connection.write(left < PIECE ? zeros.subarray(0, left) : zeros);
    }
  }
}

if (import.meta.main) {
  const store = new Store({ checksums: Deno.args.includes("--crc64") });
  const listener = listen({ hostname: "127.0.0.1", port: 0 });
  announceReady(listener.address.port);
  for (;;) {
    const connection = await listener.accept();
    if (connection === null) break;
    // A client that leaves in the middle of something is its own business.
    store.serve(connection).catch(() => {});
  }
}

import assert from "node:assert/strict";
import { combineCrc64, crc64 } from "../../src/checksum/crc64.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import { noise } from "../checksum/noise.ts";
import { sendAll } from "../ftp/ftp_peer.ts";
import { seededRandom } from "../seeded_random.ts";
import { CrashingGateway } from "./crashing_gateway.ts";

const ROUNDS = 20;

/** Rounds at the same time, each with a gateway of its own. */
const AT_ONCE = 10;

const MIB = 1024 ** 2;
const NOISE = noise(8 * MIB + ROUNDS);

/** How long an upload takes that nobody kills: longer than it takes until a record tells of parts. Milliseconds. */
const DURATION = 16_000;

/** So often in that time a client sends something. */
const STEPS = 64;

/** An upload that breaks off with its gateway. */
interface Round {
  readonly number: number;
  /** MiB. */
  readonly size: number;
  /** When the gateway is killed, after the beginning. Milliseconds. */
  readonly killedAfter: number;
}

Deno.test("uploads of 64 MiB to 1 GiB, killed with their gateways at 20 moments, go on at another gateway", async () => {
  const random = seededRandom(4);
  const rounds = Array.from({ length: ROUNDS }, (_, number) => ({
    number,
    size: Math.round(64 * 16 ** random()),
    killedAfter: (0.25 + 0.75 * random()) * DURATION,
  }));
  await using second = await CrashingGateway.start({
    latency: 20,
    partSize: 8 * MIB,
    window: 24 * 60 * 60_000,
  });
  const resumed: number[] = [];
  for (let start = 0; start < ROUNDS; start += AT_ONCE) {
    const batch = rounds.slice(start, start + AT_ONCE);
    const kept = await Promise.all(batch.map(async (round) => {
      await interrupt(second, round);
      return await goOn(second, round);
    }));
    resumed.push(...kept.filter((size) => size > 0));
  }
  assert.ok(resumed.length >= 3, `${resumed.length} were resumed`);
  const { store } = second;
  for (const { number, size } of rounds) {
    const info = await store.head(`file${number}`, uninterrupted());
    assert.deepEqual([info.size, info.crc64], [size * MIB, wholeCrc64(number, size)]);
  }
  // Killed between Initiate and the record of its UploadId, an upload is nobody's to go on with: the sweep takes it.
  assert.ok((await second.left()).length <= 2, `${await second.left()}`);
  assert.deepEqual(await second.sweep(), []);
});

/** Begins an upload on a gateway of its own, which is killed in its midst, or has just done it. */
async function interrupt(
  second: CrashingGateway,
  { number, size, killedAfter }: Round,
): Promise<void> {
  await using first = await second.another();
  const killed = new AbortController();
  const timer = setTimeout(() => killed.abort(), killedAfter);
  try {
    using peer = await first.logIn();
    using data = await peer.openData();
    await peer.ask(`STOR file${number}`, 150);
    for (let step = 0; step < STEPS && !killed.signal.aborted; step++) {
      await sendRange(data, number, { from: size * step / STEPS, to: size * (step + 1) / STEPS });
      await paused(DURATION / STEPS, killed.signal);
    }
  } finally {
    clearTimeout(timer);
    await first.kill();
  }
}

/** Stores the rest of the file. @returns the bytes that were kept. */
async function goOn(second: CrashingGateway, { number, size }: Round): Promise<number> {
  using peer = await second.logIn();
  const answer = await peer.command(`SIZE file${number}`);
  const kept = answer.code === 213 ? Number(answer.text) : 0;
  assert.ok(kept < size * MIB);
  using data = await peer.openData();
  await peer.ask(`REST ${kept}`, 350);
  await peer.ask(`STOR file${number}`, 150);
  await sendRange(data, number, { from: kept / MIB, to: size });
  data.close();
  await peer.expect(226);
  return kept;
}

/** The content of a file: the same 8 MiB over and over again, other ones for each file. */
function contentOf(number: number): Uint8Array {
  return NOISE.subarray(number, number + 8 * MIB);
}

/** Sends bytes of a file; `from` and `to` are MiB, and need not be whole. */
async function sendRange(
  data: Deno.Conn,
  number: number,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const content = contentOf(number);
  const end = Math.round(to * MIB);
  for (let at = Math.round(from * MIB); at < end;) {
    const begin = at % content.length;
    const piece = content.subarray(begin, Math.min(content.length, begin + end - at));
    await sendAll(data, piece);
    at += piece.length;
  }
}

/** Of the first `size` MiB. */
function wholeCrc64(number: number, size: number): bigint {
  const content = contentOf(number);
  const piece = crc64(content);
  let whole = 0n;
  let left = size * MIB;
  for (; left >= content.length; left -= content.length) {
    whole = combineCrc64(whole, piece, content.length);
  }
  return combineCrc64(whole, crc64(content.subarray(0, left)), left);
}

function paused(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

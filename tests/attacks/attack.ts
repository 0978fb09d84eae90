import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { sendAll } from "../ftp/ftp_peer.ts";
import { type FtpPeer, receiveAll } from "../ftp/ftp_peer.ts";
import { proxyHeader } from "../net/proxy_headers.ts";
import type { AttackedOptions, Report } from "./gateway_process.ts";
import { Target } from "./target.ts";

/** What somebody means to do to a gateway. */
export interface Attack {
  /** What is attacked and how. */
  readonly name: string;
  readonly options?: AttackedOptions;
  /** How often it is repeated, each time on the same gateway. @default 4 */
  readonly rounds?: number;
  /**
   * Does it once, asserts what the attacker must not get, and leaves no connection of its own open.
   *
   * @param meanwhile to be called at its height: others must be served then.
   */
  readonly run: (target: Target, meanwhile: Meanwhile) => Promise<void>;
}

/** Has others use the gateway: who was there before, and, unless they are `refused`, newcomers. */
export type Meanwhile = (options?: { newcomers: "served" | "refused" }) => Promise<void>;

/** Between the second and the last time an attack may leave so much behind, which is what allocators and compilers do. Bytes. */
const HEAP_GROWTH = 8 * 1024 ** 2;
const RSS_GROWTH = 48 * 1024 ** 2;

/** How long one round may take; only a failure takes that. Milliseconds. */
const TIME_LIMIT = 30_000;

const CONTENT = randomBytes(1_500_000);

/**
 * Registers a test of an attack. Meanwhile a session that was there before uploads and downloads a file, and somebody at another
 * address logs in and does the same; afterwards nothing of the attack is left in the gateway; and doing it again and again
 * does not make the gateway grow.
 */
export function attackTest({ name, options, rounds = 4, run }: Attack): void {
  Deno.test(`under attack: ${name}`, async () => {
    await using target = await Target.start(options);
    using bystander = await target.logIn();
    await useFiles(target, bystander);
    const before = await target.report();
    const reports: Report[] = [];
    for (let round = 0; round < rounds; round++) {
      let met = 0;
      await inTime(run(target, async ({ newcomers } = { newcomers: "served" }) => {
        met++;
        await useFiles(target, bystander);
        if (newcomers === "refused") return;
        using newcomer = await target.newcomer();
        if (newcomer) await useFiles(target, newcomer);
      }));
      assert.ok(met > 0, "nobody was there meanwhile");
      await useFiles(target, bystander);
      reports.push(await target.settled(before));
    }
    assertPlateau(reports);
  });
}

/** @throws when the last report tells of more memory than the second. */
export function assertPlateau(reports: readonly Pick<Report, "heap" | "rss">[]): void {
  const [, first] = reports;
  const last = reports.at(-1)!;
  assert.ok(first && last !== first, "growth is seen between repetitions");
  for (const [what, most] of [["heap", HEAP_GROWTH], ["rss", RSS_GROWTH]] as const) {
    const growth = reports.map((report) => (report[what] / 1024 ** 2).toFixed(1)).join(", ");
    assert.ok(last[what] - first[what] < most, `${what} grows with each attack (MiB): ${growth}`);
  }
}

/** Settles like `attack`, or throws when it hangs. */
async function inTime(attack: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("Cannot wait any longer")), TIME_LIMIT);
  try {
    await Promise.race([attack, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Uploads a file of two parts and downloads it. */
async function useFiles({ behindProxy }: Target, peer: FtpPeer): Promise<void> {
  const openData = async () => {
    if (!behindProxy) return await peer.openData();
    const data = await Deno.connect({ hostname: "127.0.0.1", port: await peer.extendedPassive() });
    await data.write(DATA_HEADER);
    return data;
  };
  {
    using data = await openData();
    await peer.ask("STOR bystander", 150);
    await sendAll(data, CONTENT);
    data.close();
    await peer.expect(226);
  }
  using data = await openData();
  await peer.ask("RETR bystander", 150);
  assert.ok(CONTENT.equals(await receiveAll(data)), "the file came back as it was");
  await peer.expect(226);
}

const DATA_HEADER = proxyHeader({
  version: 1,
  ends: {
    source: { hostname: "192.0.2.7", port: 40_001 },
    destination: { hostname: "203.0.113.10", port: 21 },
  },
});

/** Connections that are all open at once, until they are disposed of. */
export class Crowd implements Disposable {
  readonly conns: readonly Deno.Conn[];
  #ends: readonly Promise<void>[] | undefined;

  constructor(conns: readonly Deno.Conn[]) {
    this.conns = conns;
  }

  /** Makes so many connections, some at the same time. */
  static async gather(count: number, connect: () => Promise<Deno.Conn>): Promise<Crowd> {
    const conns: Deno.Conn[] = [];
    let begun = 0;
    await Promise.all(Array.from({ length: 100 }, async () => {
      while (begun++ < count) conns.push(await connect());
    }));
    return new Crowd(conns);
  }

  /** Has each send the same. What the gateway no longer takes from some is no failure. */
  async send(bytes: string | Uint8Array): Promise<void> {
    await Promise.all(this.conns.map((conn) => sendAll(conn, bytes).catch(() => {})));
  }

  /** Waits until the gateway has ended so many of them, or all. */
  async ended(count = this.conns.length): Promise<void> {
    this.#ends ??= this.conns.map(readToEnd);
    const enough = Promise.withResolvers<void>();
    let ended = 0;
    for (const end of this.#ends) end.then(() => ++ended === count && enough.resolve());
    await enough.promise;
  }

  [Symbol.dispose](): void {
    for (const conn of this.conns) conn.close();
  }
}

async function readToEnd(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4096);
  while (await conn.read(buffer).catch(() => null) !== null);
}

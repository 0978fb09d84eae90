import assert from "node:assert/strict";
import { DataConnection } from "../../src/ftp/data/data_connection.ts";
import type { Arrivals } from "../../src/net/arrival_barrier.ts";
import { FakeClock } from "../fake_clock.ts";
import { ScriptedConnection } from "../net/scripted_connection.ts";

const ARRIVALS: Arrivals = {
  settle: () => Promise.resolve(),
  catchUp: () => Promise.resolve(),
};

/** A connection whose peer takes long for all that is left of a file. */
class SlowEnd extends ScriptedConnection {
  readonly #closed = Promise.withResolvers<void>();
  onProgress?: () => void;

  constructor() {
    super([]);
  }

  override closeWrite(): Promise<void> {
    return this.#closed.promise;
  }

  override close(): void {
    this.#closed.reject(new Deno.errors.Interrupted("closed"));
  }
}

Deno.test("a transfer does not stall while bytes move on the wire, only when none does", async () => {
  const clock = new FakeClock();
  const connection = new SlowEnd();
  using data = new DataConnection(connection, {
    clock,
    stallTimeout: 120_000,
    signal: new AbortController().signal,
    arrivals: ARRIVALS,
  });
  let failed = false;
  const finished = data.finish().catch((error) => {
    failed = true;
    throw error;
  });
  const stalled = assert.rejects(finished, { kind: "stalled" });
  for (let step = 0; step < 5; step++) {
    clock.advance(100_000);
    connection.onProgress?.();
    await Promise.resolve();
  }
  assert.equal(failed, false);
  clock.advance(120_000);
  await stalled;
});

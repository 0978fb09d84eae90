import assert from "node:assert/strict";
import { ArrivalBarrier } from "../../src/net/arrival_barrier.ts";
import { listen, systemDialer } from "../../src/net/connection.ts";

Deno.test("ArrivalBarrier waits until what arrived on other connections has been reported", async () => {
  using barrier = await ArrivalBarrier.open();
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  for (const wait of ["catchUp", "settle"] as const) {
    for (let round = 0; round < 20; round++) {
      const peer = await systemDialer.connect(listener.address, new AbortController().signal);
      using own = (await listener.accept())!;
      let ended = false;
      const reading = own.read(new Uint8Array(1)).then((count) => ended = count === null);
      peer.close();
      await barrier[wait](1);
      // Reported together with it at the latest: only what is done at once then may be left.
      for (let step = 0; step < 10; step++) await Promise.resolve();
      assert.equal(ended, true, `${wait}, round ${round}`);
      await reading;
    }
  }
});

Deno.test("ArrivalBarrier also waits for what arrives a moment later", async () => {
  using barrier = await ArrivalBarrier.open();
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  for (let round = 0; round < 20; round++) {
    const peer = await systemDialer.connect(listener.address, new AbortController().signal);
    using own = (await listener.accept())!;
    let ended = false;
    const reading = own.read(new Uint8Array(1)).then((count) => ended = count === null);
    const settled = barrier.settle(1);
    await barrier.catchUp();
    peer.close();
    await settled;
    assert.equal(ended, true, `round ${round}`);
    await reading;
  }
});

Deno.test("ArrivalBarrier gives what is on its way a moment to arrive", async () => {
  using barrier = await ArrivalBarrier.open();
  for (let round = 0; round < 10; round++) {
    const begun = performance.now();
    await barrier.settle(1);
    assert.ok(performance.now() - begun > 0.5, `round ${round}`);
  }
});

Deno.test("ArrivalBarrier serves any number at once", async () => {
  using barrier = await ArrivalBarrier.open();
  await Promise.all(Array.from({ length: 1000 }, () => barrier.settle(1)));
});

Deno.test("ArrivalBarrier holds nobody back once it is disposed of", async () => {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  const alive = listener.accept(); // as a server's always is
  const barrier = await ArrivalBarrier.open();
  const waiting = [barrier.settle(1), barrier.settle(1)];
  barrier[Symbol.dispose]();
  await Promise.all(waiting);
  await barrier.settle(1);
  listener.close();
  assert.equal(await alive, null);
});

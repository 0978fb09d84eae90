import assert from "node:assert/strict";
import { learnOnce } from "../../src/doctor/learn_once.ts";

const { signal } = new AbortController();

Deno.test("learnOnce learns for all who ask, those at the same time and later ones", async () => {
  let times = 0;
  const ask = learnOnce(() => Promise.resolve(++times));
  assert.deepEqual(await Promise.all([ask(signal), ask(signal)]), [1, 1]);
  assert.equal(await ask(new AbortController().signal), 1);
});

Deno.test("learnOnce: what goes wrong is known as well", async () => {
  let times = 0;
  const ask = learnOnce(() => Promise.reject(new TypeError(`wrong ${++times}`)));
  await assert.rejects(ask(signal), /wrong 1/);
  await assert.rejects(ask(signal), /wrong 1/);
});

Deno.test("learnOnce: who waits for one that gave up learns for himself", async () => {
  const asked: AbortSignal[] = [];
  const ask = learnOnce((signal) => {
    asked.push(signal);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (asked.length === 2) resolve("found");
    return promise;
  });
  const first = new AbortController();
  const given = ask(first.signal);
  const waiting = ask(signal);
  first.abort(new Error("no time left"));
  await assert.rejects(given, /no time left/);
  assert.equal(await waiting, "found");
  assert.deepEqual(asked, [first.signal, signal]);
  await assert.rejects(ask(first.signal), /no time left/);
});

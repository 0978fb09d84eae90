import assert from "node:assert/strict";
import { CommandQueue } from "../../src/ftp/command_queue.ts";

const command = (verb: string) => ({ verb, argument: new Uint8Array() });

/** Whether `promise` is settled once every microtask of now has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let round = 0; round < 10; round++) await Promise.resolve();
  return settled;
}

/** Pushes until one push has to wait. */
async function fill(queue: CommandQueue): Promise<{ waiting: Promise<void> }> {
  for (let count = 0; count < 1000; count++) {
    const pushed = queue.push(command("NOOP"));
    if (!await isSettled(pushed)) return { waiting: pushed };
  }
  throw new Error("The queue takes everything");
}

Deno.test("CommandQueue is settled when a further command is asked for, and at its end", async () => {
  const queue = new CommandQueue();
  await queue.settled();
  await queue.push(command("A"));
  const settled = queue.settled();
  assert.deepEqual(await queue.next(), command("A"));
  assert.equal(await isSettled(settled), false, "A is being carried out");
  const next = queue.next();
  await settled;
  await queue.push(command("B"));
  await next;
  const ended = queue.settled();
  assert.equal(await isSettled(ended), false);
  queue.end();
  await ended;
});

Deno.test("CommandQueue gives commands out in their order, to one who waits as well", async () => {
  const queue = new CommandQueue();
  const first = queue.next();
  await queue.push(command("A"));
  await queue.push("too-long");
  assert.deepEqual(await first, command("A"));
  assert.equal(await queue.next(), "too-long");
  queue.end();
  assert.equal(await queue.next(), null);
});

Deno.test("CommandQueue holds back whoever pushes while it is full", async () => {
  const queue = new CommandQueue();
  const { waiting } = await fill(queue);
  assert.ok(await queue.next());
  await waiting;
});

Deno.test("CommandQueue gives out what waits after its end, and nothing that comes later", async () => {
  const queue = new CommandQueue();
  await queue.push(command("A"));
  queue.end();
  await queue.push(command("B"));
  assert.deepEqual(await queue.next(), command("A"));
  assert.equal(await queue.next(), null);
});

Deno.test("CommandQueue drops what waits when it is cleared, and lets go of whoever pushes", async () => {
  const queue = new CommandQueue();
  const { waiting } = await fill(queue);
  queue.clear();
  await waiting;
  assert.equal(await queue.next(), null);
});

Deno.test("CommandQueue leaves other sessions their turn between commands that were all there", async () => {
  const queue = new CommandQueue();
  for (let count = 0; count < 60; count++) await queue.push(command("NOOP"));
  let carriedOut = 0;
  const atTurn = new Promise<number>((resolve) => setTimeout(() => resolve(carriedOut), 0));
  for (; carriedOut < 60; carriedOut++) await queue.next();
  assert.ok(await atTurn < 10, `${await atTurn} commands came first`);
});

/** At once: networks wait for packets that never come, more than they compute. */
const AT_ONCE = 6;

/** Runs each of `works` to its end, some at once, and tells of them step by step, in order. */
export async function stepsSideBySide(
  t: Deno.TestContext,
  works: readonly { readonly name: string; readonly play: () => Promise<void> }[],
): Promise<void> {
  const results = works.map(() => Promise.withResolvers<void>());
  const queue = works.entries();
  const worker = async () => {
    for (const [index, { play }] of queue) {
      const { promise, resolve } = results[index]!;
      resolve(play());
      await promise.catch(() => {});
    }
  };
  for (let started = 0; started < AT_ONCE; started++) worker();
  for (const [index, { name }] of works.entries()) {
    // They run in all steps; the test as a whole leaks nothing.
    const sanitizers = { sanitizeOps: false, sanitizeResources: false };
    await t.step({ name, ...sanitizers, fn: () => results[index]!.promise });
  }
}

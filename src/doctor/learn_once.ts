/**
 * Finds out what several checks want to know once, for the first of them that asks; what `learn` throws is known then too. A signal ends
 * only the work of the one whose it is: who waited for that begins anew.
 */
export function learnOnce<T>(
  learn: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  let known: { readonly result: Promise<T>; readonly asker: AbortSignal } | undefined;
  return async (signal) => {
    for (;;) {
      signal.throwIfAborted();
      const current = known ??= { result: learn(signal), asker: signal };
      try {
        return await current.result;
      } catch (error) {
        if (!current.asker.aborted) throw error;
        if (known === current) known = undefined;
      }
    }
  };
}

import { listen } from "../../src/net/connection.ts";

/** Below the system's own range for outgoing connections, so that none of them is in the way. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/**
 * A range of ports on which nobody listens at the moment. Each call, and each test process, looks somewhere else.
 *
 * @throws Error when no such range is found.
 */
export function freePorts(count: number): { first: number; last: number } {
  for (let tries = 0; tries < 100; tries++) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count));
    try {
      using stack = new DisposableStack();
      for (let port = first; port < first + count; port++) {
        stack.use(listen({ hostname: "0.0.0.0", port }));
      }
      return { first, last: first + count - 1 };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`Cannot find ${count} free ports`);
}

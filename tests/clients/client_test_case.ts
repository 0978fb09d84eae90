import { type ClientOutput, runClient } from "./client_run.ts";
import type { Bucket } from "./bucket.ts";
import { Gateway, type Settings } from "./gateway.ts";
import { type Client, missingClients } from "./installed.ts";

/** A test that takes longer hangs. Milliseconds. */
const TIME_LIMIT = 120_000;

/**
 * Registers a test that needs clients. Where one is not installed it is ignored, and with `COSFTP_REQUIRE_CLIENTS=1` it
 * fails.
 *
 * @param body is given an empty directory, which is gone after the test.
 */
export function clientTest(
  options: { name: string; clients: readonly Client[] },
  body: (folder: string) => Promise<void>,
): void {
  const missing = missingClients(options.clients);
  Deno.test({
    name: options.name,
    ignore: missing.length > 0 && Deno.env.get("COSFTP_REQUIRE_CLIENTS") !== "1",
    async fn() {
      if (missing.length > 0) throw new Error(`Cannot test: ${missing.join(", ")}`);
      const folder = await Deno.makeTempDir({ prefix: "cosftp-client-" });
      try {
        await body(folder);
      } catch (error) {
        throw firstError(error);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** The error that came before those of the disposals that it led to. */
function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error;
}

/** What a test of a client against a gateway works with. */
export interface GatewayTest {
  /** Its own, started for this test. */
  readonly gateway: Gateway;
  /** An empty directory: the client's home and working directory. */
  readonly folder: string;
  /** Runs a client there. @throws when it does not end with `code` (default 0). */
  run(
    command: readonly [program: string, ...args: string[]],
    options?: { stdin?: string | Uint8Array; code?: number; env?: Record<string, string> },
  ): Promise<ClientOutput>;
}

/** Registers a test named after its client and `behaviour`. */
export type RegisterTest = (
  behaviour: string,
  body: (test: GatewayTest) => Promise<void>,
) => void;

/**
 * For tests that drive clients, each against a gateway of its own, whose log a failure shows.
 *
 * @param clients all that the tests need; they are named after the first.
 * @param settings of the gateway.
 */
export function gatewayTests(
  clients: Client | readonly [Client, ...Client[]],
  settings?: Settings | ((bucket: Bucket) => Settings),
): RegisterTest {
  const needed = [clients].flat();
  return (behaviour, body) =>
    clientTest({ name: `${needed[0]} ${behaviour}`, clients: needed }, async (folder) => {
      await using gateway = await Gateway.start(settings);
      const run: GatewayTest["run"] = (command, options) =>
        runClient(command, { home: folder, ...options });
      await gateway.explain(() => inTime(body({ gateway, folder, run })));
    });
}

/** Settles like `running`, or throws when that takes too long. */
async function inTime(running: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Cannot wait any longer: ${TIME_LIMIT / 1000} s have passed`)),
    TIME_LIMIT,
  );
  try {
    await Promise.race([running, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

import { type ClientOutput, runClient } from "./client_run.ts";
import { Gateway, type Settings } from "./gateway.ts";
import { type Client, missingClients } from "./installed.ts";

/** What a test with a real client works with. */
export interface ClientTest {
  /** Its own, started for this test. */
  readonly gateway: Gateway;
  /** An empty directory: the client's home and working directory, gone after the test. */
  readonly folder: string;
  /** Runs a client there. @throws when it does not end with `code` (default 0). */
  run(
    command: readonly [program: string, ...args: string[]],
    options?: { stdin?: string | Uint8Array; code?: number; env?: Record<string, string> },
  ): Promise<ClientOutput>;
}

/** Registers a test named after its client and `behaviour`. */
export type RegisterTest = (behaviour: string, body: (test: ClientTest) => Promise<void>) => void;

/**
 * For tests that drive real clients, each against a gateway of its own. Where a client is not installed its tests are
 * ignored, and with `COSFTP_REQUIRE_CLIENTS=1` they fail. A failure shows what the gateway logged.
 *
 * @param clients all that the tests need; they are named after the first.
 * @param settings of the gateway.
 */
export function clientTests(
  clients: Client | readonly [Client, ...Client[]],
  settings?: Settings,
): RegisterTest {
  const wanted = [clients].flat();
  const missing = missingClients(wanted);
  return (behaviour, body) =>
    Deno.test({
      name: `${wanted[0]} ${behaviour}`,
      ignore: missing.length > 0 && Deno.env.get("COSFTP_REQUIRE_CLIENTS") !== "1",
      async fn() {
        if (missing.length > 0) throw new Error(`Cannot test: ${missing.join(", ")}`);
        const folder = await Deno.makeTempDir({ prefix: "cosftp-client-" });
        try {
          await using gateway = await Gateway.start(settings);
          await gateway.explain(() =>
            body({
              gateway,
              folder,
              run: (command, options) => runClient(command, { home: folder, ...options }),
            })
          );
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
      },
    });
}

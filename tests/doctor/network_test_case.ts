import { whyNoNetworks } from "./permitted.ts";

/**
 * Registers a test that needs network namespaces. Where there are none it is ignored, and with `COSFTP_REQUIRE_CLIENTS=1` it
 * fails.
 *
 * @param missing why it cannot run for another reason; an optional one is none to fail.
 */
export function networkTest(
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
  missing?: string | { readonly optional: string | undefined },
): void {
  const optional = typeof missing === "object" ? missing.optional : undefined;
  const reason = whyNoNetworks() ?? optional ?? (typeof missing === "string" ? missing : undefined);
  const isRequired = Deno.env.get("COSFTP_REQUIRE_CLIENTS") === "1" && reason !== optional;
  Deno.test({
    name,
    ignore: reason !== undefined && !isRequired,
    async fn(t) {
      if (reason !== undefined) throw new Error(`Cannot test: ${reason}`);
      await fn(t);
    },
  });
}

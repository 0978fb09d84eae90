import { runClient } from "./client_run.ts";
import type { Gateway } from "./gateway.ts";

/** The connections and passive listeners that a gateway has open towards clients, as `ss` (iproute2) shows them. */
export async function openSockets(gateway: Gateway): Promise<string[]> {
  const { stdout } = await runClient(["ss", "-Htanp"], { home: "/" });
  const { port, passivePorts: { first, last } } = gateway;
  return stdout.split("\n").filter((line) => {
    if (!line.includes(`pid=${gateway.process.pid},`)) return false;
    const [state, , , local = ""] = line.split(/\s+/);
    const own = Number(local.slice(local.lastIndexOf(":") + 1));
    return (own === port && state !== "LISTEN") || (own >= first && own <= last);
  });
}

import { once } from "node:events";
import { createConnection } from "node:net";

/** Connects to a local port from an address other than the one that Deno.connect would use, until it is closed there. */
export async function intrude(port: number): Promise<"closed" | "reset"> {
  // Deno's own connect cannot choose the local address.
  const socket = createConnection({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
  const failed = once(socket, "error").then(() => "reset" as const);
  const closed = once(socket, "end").then(() => "closed" as const);
  socket.resume();
  const outcome = await Promise.race([closed, failed]);
  failed.catch(() => {});
  closed.catch(() => {});
  socket.destroy();
  await once(socket, "close");
  return outcome;
}

import { formatAddress, listen, type Listener, type SocketAddress } from "../net/connection.ts";
import { StartError } from "./start_error.ts";

/** @throws {StartError} that says how to mend it. */
export function openListener(address: SocketAddress): Listener {
  try {
    return listen(address);
  } catch (cause) {
    const where = formatAddress(address);
    throw new StartError(`Cannot listen on ${where}: ${listenProblem(cause)}`, { cause });
  }
}

function listenProblem(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "the port is taken, stop the other program or choose another port with --listen";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address, use 0.0.0.0 for all of its addresses";
  }
  return (error as Error).message;
}

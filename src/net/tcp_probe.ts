import type { SocketAddress } from "./connection.ts";
import type { IcmpMessage } from "./icmp_message.ts";
import type { Libc } from "./libc.ts";
import { NativeSocket, SOCK_STREAM, versionOf } from "./native_socket.ts";

/** What became of a TCP connection attempt. */
export interface ProbeResult {
  /** `ECONNREFUSED`; `ETIMEDOUT` when nothing came back in time; undefined when the port is open. */
  readonly errno: string | undefined;
  /** Milliseconds. */
  readonly elapsed: number;
  /** The ICMP message that ended the attempt. */
  readonly icmp: IcmpMessage | undefined;
}

/**
 * Opens a TCP connection and closes it at once. Unlike `Deno.connect` it tells which ICMP message, if any, ended the attempt.
 *
 * @param options.timeout milliseconds.
 * @throws the signal's reason.
 */
export async function probeTcp(libc: Libc, options: {
  address: SocketAddress;
  timeout: number;
  signal: AbortSignal;
}): Promise<ProbeResult> {
  const { address, timeout, signal } = options;
  const version = versionOf(address.hostname);
  using socket = new NativeSocket(libc, { version, type: SOCK_STREAM, protocol: 0 });
  const start = performance.now();
  const result = (errno: string | undefined): ProbeResult => ({
    errno,
    elapsed: performance.now() - start,
    icmp: socket.takeIcmp()?.message,
  });
  const answer = socket.connect(address);
  if (answer !== "EINPROGRESS") return result(answer);
  const isDone = await socket.ready({ for: "writing", milliseconds: timeout, signal });
  return result(isDone ? socket.takeError() : "ETIMEDOUT");
}

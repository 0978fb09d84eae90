import { systemClock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { formatAddress, type SocketAddress } from "../net/connection.ts";
import { selfSignedCertificate } from "../net/self_signed.ts";
import { createLogger } from "../telemetry/log.ts";
import { openEmulator } from "./emulator.ts";
import { serve } from "./serve.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Runs the gateway on an embedded COS server of its own.
 *
 * @param options.dir where the bucket is kept; undefined: in memory.
 * @param options.tls whether it offers TLS, with a certificate made for this run.
 * @param options.configure makes the configuration, given where the embedded server listens and its keys.
 * @throws {StartError} when it cannot start.
 */
export async function serveDemo(options: {
  bucket: string;
  dir: string | undefined;
  tls: boolean;
  configure: (cos: { endpoint: string; secretId: string; secretKey: string }) => Config;
  surroundings: Surroundings;
  onReady: (address: SocketAddress) => void;
}): Promise<void> {
  const { bucket, dir, tls, configure, surroundings, onReady } = options;
  // Nobody but this process is to use it, although it listens on loopback.
  const keys = { secretId: crypto.randomUUID(), secretKey: crypto.randomUUID() };
  const log = createLogger({
    level: "WARNING",
    sinks: [{ write: (line) => surroundings.err(line) }],
    clock: systemClock,
  });
  await using emulator = await openEmulator({
    listen: { hostname: "127.0.0.1", port: 0 },
    buckets: [bucket],
    ...keys,
    dataDir: dir,
    latency: 0,
    log,
  });
  const config = configure({ endpoint: formatAddress(emulator.address), ...keys });
  const certificate = tls
    ? await selfSignedCertificate({
      names: ["localhost", "127.0.0.1"],
      now: systemClock.now(),
      days: 30,
    })
    : undefined;
  await serve({
    config,
    surroundings,
    writesFiles: dir !== undefined,
    certificate,
    onReady,
  });
}

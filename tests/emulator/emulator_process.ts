import { systemClock } from "../../src/clock.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { listen } from "../../src/net/connection.ts";
import { MemoryLog } from "../memory_log.ts";
import { BUCKET, KEYS } from "./running.ts";

// A process of its own, for tests that kill it: keeps its data in the directory of its argument, prints its port.
const emulator = await startEmulator({
  listener: listen({ hostname: "127.0.0.1", port: 0 }),
  buckets: [BUCKET],
  credentials: [KEYS],
  dataDir: Deno.args[0]!,
  clock: systemClock,
  logger: new MemoryLog(),
});
await Deno.stdout.write(new TextEncoder().encode(`${emulator.address.port}\n`));

// Run by log_file_test.ts in a process whose files may not grow beyond 1024 bytes: `full_disk.ts DIRECTORY truncate|remove`. Prints
// what it says of it.
import { createLogger } from "../../src/telemetry/log.ts";
import { LogFile } from "../../src/telemetry/log_file.ts";
import { FakeClock } from "../fake_clock.ts";

const clock = new FakeClock();
const print = (line: string) => {
  Deno.stdout.writeSync(new TextEncoder().encode(line));
};
using file = new LogFile({
  directory: Deno.args[0]!,
  rotateSize: 0,
  backupCount: 0,
  clock,
  trouble: createLogger({ level: "INFO", sinks: [{ write: print }], clock }),
});
for (let n = 0; n < 12; n++) file.write(`${"x".repeat(99)}\n`);
if (Deno.args[1] === "remove") Deno.removeSync(file.path);
else Deno.truncateSync(file.path, 1005);
clock.advance(1_000);
file.write("kept\n");

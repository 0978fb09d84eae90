/** What `deno task fuzz` runs: many generated sessions, and which verbs they sent in which states. */
import { Command } from "commander";
import { Coverage } from "./coverage.ts";
import type { FuzzOrder, FuzzReport } from "./fuzz_worker.ts";

interface Options {
  readonly seed: number;
  readonly sessions: number;
  readonly first: number;
  readonly lanes: number;
  readonly threads: number;
}

function print(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}

async function run({ seed, sessions, first, lanes, threads }: Options): Promise<void> {
  print(Deno.stderr, `Seed ${seed}, ${sessions} sessions\n`);
  const begun = performance.now();
  const every = Math.max(1, Math.floor(sessions / 20));
  const coverage = new Coverage();
  let played = 0;
  const onReport = (report: FuzzReport) => {
    if (report.kind === "violation") {
      print(Deno.stderr, `${report.text}\nLooking for the shortest\n`);
    } else if (report.kind === "done") {
      coverage.addAll(report.coverage);
    } else if (++played % every === 0) {
      const seconds = (performance.now() - begun) / 1000;
      print(Deno.stderr, `${played} sessions, ${(played / seconds).toFixed(0)} a second\n`);
    }
  };
  const orders = ordersOf({ seed, sessions, first, lanes }, Math.min(threads, sessions));
  const finding = await playAll(orders, onReport);
  print(Deno.stdout, coverage.table());
  print(Deno.stdout, `${played} sessions of seed ${seed} without a fault\n`);
  if (finding === undefined) return;
  print(Deno.stdout, finding);
  Deno.exitCode = 1;
}

/** As many sessions for each thread. */
function ordersOf(all: Required<FuzzOrder>, threads: number): FuzzOrder[] {
  const startOf = (thread: number) => Math.floor(all.sessions * thread / threads);
  return Array.from({ length: threads }, (_, thread) => ({
    ...all,
    first: all.first + startOf(thread),
    sessions: startOf(thread + 1) - startOf(thread),
  }));
}

/** Has each order carried out by a thread of its own. @returns the first fault that is found, which ends all of them. */
async function playAll(
  orders: readonly FuzzOrder[],
  onReport: (report: FuzzReport) => void,
): Promise<string | undefined> {
  const workers: Worker[] = [];
  const { promise: found, resolve, reject } = Promise.withResolvers<string>();
  const done = orders.map((order) =>
    new Promise<void>((finish) => {
      const worker = new Worker(new URL("fuzz_worker.ts", import.meta.url), { type: "module" });
      workers.push(worker);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data: report }: MessageEvent<FuzzReport>) => {
        onReport(report);
        if (report.kind !== "done") return;
        if (report.finding === undefined) finish();
        else resolve(report.finding);
      };
      worker.postMessage(order);
    })
  );
  try {
    return await Promise.race([found, Promise.all(done).then(() => undefined)]);
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

await new Command("fuzz")
  .description("Plays generated FTP sessions, and ends with the first that shows a fault.")
  .option("--seed <number>", "what the sessions are made of", Number, Date.now() % 2 ** 31)
  .option("--sessions <number>", "how many", Number, 200_000)
  .option("--first <number>", "the index of the first", Number, 0)
  .option("--lanes <number>", "how many gateways of either kind a thread plays with", Number, 6)
  .option("--threads <number>", "how many threads", Number, navigator.hardwareConcurrency)
  .action(run)
  .parseAsync(["", "", ...Deno.args]);

/** What `deno task fuzz` runs: many generated sessions, and which verbs they sent in which states. */
import { Command } from "commander";
import { describeFinding, fuzz } from "./fuzzer.ts";

interface Options {
  readonly seed: number;
  readonly sessions: number;
  readonly first: number;
  readonly lanes: number;
}

function print(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}

async function run(options: Options): Promise<void> {
  const { seed, sessions } = options;
  print(Deno.stderr, `Seed ${seed}, ${sessions} sessions\n`);
  const begun = performance.now();
  const every = Math.max(1, Math.floor(sessions / 20));
  const { played, coverage, finding } = await fuzz({
    ...options,
    onSession: (played) => {
      if (played % every > 0) return;
      const seconds = (performance.now() - begun) / 1000;
      print(Deno.stderr, `${played} sessions, ${(played / seconds).toFixed(0)} a second\n`);
    },
    onViolation: (index, { message }) =>
      print(
        Deno.stderr,
        `Session ${index} of seed ${seed}: ${message}\nLooking for the shortest\n`,
      ),
  });
  print(Deno.stdout, coverage.table());
  print(Deno.stdout, `${played} sessions of seed ${seed} without a fault\n`);
  if (!finding) return;
  print(Deno.stdout, describeFinding(finding));
  Deno.exitCode = 1;
}

await new Command("fuzz")
  .description("Plays generated FTP sessions, and ends with the first that shows a fault.")
  .option("--seed <number>", "what the sessions are made of", Number, Date.now() % 2 ** 31)
  .option("--sessions <number>", "how many", Number, 200_000)
  .option("--first <number>", "the index of the first", Number, 0)
  .option("--lanes <number>", "how many gateways of either kind play at the same time", Number, 6)
  .action(run)
  .parseAsync(["", "", ...Deno.args]);

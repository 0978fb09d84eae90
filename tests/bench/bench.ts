/** What `deno task bench` runs: every measurement of every contestant, and one table of what came of it. */
import { Command } from "commander";
import { measureCeiling } from "./ceiling.ts";
import {
  type Contestant,
  type ContestantName,
  cosftpProgram,
  type CosftpSettings,
  startCosftp,
  startFtpSrv,
  startPyftpdlib,
} from "./contestants.ts";
import { type Figure, rowsOf } from "./figures.ts";
import { type Measurement, MEASUREMENTS } from "./measurements.ts";
import { renderTable, type Report } from "./report.ts";
import { StoreProcess } from "./store_process.ts";
import { sharesOf, verdictsOf } from "./wanted.ts";

const LATENCIES = [0, 20];

interface Options {
  readonly only?: string[];
  readonly rounds: number;
  readonly json?: boolean;
  readonly crc64: boolean;
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

function start(
  name: ContestantName,
  { store, settings }: { store: StoreProcess; settings?: CosftpSettings },
): Promise<Contestant> {
  switch (name) {
    case "cosftp":
      return startCosftp(store, settings);
    case "pyftpdlib":
      return startPyftpdlib();
    case "ftp-srv":
      return startFtpSrv(store);
  }
}

/** Measures one contestant, at COS's latencies where it has a store. What fails is told and left out. */
async function measure(
  measurement: Measurement,
  name: ContestantName,
  store: StoreProcess,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  try {
    await using contestant = await start(name, { ...measurement, store });
    for (const latency of name === "pyftpdlib" ? [0] : measurement.latencies) {
      await store.setLatency(latency);
      const findings = await measurement.measure({ contestant, store, latency });
      figures.push(...findings.map((finding) => ({ ...finding, latency, who: name })));
    }
  } catch (error) {
    say(`${measurement.name}, ${name}: ${(error as Error).message}`);
  }
  return figures;
}

async function measureAll({ only, rounds, crc64 }: Options): Promise<Figure[]> {
  const wanted = (name: string) => only === undefined || only.includes(name);
  const figures: Figure[] = [];
  await using store = await StoreProcess.start({ checksums: crc64 });
  for (let round = 1; round <= rounds; round++) {
    for (const measurement of MEASUREMENTS.filter(({ name }) => wanted(name))) {
      for (const name of measurement.contestants) {
        say(`Round ${round} of ${rounds}: ${measurement.name}, ${name}`);
        figures.push(...await measure(measurement, name, store));
      }
    }
    if (!wanted("ceiling")) continue;
    say(`Round ${round} of ${rounds}: ceiling`);
    for (const latency of LATENCIES) {
      await store.setLatency(latency);
      const findings = await measureCeiling(store, latency);
      figures.push(
        ...findings.map((finding) => ({ ...finding, latency, who: "ceiling" as const })),
      );
    }
  }
  return figures;
}

async function bench(options: Options): Promise<void> {
  const rows = rowsOf(await measureAll(options));
  const report: Report = {
    cosftp: cosftpProgram().title,
    deno: Deno.version.deno,
    processors: navigator.hardwareConcurrency,
    rounds: options.rounds,
    storeChecksums: options.crc64,
    rows,
    shares: sharesOf(rows),
    verdicts: verdictsOf(rows),
  };
  const text = options.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderTable(report);
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

const names = [...MEASUREMENTS.map(({ name }) => name), "ceiling"];

await new Command("bench")
  .description("Measures cosftp, pyftpdlib and npm:ftp-srv in one run, and prints one table.")
  .option("--only <names>", `some of ${names.join(", ")}`, (text) => {
    const chosen = text.split(",");
    const unknown = chosen.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new TypeError(`Cannot measure "${unknown}": wanted ${names}`);
    return chosen;
  })
  .option("--rounds <number>", "the figures are medians of so many", Number, 5)
  .option("--json", "one JSON document in place of the table")
  .option("--no-crc64", "the store answers without checksums")
  .action(bench)
  .parseAsync(["", "", ...Deno.args]);

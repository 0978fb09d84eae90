import { ATTACK_NAMES, ATTACK_TITLES } from "./attacks.ts";
import {
  ACCOUNT,
  type Contestant,
  type ContestantName,
  type CosftpSettings,
} from "./contestants.ts";
import { type Figure, percentile } from "./figures.ts";
import type { Job, Outcome } from "./load.ts";
import { NoopSession } from "./noop_session.ts";
import { denoCommand, runToEnd, ServerProcess } from "./server_process.ts";
import type { StoreProcess } from "./store_process.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const SMALL = 1024;

/** A figure of one server, without what it was measured under. */
export type Finding = Pick<Figure, "id" | "title" | "unit" | "value">;

/** What is measured, and under what. */
export interface Subject {
  readonly contestant: Contestant;
  readonly store: StoreProcess;
  /** Of COS. Milliseconds. */
  readonly latency: number;
}

/** One kind of load. */
export interface Measurement {
  /** For `--only`. */
  readonly name: string;
  readonly contestants: readonly ContestantName[];
  readonly latencies: readonly number[];
  /** Of cosftp. */
  readonly settings?: CosftpSettings;
  measure(subject: Subject): Promise<Finding[]>;
}

export const MEASUREMENTS: readonly Measurement[] = [
  {
    name: "large",
    contestants: ["cosftp", "pyftpdlib", "ftp-srv"],
    latencies: [0, 20],
    measure: large,
  },
  {
    name: "small",
    contestants: ["cosftp", "pyftpdlib", "ftp-srv"],
    latencies: [0, 20],
    measure: small,
  },
  {
    name: "list",
    contestants: ["cosftp", "pyftpdlib", "ftp-srv"],
    latencies: [0, 20],
    measure: list,
  },
  { name: "noop", contestants: ["cosftp", "pyftpdlib"], latencies: [0, 20], measure: noop },
  { name: "million", contestants: ["cosftp"], latencies: [0], measure: million },
  {
    name: "crowd",
    contestants: ["cosftp"],
    latencies: [0],
    settings: { uploadMemory: "256MiB" },
    measure: crowd,
  },
  { name: "giant", contestants: ["cosftp"], latencies: [0], measure: giant },
  {
    name: "attack",
    contestants: ["cosftp"],
    latencies: [0],
    settings: { isExposed: true },
    measure: attack,
  },
];

async function large(subject: Subject): Promise<Finding[]> {
  const upload = { verb: "STOR", path: "large-#", size: GIB } as const;
  const download = { verb: "RETR", path: `zeros/${GIB}/#` } as const;
  await load(subject, { ...upload, size: GIB / 8 });
  const up = await costed(subject, upload);
  await load(subject, { ...download, path: `zeros/${GIB / 8}/#` });
  const down = await costed(subject, download);
  return [
    { id: "upload-rate", title: "1 GiB up", unit: "MiB/s", value: rate(up.outcome) },
    { id: "upload-cpu", title: "1 GiB up, CPU", unit: "s/GiB", value: up.processorSeconds },
    { id: "upload-memory", title: "1 GiB up, peak memory", unit: "MiB", value: up.peakMemory },
    { id: "upload-tail", title: "1 GiB up, EOF to 226", unit: "ms", value: up.outcome.tail },
    { id: "download-rate", title: "1 GiB down", unit: "MiB/s", value: rate(down.outcome) },
    { id: "download-cpu", title: "1 GiB down, CPU", unit: "s/GiB", value: down.processorSeconds },
    {
      id: "download-memory",
      title: "1 GiB down, peak memory",
      unit: "MiB",
      value: down.peakMemory,
    },
  ];
}

async function small(subject: Subject): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const sessions of [1, 10]) {
    for (const direction of ["up", "down"] as const) {
      const job = direction === "up"
        ? { verb: "STOR", path: "small-#", size: SMALL, sessions } as const
        : { verb: "RETR", path: `zeros/${SMALL}/#`, sessions } as const;
      await load(subject, { ...job, transfers: 10 * sessions });
      await subject.store.takeCounts();
      const outcome = await load(subject, { ...job, transfers: smallFiles(subject, sessions) });
      const counts = Object.values(await subject.store.takeCounts());
      const title = `1 KiB files ${direction}, ${sessions} session${sessions > 1 ? "s" : ""}`;
      const value = outcome.transfers / outcome.seconds;
      findings.push({ id: `small-${direction}-${sessions}`, title, unit: "files/s", value });
      if (sessions > 1 || subject.contestant.name === "pyftpdlib") continue;
      findings.push({
        id: `small-${direction}-requests`,
        title: `1 KiB file ${direction}, requests to COS`,
        unit: "requests/file",
        value: counts.reduce((sum, count) => sum + count, 0) / outcome.transfers,
      });
    }
  }
  return findings;
}

/** Enough for a rate that settles, no more than fit into a few seconds. */
function smallFiles({ contestant, latency }: Subject, sessions: number): number {
  if (contestant.name === "ftp-srv") return 30 * sessions;
  return latency > 0 && sessions === 1 ? 200 : 1000;
}

async function list(subject: Subject): Promise<Finding[]> {
  const findings: Finding[] = [];
  await load(subject, { verb: "LIST", path: "list/10000" });
  for (const verb of ["LIST", "MLSD", "NLST"] as const) {
    if (verb === "MLSD" && subject.contestant.name === "ftp-srv") continue; // has none
    const { seconds } = await load(subject, { verb, path: "list/10000" });
    const id = `${verb.toLowerCase()}-10000`;
    findings.push({ id, title: `${verb} of 10,000`, unit: "s", value: seconds });
  }
  return findings;
}

/** What an idle session feels of another one's load. */
async function noop(subject: Subject): Promise<Finding[]> {
  const small = { sessions: 10, transfers: 1000 };
  const loads = [
    { id: "up", title: "1 GiB up", verb: "STOR", path: "noop-#", size: GIB },
    { id: "down", title: "1 GiB down", verb: "RETR", path: `zeros/${GIB}/#` },
    {
      id: "small",
      title: "small files up",
      verb: "STOR",
      path: "noop-small-#",
      size: SMALL,
      ...small,
    },
    { id: "list", title: "LIST of 10,000", verb: "LIST", path: "list/10000", transfers: 10 },
  ] as const;
  const findings: Finding[] = [];
  for (const { id, title, ...job } of loads) {
    await using idle = NoopSession.start(subject.contestant.process.port);
    await load(subject, job);
    const waits = await idle.end();
    findings.push({
      id: `noop-${id}`,
      title: `NOOP during ${title}, p95`,
      unit: "ms",
      value: percentile(waits, 0.95),
    });
  }
  return findings;
}

async function million(subject: Subject): Promise<Finding[]> {
  const { outcome, peakMemory } = await costed(subject, { verb: "LIST", path: "list/1000000" });
  if (outcome.bytes < 1_000_000 * 60) {
    throw new Error(`The listing has only ${outcome.bytes} bytes`);
  }
  return [
    {
      id: "million-first",
      title: "LIST of 1,000,000, first byte",
      unit: "ms",
      value: outcome.firstByte,
    },
    { id: "million-seconds", title: "LIST of 1,000,000", unit: "s", value: outcome.seconds },
    {
      id: "million-memory",
      title: "LIST of 1,000,000, peak memory",
      unit: "MiB",
      value: peakMemory,
    },
  ];
}

/** 100 uploads of 64 MiB at once, in a budget of 256 MiB. */
async function crowd(subject: Subject): Promise<Finding[]> {
  const job = {
    verb: "STOR",
    path: "crowd-#",
    sessions: 100,
    transfers: 100,
    size: 64 * MIB,
  } as const;
  const { outcome, peakMemory } = await costed(subject, job);
  const sizes = await subject.store.sizes("crowd-");
  return [
    {
      id: "crowd-arrived",
      title: "100 uploads of 64 MiB, arrived",
      unit: "files",
      value: Math.min(outcome.transfers, sizes[64 * MIB] ?? 0),
    },
    { id: "crowd-rate", title: "100 uploads of 64 MiB", unit: "MiB/s", value: rate(outcome) },
    {
      id: "crowd-memory",
      title: "100 uploads of 64 MiB, peak memory",
      unit: "MiB",
      value: peakMemory,
    },
  ];
}

async function giant(subject: Subject): Promise<Finding[]> {
  const job = { verb: "STOR", path: "giant-#", size: 10 * GIB } as const;
  const { outcome, peakMemory } = await costed(subject, job);
  return [
    { id: "giant-rate", title: "10 GiB up", unit: "MiB/s", value: rate(outcome) },
    { id: "giant-memory", title: "10 GiB up, peak memory", unit: "MiB", value: peakMemory },
    { id: "giant-tail", title: "10 GiB up, EOF to 226", unit: "ms", value: outcome.tail },
  ];
}

/** What others feel of attacks, who come from another address. */
async function attack(subject: Subject): Promise<Finding[]> {
  const { port } = subject.contestant.process;
  const findings = await underAttack(subject, "quiet", "no attack");
  for (const name of ATTACK_NAMES) {
    const attacker = denoCommand("attacker.ts", name, `${port}`);
    await using _process = await ServerProcess.start(attacker, { ready: /^ready (\d+)$/m });
    findings.push(...await underAttack(subject, name, ATTACK_TITLES[name]));
  }
  return findings;
}

async function underAttack(subject: Subject, id: string, title: string): Promise<Finding[]> {
  await using idle = NoopSession.start(subject.contestant.process.port);
  const job = { verb: "STOR", path: `${id}-#`, size: SMALL, transfers: 1000, seconds: 10 } as const;
  const { transfers, seconds } = await load(subject, job);
  const waits = await idle.end();
  const noop = (name: string, share: number): Finding => ({
    id: `attack-${id}-noop-${name}`,
    title: `${title}: NOOP, ${name}`,
    unit: "ms",
    value: percentile(waits, share),
  });
  const rate = transfers / seconds;
  return [
    noop("median", 0.5),
    noop("p95", 0.95),
    { id: `attack-${id}-small`, title: `${title}: 1 KiB files up`, unit: "files/s", value: rate },
  ];
}

type Load = Omit<Job, "port" | "user" | "password" | "sessions" | "transfers"> & {
  /** @default 1 */
  readonly sessions?: number;
  /** @default 1 */
  readonly transfers?: number;
};

/**
 * Puts a load on a server. Transfers that fail do not count for its rate; ftp-srv refuses one now and then.
 *
 * @throws Error when it is cosftp that refuses one.
 */
async function load({ contestant }: Subject, load: Load): Promise<Outcome> {
  const { port } = contestant.process;
  const job: Job = { sessions: 1, transfers: 1, ...load, ...ACCOUNT, port };
  const outcome: Outcome = JSON.parse(
    await runToEnd(denoCommand("ftp_load.ts", JSON.stringify(job))),
  );
  if (outcome.failures.length === 0 || contestant.name !== "cosftp") return outcome;
  throw new Error(
    `${outcome.failures.length} of ${job.transfers} ${job.verb} failed: ${outcome.failures[0]}`,
  );
}

/** Puts a load on a server and measures what it costs it. */
async function costed(subject: Subject, job: Load) {
  const { process } = subject.contestant;
  await process.forgetPeak();
  const before = await process.processorSeconds();
  const outcome = await load(subject, job);
  const processorSeconds = await process.processorSeconds() - before;
  return { outcome, processorSeconds, peakMemory: await process.peakMemory() };
}

function rate({ bytes, seconds }: Outcome): number {
  return bytes / MIB / seconds;
}

import { COMMANDS } from "../../src/ftp/commands/table.ts";
import { anyArgument, fittingArgument } from "./argument_shapes.ts";
import { below, pick, type Random, sessionRandom } from "./random.ts";
import {
  type DataBehaviour,
  type InterruptedUpload,
  lineText,
  type PlannedLine,
  type PlannedStep,
  type SessionPlan,
  type SessionState,
  STATES,
  WHOLE,
} from "./session_plan.ts";

/** Every verb of the table, one of the RFCs that is not carried out, and some of nobody's. */
export const VERBS: readonly string[] = [...COMMANDS.keys(), "LANG", "XYZZY", ""];

const TRANSFERS = ["STOR", "STOR", "STOR", "APPE", "STOU", "RETR", "RETR", "LIST", "NLST", "MLSD"];
const TELNET = ["\xff\xf4\xff\xf2", "\xff\xf4\xf2", "\xf2", "\xff\xfb\x01", "\xff\xfd\x18\xff\xf1"];

const MIB = 1024 ** 2;

/** Uploads of more than one part are rare where none are kept: the point is in the protocol. */
export const LONG_UPLOADS: readonly number[] = [MIB + 4097, 2 * MIB + 11, 2 * MIB];

/** Half of the sessions are played where interrupted uploads are kept: in turns, each with every pair of verb and state. */
export function interruptedUpload(index: number): InterruptedUpload {
  return Math.floor(index / (VERBS.length * STATES.length)) % 2 === 0 ? "discard" : "resume";
}

/** In so many of them uploads of more than one part are interrupted, which takes ten times as long as the rest. */
const INTERRUPTED = 0.15;

/**
 * Session `index` of `seed`. It brings about a state and sends a verb in it; which of both is given by the index, so that
 * as many sessions as there are pairs reach all of them. Then it goes on at random.
 */
export function generateSession(seed: number, index: number): SessionPlan {
  const random = sessionRandom(seed, index);
  const verb = VERBS[index % VERBS.length]!;
  const state = STATES[Math.floor(index / VERBS.length) % STATES.length]!;
  const steps = bringAbout(random, state, anyLine(random, verb));
  const interrupted = interruptedUpload(index);
  if (interrupted === "resume" && random() < INTERRUPTED) steps.push(...interruptions(random));
  for (let left = below(random, 5); left > 0; left--) steps.push(...anySteps(random));
  return { interrupted, steps };
}

/** Uploads that break off, and how their client goes on with some of them. */
function interruptions(random: Random): PlannedStep[] {
  const steps = login(random);
  for (let left = 1 + below(random, 3); left > 0; left--) {
    const path = pick(random, ["up", "up", "a.txt", "dir/up"]);
    steps.push(step(["TYPE I"]), prepareAny(random), upload(random, "STOR", path));
    if (random() < 0.3) steps.push(...anySteps(random));
    if (random() < 0.7) steps.push(step(["TYPE I"]), ...goOn(random, path));
  }
  return steps;
}

function goOn(random: Random, path: string): PlannedStep[] {
  const prepare = prepareAny(random);
  const ask = step([`SIZE ${path}`]);
  return random() < 0.4 ? [ask, prepare, upload(random, "APPE", path)] : [
    ask,
    step([`REST ${random() < 0.8 ? "{kept}" : "13"}`]),
    prepare,
    upload(random, "STOR", path),
  ];
}

/** An upload of more than one part, which is broken off more often than not. */
function upload(random: Random, verb: string, argument: string): PlannedStep {
  const size = pick(random, LONG_UPLOADS);
  const how = pick(random, ["whole", "whole", "whole", "cut", "stall", "lost"] as const);
  const during = how === "whole" && random() < 0.7 ? [{ verb: "ABOR" }] : [];
  return {
    lines: [{ verb, argument }],
    cuts: [],
    data: { how, size, early: false, arrives: random() < 0.8, during },
  };
}

/** Steps to `state`, the last of which sends `line` there. */
function bringAbout(random: Random, state: SessionState, line: PlannedLine): PlannedStep[] {
  const target = oneLine(random, line);
  switch (state) {
    case "before login":
      return [target];
    case "after USER":
      return [step(["USER alice"]), target];
    case "logged in":
      return [...login(random), target];
    case "after REST":
      return [...login(random), step([`REST ${pick(random, ["0", "3", "13", "99"])}`]), target];
    case "after RNFR":
      return [...login(random), step([`RNFR ${pick(random, ["a.txt", "dir"])}`]), target];
    case "passive":
      return [...login(random), step([pick(random, ["PASV", "EPSV"])]), target];
    case "active":
      return [...login(random), prepareActive(random), target];
    case "transfer": {
      const data = anyData(random);
      const during = [line, ...random() < 0.4 ? [anyLine(random, anyVerb(random))] : []];
      const how = pick(random, ["whole", "whole", "half-close", "cut"] as const);
      return [
        ...login(random),
        prepareAny(random),
        { ...step([`STOR ${pick(random, ["up", "a.txt"])}`]), data: { ...data, how, during } },
      ];
    }
    case "after ABOR":
      return [
        ...login(random),
        ...random() < 0.5 ? [prepareAny(random)] : [],
        { ...step([]), lines: [{ verb: "ABOR", ...telnet(random) }] },
        target,
      ];
    case "behind AUTH":
      return [{ ...step([]), lines: [{ verb: "AUTH", argument: "TLS" }, line] }];
    case "under TLS": {
      const inside = random() < 0.5
        ? [step(["PBSZ 0", "PROT P"]), step(["USER alice", "PASS secret"])]
        : [];
      return [step([`AUTH ${pick(random, ["TLS", "TLS-C", "SSL"])}`]), ...inside, target];
    }
    case "after QUIT":
      return [...random() < 0.5 ? login(random) : [], {
        ...step(["QUIT"]),
        lines: [{ verb: "QUIT" }, line],
      }];
  }
}

function anySteps(random: Random): PlannedStep[] {
  const dice = random();
  if (dice < 0.35) {
    const verb = pick(random, TRANSFERS);
    const argument = random() < 0.8 ? fittingArgument(random, verb) : anyArgument(random, verb);
    const begin = { ...oneLine(random, { verb, argument }), data: anyData(random) };
    return random() < 0.8 ? [prepareAny(random), begin] : [begin];
  }
  if (dice < 0.45) {
    return [
      step([`RNFR ${pick(random, ["a.txt", "dir", "up"])}`]),
      oneLine(random, { verb: "RNTO", argument: anyArgument(random, "RNTO") }),
    ];
  }
  if (dice < 0.55) return login(random);
  const lines = Array.from(
    { length: random() < 0.6 ? 1 : 2 + below(random, 6) },
    () => anyLine(random, anyVerb(random)),
  );
  return [cutted(random, { ...step([]), lines, data: anyData(random) })];
}

/** A few ways of logging in, most of them pipelined. */
function login(random: Random): PlannedStep[] {
  const type = random() < 0.8 ? ["TYPE I"] : [];
  return random() < 0.7
    ? [step(["USER alice", "PASS secret", ...type])]
    : [step(["USER alice"]), step(["PASS secret", ...type])];
}

function prepareAny(random: Random): PlannedStep {
  return random() < 0.7 ? step([pick(random, ["PASV", "EPSV"])]) : prepareActive(random);
}

function prepareActive(random: Random): PlannedStep {
  return step([pick(random, ["PORT {hostport}", "EPRT {extended}"])]);
}

function anyData(random: Random): DataBehaviour {
  const how = random() < 0.7
    ? pick(random, ["whole", "whole", "whole", "half-close", "cut", "reset"] as const)
    : random() < 0.7
    ? "whole"
    : pick(random, ["stall", "never", "lost"] as const);
  const size = random() < 0.01 ? LONG_UPLOADS[0]! : pick(random, [0, 1, 40, 40, 1000, 5000]);
  const during = random() < 0.75
    ? []
    : Array.from({ length: 1 + below(random, 3) }, () => anyLine(random, anyInterruption(random)));
  return { how, size, early: random() < 0.5, during };
}

function anyInterruption(random: Random): string {
  return random() < 0.6 ? pick(random, ["ABOR", "STAT", "NOOP"]) : anyVerb(random);
}

/** AUTH and QUIT, which change or end everything, less often than the others. */
function anyVerb(random: Random): string {
  const verb = pick(random, VERBS);
  return (verb === "AUTH" || verb === "QUIT") && random() < 0.7 ? "NOOP" : verb;
}

function anyLine(random: Random, verb: string): PlannedLine {
  const argument = anyArgument(random, verb);
  const spelt = random() < 0.9
    ? verb
    : pick(random, [verb.toLowerCase(), verb.slice(0, 1) + verb.slice(1).toLowerCase()]);
  return {
    verb: spelt,
    ...(argument === undefined ? {} : { argument }),
    ...(random() < 0.1 ? telnet(random) : {}),
    ...(random() < 0.05 ? { end: "\n" } : {}),
  };
}

function telnet(random: Random): Pick<PlannedLine, "telnet"> {
  return random() < 0.5 ? { telnet: pick(random, TELNET) } : {};
}

function oneLine(random: Random, line: PlannedLine): PlannedStep {
  return cutted(random, { lines: [line], cuts: [], data: anyData(random) });
}

/** Cuts into segments, now and then. What comes behind AUTH must arrive with it, so that one is left whole. */
function cutted(random: Random, planned: PlannedStep): PlannedStep {
  if (random() < 0.8 || planned.lines.some(({ verb }) => /^auth$/i.test(verb))) return planned;
  const { length } = planned.lines.map(lineText).join("");
  const cuts = Array.from({ length: 1 + below(random, 3) }, () => 1 + below(random, length));
  return { ...planned, cuts: [...new Set(cuts)].sort((a, b) => a - b) };
}

function step(texts: readonly string[]): PlannedStep {
  const lines = texts.map((text) => {
    const blank = text.indexOf(" ");
    return blank === -1
      ? { verb: text }
      : { verb: text.slice(0, blank), argument: text.slice(blank + 1) };
  });
  return { lines, cuts: [], data: WHOLE };
}

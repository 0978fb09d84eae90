import { inParallel } from "../../vfs/in_parallel.ts";
import { ipVersion } from "../../net/cidr.ts";
import type { SocketAddress } from "../../net/connection.ts";
import { learnOnce } from "../learn_once.ts";
import { Patience } from "../patience.ts";
import { type Failure, Reach } from "../reach.ts";
import type { PortRange } from "../steps.ts";
import type { SurveyTools } from "../target/target_survey.ts";
import type { PortState } from "./port_map.ts";
import { settleSilence } from "./settle_silence.ts";
import { ANSWER_MAX, decodeAnswer, type ProbeAnswer } from "./probe_answer.ts";

/** Connections at the same time. */
const AT_ONCE = 256;
/** Two attempts of TCP. Milliseconds. */
const CONNECT_TIMEOUT = 2_500;
/** How long a port that is open may take to answer. Milliseconds. */
const ANSWER_TIMEOUT = 5_000;
/** Ports that are asked at once, and how often, until one of them answers. */
const FIRST_ASKED = 64;
const ROUNDS = 3;

/** What became of one port. */
export type PortResult =
  | { readonly kind: "answered"; readonly answer: ProbeAnswer }
  /** Somebody else is there. */
  | { readonly kind: "stranger" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Asks the ports that a `--listen-probe` holds on a server. */
export class PortSurvey {
  readonly hostname: string;
  /** Where a port is looked for that tells of the others. */
  readonly guess: PortRange;
  readonly tools: SurveyTools;
  /** Looks for a port that answers, at listen_port and all over the range. @throws Error when the name does not resolve. */
  readonly contact = learnOnce((signal) => this.#findAnswer(signal));
  /** Asks every port of the range that is held. @throws {RangeError} when nobody tells of it; as `contact` does. */
  readonly askAll = learnOnce((signal) => this.#askAll(signal));
  readonly #states = new Map<number, PortState>();
  readonly #address = learnOnce(async () => {
    const { hostname } = this;
    return ipVersion(hostname) === undefined ? (await this.tools.resolve(hostname))[0]! : hostname;
  });
  readonly #reach: Reach;
  readonly #alsoAsked: readonly number[];

  constructor(options: {
    hostname: string;
    /** Asked first: the server's listen_port. */
    port: number;
    guess: PortRange;
    tools: SurveyTools;
  }) {
    const { dialer, libc } = options.tools;
    this.hostname = options.hostname;
    this.guess = options.guess;
    this.tools = options.tools;
    this.#alsoAsked = [options.port];
    this.#reach = new Reach(dialer, libc instanceof Error ? undefined : libc);
  }

  /** What became of the ports that were asked so far. */
  get states(): ReadonlyMap<number, PortState> {
    return this.#states;
  }

  async #findAnswer(
    signal: AbortSignal,
  ): Promise<{ answer: ProbeAnswer | undefined; results: readonly PortResult[] }> {
    const hostname = await this.#address(signal);
    const results: PortResult[] = [];
    let answer: ProbeAnswer | undefined;
    const { first, last } = this.guess;
    const step = Math.max(1, Math.floor((last - first + 1) / FIRST_ASKED));
    for (let round = 0; round < ROUNDS && !answer; round++) {
      const ports = round === 0 ? [...this.#alsoAsked] : [];
      const shift = Math.floor(round * step / ROUNDS);
      for (let port = first + shift; port <= last; port += step) ports.push(port);
      await inParallel(ports, FIRST_ASKED + 1, async (port) => {
        if (answer) return;
        const result = await this.#ask({ hostname, port }, signal);
        results.push(result);
        if (result.kind === "answered") answer ??= result.answer;
      });
    }
    return { answer, results };
  }

  async #askAll(
    signal: AbortSignal,
  ): Promise<{ answer: ProbeAnswer; failures: readonly Failure[] }> {
    const hostname = await this.#address(signal);
    const { answer } = await this.contact(signal);
    if (!answer) throw new RangeError("Cannot ask the ports: no probe tells which are held");
    const { nonce, range: { first, last }, held } = answer;
    const failures: Failure[] = [];
    for (let port = first; port <= last; port++) {
      if (!held.has(port)) this.#states.set(port, "not held");
    }
    const ask = async (port: number) => {
      const result = await this.#ask({ hostname, port }, signal);
      if (result.kind === "failed") failures.push(result.failure);
      return stateOf(result, { nonce, port });
    };
    await inParallel([...held], AT_ONCE, async (port) => {
      this.#states.set(port, await ask(port));
    });
    await settleSilence(this.#states, ask);
    return { answer, failures };
  }

  async #ask(address: SocketAddress, signal: AbortSignal): Promise<PortResult> {
    const connection = await this.#reach.connect(address, { timeout: CONNECT_TIMEOUT, signal });
    if ("cause" in connection) return { kind: "failed", failure: connection };
    using opened = connection;
    using patience = new Patience(ANSWER_TIMEOUT);
    const limit = AbortSignal.any([signal, patience.signal]);
    const stop = () => opened.close();
    limit.addEventListener("abort", stop, { once: true });
    try {
      const line = await readLine(opened);
      const answer = decodeAnswer(line);
      return answer ? { kind: "answered", answer } : { kind: "stranger" };
    } catch {
      signal.throwIfAborted();
      return { kind: "stranger" };
    } finally {
      limit.removeEventListener("abort", stop);
    }
  }
}

function stateOf(result: PortResult, { nonce, port }: { nonce: string; port: number }): PortState {
  if (result.kind === "stranger") return "astray";
  if (result.kind === "answered") {
    return result.answer.nonce === nonce && result.answer.port === port ? "open" : "astray";
  }
  switch (result.failure.cause) {
    case "dropped":
      return "dropped";
    case "prohibited":
    case "rejected":
      return "prohibited";
    case "refused":
      return "refused";
    default:
      return "failed";
  }
}

async function readLine(connection: { read(into: Uint8Array): Promise<number | null> }) {
  const buffer = new Uint8Array(16 * 1024);
  const decoder = new TextDecoder();
  for (let text = "";;) {
    const count = await connection.read(buffer);
    if (count === null || text.length > ANSWER_MAX) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (text.endsWith("\n")) return text;
  }
}

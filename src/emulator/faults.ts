import type { Operation, Target } from "./api/call.ts";
import { OPERATIONS } from "./api/call.ts";
import { statusOf } from "./api/cos_error.ts";

/** What can be made to go wrong with a request. README.md says what each kind does. */
export type Fault =
  | { readonly kind: "latency"; readonly milliseconds: number }
  | { readonly kind: "error"; readonly code: string; readonly status: number }
  | { readonly kind: "error-in-200"; readonly code: string }
  | { readonly kind: (typeof PLAIN_KINDS)[number] };

const PLAIN_KINDS = [
  "reset-before-answer",
  "reset-in-request",
  "reset-in-answer",
  "timeout",
  "truncate-answer",
  "corrupt-request",
  "corrupt-answer",
  "corrupt-checksum",
  "lose-answer",
] as const;

/** Which requests a fault hits. */
export interface FaultRule {
  readonly fault: Fault;
  /** @default any operation */
  readonly operation?: Operation;
  /** Keys, `*` standing for any characters. @default any key, or none */
  readonly key?: string;
  /** How many matching requests go by unhurt first. @default 0 */
  readonly skip?: number;
  /** How many requests are hit. @default all */
  readonly times?: number;
}

/** The faults that are switched on. They can be changed at any time and count for requests that begin afterwards. */
export class Faults {
  #rules: { readonly rule: FaultRule; skip: number; times: number }[] = [];

  /** Switches `rule` on until it is used up or disposed of. */
  add(rule: FaultRule): Disposable {
    const entry = { rule, skip: rule.skip ?? 0, times: rule.times ?? Infinity };
    this.#rules.push(entry);
    return {
      [Symbol.dispose]: () => {
        this.#rules = this.#rules.filter((other) => other !== entry);
      },
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** What is switched on, with what is left of `skip` and `times`. */
  get rules(): FaultRule[] {
    return this.#rules.map(({ rule, skip, times }) => ({
      ...rule,
      skip,
      times: times === Infinity ? undefined : times,
    }));
  }

  /** The faults for a request that begins now: of all rules that match, the latencies and the first other one. */
  take(target: Pick<Target, "operation" | "key">): Fault[] {
    const faults: Fault[] = [];
    for (const entry of this.#rules.filter(({ rule }) => matches(rule, target))) {
      const { fault } = entry.rule;
      if (fault.kind !== "latency" && faults.some(({ kind }) => kind !== "latency")) continue;
      if (entry.skip > 0) entry.skip--;
      else {
        entry.times--;
        faults.push(fault);
      }
    }
    this.#rules = this.#rules.filter(({ times }) => times > 0);
    return faults;
  }
}

function matches({ operation, key }: FaultRule, target: Pick<Target, "operation" | "key">) {
  if (operation !== undefined && operation !== target.operation) return false;
  if (key === undefined) return true;
  const parts = key.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(target.key);
}

/**
 * Reads a rule that came as JSON: `{"operation": "PutObject", "times": 1, "fault": {"kind": "error", "code": "SlowDown"}}`.
 *
 * @throws TypeError that says what is wrong.
 */
export function parseFaultRule(json: unknown): FaultRule {
  const { fault, operation, key, skip, times, ...rest } = record(json, "a rule");
  refuseOthers(rest, "a rule");
  if (operation !== undefined && !OPERATIONS.some((name) => name === operation)) {
    throw wrong(`operation is ${JSON.stringify(operation)}`, OPERATIONS.join(", "));
  }
  if (key !== undefined && typeof key !== "string") throw wrong("key is no string", "a pattern");
  return {
    fault: parseFault(fault),
    ...operation === undefined ? {} : { operation: operation as Operation },
    ...key === undefined ? {} : { key },
    ...skip === undefined ? {} : { skip: count(skip, "skip") },
    ...times === undefined ? {} : { times: count(times, "times") },
  };
}

function parseFault(json: unknown): Fault {
  const { kind, milliseconds, code, status, ...rest } = record(json, "a fault");
  refuseOthers(rest, "a fault");
  if (kind === "latency") return { kind, milliseconds: count(milliseconds, "milliseconds") };
  if (kind === "error" || kind === "error-in-200") {
    if (typeof code !== "string" || code === "") throw wrong("code is missing", "SlowDown");
    if (kind === "error-in-200") return { kind, code };
    const known = status === undefined ? statusOf(code) : count(status, "status");
    if (known === undefined) throw wrong(`status is missing and ${code} is not known`, "503");
    return { kind, code, status: known };
  }
  const plain = PLAIN_KINDS.find((name) => name === kind);
  if (plain) return { kind: plain };
  const kinds = ["latency", "error", "error-in-200", ...PLAIN_KINDS].join(", ");
  throw wrong(`kind is ${JSON.stringify(kind)}`, kinds);
}

function record(json: unknown, what: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw wrong(`${what} is no object`, "{...}");
  }
  return json as Record<string, unknown>;
}

function refuseOthers(rest: Record<string, unknown>, what: string): void {
  const [name] = Object.keys(rest);
  if (name !== undefined) throw wrong(`${what} has ${JSON.stringify(name)}`, "no such name");
}

function count(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw wrong(`${name} is ${JSON.stringify(value)}`, "a whole number");
}

function wrong(what: string, wanted: string): TypeError {
  return new TypeError(`Cannot switch on a fault: ${what}, wanted ${wanted}`);
}

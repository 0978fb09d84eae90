/** A thread of `deno task fuzz`: plays the sessions that it is told of, once, and says how far it is. */
import type { CoverageCounts } from "./coverage.ts";
import { describeFinding, fuzz, type FuzzOptions } from "./fuzzer.ts";

/** What a thread is told. */
export type FuzzOrder = Pick<FuzzOptions, "seed" | "sessions" | "first" | "lanes">;

/** What a thread says. */
export type FuzzReport =
  | { readonly kind: "played" }
  | { readonly kind: "violation"; readonly text: string }
  | {
    readonly kind: "done";
    readonly coverage: CoverageCounts;
    /** For people; undefined: no fault was found. */
    readonly finding: string | undefined;
  };

const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<FuzzOrder>) => void;
  postMessage(report: FuzzReport): void;
};

thread.onmessage = async ({ data: order }) => {
  const { coverage, finding } = await fuzz({
    ...order,
    onSession: () => thread.postMessage({ kind: "played" }),
    onViolation: (index, { message }) =>
      thread.postMessage({ kind: "violation", text: `Session ${index}: ${message}` }),
  });
  thread.postMessage({
    kind: "done",
    coverage: coverage.counts,
    finding: finding && describeFinding(finding),
  });
};

import { formatPlace, type Problem } from "../../config/problem.ts";
import type { Check, Outcome } from "../check.ts";
import type { ConfigurationSubject } from "./configuration_subject.ts";

/** Every problem of the configuration, where it is. */
export const problemCheck: Check<Pick<ConfigurationSubject, "loaded">> = {
  id: "config.problems",
  title: "Every section, key and value of the configuration is right",
  mode: "offline",
  run({ loaded }) {
    const { file, searched, problems, config } = loaded;
    const source = file ?? `no file (looked for ${searched.join(" and ")})`;
    // Of who may read it there is a check of its own, of all files.
    const outcomes = problems.filter(({ kind }) => kind !== "exposed").map(outcomeOf);
    if (!config) return outcomes;
    const accounts = config.accounts.length;
    const count = `${accounts} account${accounts === 1 ? "" : "s"}`;
    const { listenAddress, listenPort } = config.network;
    const summary = `Read ${source}: ${count}, listening on ${listenAddress} port ${listenPort}`;
    return [{ status: "pass", summary }, ...outcomes];
  },
};

const STATUS = { error: "fail", warning: "warn", note: "warn" } as const;

function outcomeOf(problem: Problem): Outcome {
  const { severity, message, remedy } = problem;
  return {
    status: STATUS[severity],
    target: formatPlace(problem),
    summary: message,
    remedy: { text: remedy },
    data: {
      severity,
      kind: problem.kind,
      file: problem.file ?? null,
      line: problem.line ?? null,
      column: problem.column ?? null,
      variable: problem.variable ?? null,
      flag: problem.flag ?? null,
      section: problem.section ?? null,
      key: problem.key ?? null,
      found: problem.found ?? null,
      wanted: problem.wanted ?? null,
    },
  };
}

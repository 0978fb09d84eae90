import { type PlannedLine, type PlannedStep, type SessionPlan, WHOLE } from "./session_plan.ts";

/** So often is something left out at most. */
const TRIES = 300;

/** Leaves out of a plan, and makes simple, whatever it can without `shows` becoming false. */
export async function shrinkPlan(
  plan: SessionPlan,
  shows: (plan: SessionPlan) => Promise<boolean>,
): Promise<SessionPlan> {
  let smallest = plan;
  for (let tries = 0; tries < TRIES;) {
    let smaller: SessionPlan | undefined;
    for (const candidate of simplerPlans(smallest)) {
      if (++tries > TRIES) break;
      if (!await shows(candidate)) continue;
      smaller = candidate;
      break;
    }
    if (!smaller) break;
    smallest = smaller;
  }
  return smallest;
}

/** Plans that are a little simpler, those that leave out most first. */
function* simplerPlans({ interrupted, steps }: SessionPlan): Generator<SessionPlan> {
  for (let index = steps.length - 1; index >= 0; index--) {
    yield { interrupted, steps: steps.toSpliced(index, 1) };
  }
  for (const [index, step] of steps.entries()) {
    for (const simpler of simplerSteps(step)) {
      yield { interrupted, steps: steps.with(index, simpler) };
    }
  }
}

function* simplerSteps(step: PlannedStep): Generator<PlannedStep> {
  const { lines, cuts, data } = step;
  if (cuts.length > 0) yield { ...step, cuts: [] };
  for (const simpler of simplerLines(lines)) {
    if (simpler.length > 0) yield { ...step, lines: simpler, cuts: [] };
  }
  if (data.how !== "whole") yield { ...step, data: { ...data, how: "whole" } };
  if (data.size > WHOLE.size) yield { ...step, data: { ...data, size: WHOLE.size } };
  if (data.arrives) yield { ...step, data: { ...data, arrives: false } };
  if (data.early) yield { ...step, data: { ...data, early: false } };
  for (const during of simplerLines(data.during)) yield { ...step, data: { ...data, during } };
}

function* simplerLines(lines: readonly PlannedLine[]): Generator<readonly PlannedLine[]> {
  for (const index of lines.keys()) yield lines.toSpliced(index, 1);
  for (const [index, line] of lines.entries()) {
    const { verb, argument } = line;
    if (line.telnet ?? line.end) yield lines.with(index, { verb, argument });
    if (argument !== undefined && argument.length > 1) {
      for (const shorter of [undefined, "x", argument.slice(0, argument.length / 2)]) {
        yield lines.with(index, { ...line, argument: shorter });
      }
    }
  }
}

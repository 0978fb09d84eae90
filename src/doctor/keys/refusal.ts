import { HttpError } from "../../net/http_client.ts";
import { StoreError } from "../../store/object_store.ts";
import type { Outcome, Remedy } from "../check.ts";
import type { CheckedAccount } from "./account_subject.ts";
import { actionNames, type CamAction, camPolicy } from "./cam_policy.ts";

/** What COS answered, or why there was no answer: its own code first. */
export function describeRefusal(error: StoreError): string {
  const request = error.requestId ? ` (request ${error.requestId})` : "";
  return `${error.message}${request}`;
}

/** Waits for a call to COS. @returns the error where COS refused, or could not be asked. @throws everything else. */
export async function refusalOf(call: Promise<unknown>): Promise<StoreError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/** Waits for a call that removes something. @returns why what it is to remove may be there still. */
export async function whyLeft(
  call: Promise<unknown>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const refusal = await refusalOf(call);
    return refusal && describeRefusal(refusal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return (signal.reason as Error).message;
  }
}

/** Whether it was CAM, or the bucket's policy, that said no. */
export function isDenied(error: StoreError): boolean {
  return error.code === "AccessDenied";
}

/** An upload that does not exist: what is asked about it changes nothing. */
export const NO_UPLOAD: string = "0".repeat(64);

/** Whether a call about something that does not exist was let through: it was refused for that reason alone. */
export function isLetThrough(error: StoreError): boolean {
  const { status = 0 } = error;
  return !isDenied(error) && status >= 400 && status < 500;
}

/** The finding that actions are not allowed. */
export function missingActions(
  account: CheckedAccount,
  missing: readonly CamAction[],
  { status = "fail", refusals }: {
    status?: Outcome["status"];
    refusals: readonly StoreError[];
  },
): Outcome {
  return {
    status,
    summary: `AccessDenied: the keys may not do ${actionNames(missing)}`,
    detail: refusals.map(describeRefusal).join("\n"),
    remedy: policyRemedy(account),
    data: { missing: missing.map((action) => `name/cos:${action}`), code: "AccessDenied" },
  };
}

/** What grants an account's keys everything they need. */
export function policyRemedy(account: CheckedAccount): Remedy {
  return {
    text:
      "Attach this policy to the user or role of the keys (console: CAM, Policies, Create by policy syntax). " +
      "A deny in another policy, or in the bucket's own, wins over it",
    commands: [camPolicy(account)],
  };
}

/** Why a request got no answer, with what lies beneath it. */
export function networkCause(error: unknown): string {
  const messages: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!messages.some((message) => message.includes((cause as Error).message))) {
      messages.push(cause.message);
    }
  }
  return messages.join(": ") || String(error);
}

/** Whether the failure is one of the network, and no fault of ours. */
export function isNetworkFailure(error: unknown): boolean {
  return error instanceof HttpError;
}

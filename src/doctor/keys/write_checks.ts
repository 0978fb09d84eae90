import { type ObjectStore, type StoreError, uninterrupted } from "../../store/object_store.ts";
import { RECORDS_FOLDER } from "../../vfs/upload_records.ts";
import type { Check, Outcome } from "../check.ts";
import type { AccountSubject, CheckedAccount } from "./account_subject.ts";
import { type CamAction, neededActions } from "./cam_policy.ts";
import { Canary, CANARY_NAME, type CanaryResult } from "./canary.ts";
import { otherRefusal } from "./identity_checks.ts";
import { describeRefusal, isDenied, missingActions, policyRemedy, refusalOf } from "./refusal.ts";

const objects: Check<AccountSubject> = {
  id: "rights.write",
  title:
    "The keys may write, copy, upload in parts and remove: tried with a canary that is removed again",
  needs: ["key.signature", "key.token"],
  mode: "write",
  timeout: 60_000,
  async run({ store, account }, { signal }) {
    if (!account.authority.write) return [];
    const { keyPrefix, encryption } = account;
    const key = `${keyPrefix}${CANARY_NAME}${crypto.randomUUID()}`;
    const canary = new Canary({ store, key, actions: neededActions(account), encryption, signal });
    let outcomes: Outcome[];
    try {
      outcomes = judge(account, await canary.live());
    } catch (error) {
      if (!signal.aborted) {
        await canary.remove();
        throw error;
      }
      outcomes = [{
        status: "fail",
        summary: "The canary was not tried to its end: its time was up, or somebody stopped it",
        remedy: { text: "Run it again" },
      }];
    }
    const left = await canary.remove();
    if (left.length > 0) outcomes.push(leftBehind(key, left));
    return outcomes;
  },
};

function judge(account: CheckedAccount, result: CanaryResult): Outcome[] {
  const { done, denied, refusals, faults } = result;
  const outcomes = refusals.map(otherRefusal);
  for (const fault of faults) {
    outcomes.push({
      status: "fail",
      summary: `What COS stored is not what was sent: ${fault}`,
      remedy: { text: "A proxy on the way changes what it carries: find it, or go around it" },
    });
  }
  const missing = [...denied.keys()];
  if (missing.length > 0) {
    // Who may neither delete nor rename may well have keys that cannot: only leavings then stay.
    const onlyDeleting = missing.every((action) => /^Delete/.test(action));
    const mayDelete = account.deleteEnable || account.renameEnable;
    const status = onlyDeleting && !mayDelete ? "warn" : "fail";
    const named = missingActions(account, missing, { status, refusals: [...denied.values()] });
    const why = denied.has("DeleteObject")
      ? "Nothing was written, for it could not have been removed again\n"
      : "";
    outcomes.push({ ...named, detail: why + named.detail });
  }
  if (outcomes.length > 0) return outcomes;
  return [{ status: "pass", summary: `The keys may do ${done.join(", ")}; the canary is removed` }];
}

function leftBehind(key: string, left: readonly string[]): Outcome {
  return {
    status: "fail",
    summary: `The canary could not be removed: ${key}*`,
    detail: left.join("\n"),
    remedy: { text: "Remove what begins with that key in the console, unfinished uploads too" },
    data: { key },
  };
}

const records: Check<AccountSubject> = {
  id: "rights.records",
  title: `The keys may keep the records of uploads, below ${RECORDS_FOLDER} of the key prefix`,
  needs: ["key.signature", "key.token"],
  mode: "write",
  timeout: 60_000,
  async run({ store, account, resumes }, { signal }) {
    if (!account.authority.write) return [];
    const folder = account.keyPrefix + RECORDS_FOLDER;
    const refusals = await tryRecord(store, folder, signal);
    const denied = [...refusals].filter(([, refusal]) => isDenied(refusal));
    const others = [...refusals.values()].filter((refusal) => !isDenied(refusal));
    if (denied.length === 0) {
      return others.length > 0
        ? others.map(otherRefusal)
        : [{ status: "pass", summary: `Records of uploads can be kept below ${folder}` }];
    }
    const names = denied.map(([action]) => `name/cos:${action}`);
    return [{
      status: "warn",
      summary: `AccessDenied: no records of uploads can be kept below ${folder}: ${
        names.join(", ")
      }`,
      detail: [
        ...resumes
          ? [
            "An interrupted upload cannot be resumed: it is thrown away, as by interrupted_upload = discard",
          ]
          : [],
        "What a crash leaves of an upload stays in the bucket",
        ...denied.map(([, refusal]) => describeRefusal(refusal)),
      ].join("\n"),
      remedy: policyRemedy(account),
      data: { missing: names, code: "AccessDenied" },
    }];
  },
};

/** Does with a record what an upload, and later a sweep, does. */
async function tryRecord(
  store: ObjectStore,
  folder: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<CamAction, StoreError>> {
  const key = `${folder}check-${crypto.randomUUID()}`;
  const refusals = new Map<CamAction, StoreError>();
  const attempt = async (action: CamAction, work: () => Promise<unknown>) => {
    const refusal = await refusalOf(work());
    if (refusal) refusals.set(action, refusal);
    return refusal === undefined;
  };
  // Nothing is written that could not be removed.
  if (!await attempt("DeleteObject", () => store.delete(key, { signal }))) return refusals;
  try {
    const body = [new TextEncoder().encode("{}")];
    await attempt("GetBucket", () => store.list({ prefix: folder, limit: 1, signal }));
    if (await attempt("PutObject", () => store.put(key, body, { signal }))) {
      await attempt("GetObject", async () => (await store.get(key, { signal }))[Symbol.dispose]());
    }
  } finally {
    await attempt("DeleteObject", () => store.delete(key, uninterrupted()));
  }
  return refusals;
}

/** The checks that write something and remove it again. */
export const WRITE_CHECKS: readonly Check<AccountSubject>[] = [objects, records];

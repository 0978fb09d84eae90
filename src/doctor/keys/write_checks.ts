import type { Clock } from "../../clock.ts";
import type { ObjectStore, StoreError } from "../../store/object_store.ts";
import { RECORDS_FOLDER } from "../../vfs/upload_records.ts";
import type { Check, Outcome } from "../check.ts";
import { CleanupTime } from "../cleanup_time.ts";
import type { AccountSubject, CheckedAccount } from "./account_subject.ts";
import { type CamAction, neededActions } from "./cam_policy.ts";
import { Canary, CANARY_NAME, type CanaryResult } from "./canary.ts";
import { otherRefusal } from "./identity_checks.ts";
import {
  describeRefusal,
  isDenied,
  missingActions,
  policyRemedy,
  refusalOf,
  whyLeft,
} from "./refusal.ts";

const objects: Check<AccountSubject> = {
  id: "rights.write",
  title:
    "The keys may write, copy, upload in parts and remove: tried with a canary that is removed again",
  needs: ["key.signature", "key.token"],
  mode: "write",
  timeout: 60_000,
  async run({ store, account, clock }, { signal }) {
    if (!account.authority.write) return [];
    const { keyPrefix, encryption } = account;
    const key = `${keyPrefix}${CANARY_NAME}${crypto.randomUUID()}`;
    const canary = new Canary({ store, key, actions: neededActions(account), encryption, signal });
    return await removedAfterwards(clock, {
      key,
      signal,
      look: async () => judge(account, await canary.live()),
      remove: (signal) => canary.remove(signal),
    });
  },
};

/** Does something that writes objects whose keys begin with `key`, and removes them, whoever stops it meanwhile. */
async function removedAfterwards(clock: Clock, { key, signal, look, remove }: {
  key: string;
  signal: AbortSignal;
  look: () => Promise<Outcome[]>;
  /** @returns what may still be there, and why. */
  remove: (signal: AbortSignal) => Promise<readonly string[]>;
}): Promise<Outcome[]> {
  using time = new CleanupTime({ clock, stopped: signal });
  let outcomes: Outcome[];
  try {
    outcomes = await look();
  } catch (error) {
    if (!signal.aborted) {
      await remove(time.signal);
      throw error;
    }
    outcomes = [{
      status: "fail",
      summary: "The canary was not tried to its end: its time was up, or somebody stopped it",
      remedy: { text: "Run it again" },
    }];
  }
  const left = await remove(time.signal);
  return left.length === 0 ? outcomes : [...outcomes, leftBehind(key, left)];
}

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
  async run({ store, account, resumes, clock }, { signal }) {
    if (!account.authority.write) return [];
    const folder = account.keyPrefix + RECORDS_FOLDER;
    const record = new CheckedRecord(store, folder, signal);
    return await removedAfterwards(clock, {
      key: record.key,
      signal,
      look: async () => judgeRecord({ account, resumes, folder }, await record.live()),
      remove: (signal) => record.remove(signal),
    });
  },
};

function judgeRecord(
  { account, resumes, folder }: { account: CheckedAccount; resumes: boolean; folder: string },
  refusals: ReadonlyMap<CamAction, StoreError>,
): Outcome[] {
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
    summary: `AccessDenied: no records of uploads can be kept below ${folder}: ${names.join(", ")}`,
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
}

/** Something in a record's place, with which is done what an upload, and later a sweep, does. */
class CheckedRecord {
  readonly key: string;
  readonly #store: ObjectStore;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  #mayExist = false;

  constructor(store: ObjectStore, folder: string, signal: AbortSignal) {
    this.key = `${folder}check-${crypto.randomUUID()}`;
    this.#store = store;
    this.#folder = folder;
    this.#signal = signal;
  }

  /** {@linkcode CheckedRecord.remove} is to be called afterwards. @returns what COS said no to. @throws the signal's reason. */
  async live(): Promise<ReadonlyMap<CamAction, StoreError>> {
    const [store, signal] = [this.#store, this.#signal];
    const refusals = new Map<CamAction, StoreError>();
    const attempt = async (action: CamAction, work: () => Promise<unknown>) => {
      const refusal = await refusalOf(work());
      if (refusal) refusals.set(action, refusal);
      return refusal === undefined;
    };
    // Nothing is written that could not be removed.
    if (!await attempt("DeleteObject", () => store.delete(this.key, { signal }))) return refusals;
    const body = [new TextEncoder().encode("{}")];
    await attempt("GetBucket", () => store.list({ prefix: this.#folder, limit: 1, signal }));
    this.#mayExist = true;
    if (await attempt("PutObject", () => store.put(this.key, body, { signal }))) {
      await attempt(
        "GetObject",
        async () => (await store.get(this.key, { signal }))[Symbol.dispose](),
      );
    } else this.#mayExist = !isDenied(refusals.get("PutObject")!);
    return refusals;
  }

  /** @returns why it may still be there. */
  async remove(signal: AbortSignal): Promise<readonly string[]> {
    if (!this.#mayExist) return [];
    const reason = await whyLeft(this.#store.delete(this.key, { signal }), signal);
    return reason === undefined ? [] : [reason];
  }
}

/** The checks that write something and remove it again. */
export const WRITE_CHECKS: readonly Check<AccountSubject>[] = [objects, records];

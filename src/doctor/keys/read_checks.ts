import { crc64 } from "../../checksum/crc64.ts";
import type { ListedObject, ObjectInfo, StoreError } from "../../store/object_store.ts";
import { inParallel } from "../../vfs/in_parallel.ts";
import { RESERVED_NAME } from "../../vfs/virtual_path.ts";
import type { Check, Outcome } from "../check.ts";
import type { AccountSubject, CheckedAccount } from "./account_subject.ts";
import { type CamAction, neededActions } from "./cam_policy.ts";
import { CANARY_NAME } from "./canary.ts";
import { otherRefusal } from "./identity_checks.ts";
import { isDenied, isLetThrough, missingActions, NO_UPLOAD, refusalOf } from "./refusal.ts";

/** Up to here an object is read whole, and its CRC64 compared. Bytes. */
const WHOLE_MAX = 8 * 1024 ** 2;

/** Of a larger one this much, its end. Bytes. */
const RANGE = 64 * 1024;

/** Objects among which a sample is taken: one page. */
const PAGE = 1_000;

/** Objects that are read at the same time: each is held in memory. */
const PARALLEL = 4;

/** GET refuses them until they are restored. */
const ARCHIVED = /ARCHIVE$/;

const reading: Check<AccountSubject> = {
  id: "rights.read",
  title: "The keys may look up and read objects, as far as the account needs it",
  // Who may not list may be told of what does not exist that it is not theirs to see.
  needs: ["bucket.list"],
  mode: "online",
  run({ store, account }, { signal }) {
    // What is not there cannot be found, but whoever may not look is told so first.
    const key = absentKey(account);
    return tryCalls(account, {
      HeadObject: () => store.head(key, { signal }),
      GetObject: async () => (await store.get(key, { signal }))[Symbol.dispose](),
    });
  },
};

const uploads: Check<AccountSubject> = {
  id: "rights.uploads",
  title: "The keys may follow uploads, if the account may write",
  needs: ["bucket.list"],
  mode: "online",
  run({ store, account }, { signal }) {
    const key = absentKey(account);
    return tryCalls(account, {
      ListMultipartUploads: () => store.listUploads({ prefix: key, signal }),
      ListParts: () => store.listParts({ key, uploadId: NO_UPLOAD }, { signal }),
    });
  },
};

function absentKey({ keyPrefix }: CheckedAccount): string {
  return `${keyPrefix}${CANARY_NAME}${crypto.randomUUID()}`;
}

/** Makes those of the calls that the account needs, each of which asks about what does not exist. */
async function tryCalls(
  account: CheckedAccount,
  calls: Partial<Record<CamAction, () => Promise<unknown>>>,
): Promise<Outcome[]> {
  const tried = neededActions(account).filter((action) => calls[action]);
  if (tried.length === 0) return [];
  const refusals = new Map<CamAction, StoreError>();
  await Promise.all(tried.map(async (action) => {
    const refusal = await refusalOf(calls[action]!());
    if (refusal && !isLetThrough(refusal)) refusals.set(action, refusal);
  }));
  const denied = tried.filter((action) => refusals.has(action) && isDenied(refusals.get(action)!));
  const outcomes: Outcome[] = [...refusals.values()].filter((refusal) => !isDenied(refusal))
    .map(otherRefusal);
  if (denied.length > 0) {
    const named = denied.map((action) => refusals.get(action)!);
    outcomes.push(missingActions(account, denied, { refusals: named }));
  }
  if (outcomes.length > 0) return outcomes;
  return [{ status: "pass", summary: `The keys may do ${tried.join(", ")}` }];
}

const sample: Check<AccountSubject> = {
  id: "object.sample",
  title: "Some objects are as COS says they are (--sample)",
  needs: ["bucket.list", "rights.read"],
  mode: "online",
  timeout: 120_000,
  async run(subject, { signal }) {
    const { store, account, random, sample } = subject;
    if (!account.authority.read || sample === 0) return [];
    const { objects } = await store.list({ prefix: account.keyPrefix, limit: PAGE, signal });
    // Other checks run at the same time: what they write is soon gone.
    const own = [`${RESERVED_NAME}/`, CANARY_NAME].map((name) => account.keyPrefix + name);
    const files = objects.filter(({ key }) =>
      !key.endsWith("/") && !own.some((start) => key.startsWith(start))
    );
    const readable = files.filter(({ storageClass }) => !ARCHIVED.test(storageClass));
    if (readable.length === 0) {
      const summary = files.length === 0
        ? "There is no object to look at yet"
        : `None of the first ${files.length} objects can be read: they are archived`;
      return [{ status: "pass", summary }];
    }
    const picked = readable.map((object) => ({ object, at: random() }))
      .sort((a, b) => a.at - b.at).slice(0, sample).map(({ object }) => object);
    const faults: Outcome[] = [];
    const whole: string[] = [];
    await inParallel(picked, PARALLEL, async (object) => {
      const result = await examine(subject, object, signal);
      if (result === "whole") whole.push(object.key);
      else if (result !== "changed") faults.push(result);
    });
    if (faults.length > 0) return faults;
    if (whole.length === 0) {
      return [{
        status: "skip",
        summary: "No object was looked at: those picked were replaced or removed meanwhile",
        remedy: { text: "Run it again" },
      }];
    }
    return [{
      status: "pass",
      summary: `${whole.length} of ${readable.length} objects looked at are whole: ` +
        "size, ETag and, up to 8 MiB, CRC64",
      data: { keys: whole },
    }];
  },
};

/** What is wrong with an object. @returns `changed` when it was replaced or removed since it was listed, which is nobody's fault. */
async function examine(
  { store }: AccountSubject,
  listed: ListedObject,
  signal: AbortSignal,
): Promise<Outcome | "whole" | "changed"> {
  let judgement = "changed" as Judgement;
  const refusal = await refusalOf((async () => {
    const info = await store.head(listed.key, { signal });
    const start = info.size > WHOLE_MAX ? info.size - RANGE : 0;
    using body = await store.get(listed.key, { start, signal });
    const bytes = new Uint8Array(body.length);
    let length = 0;
    for (let count; (count = await body.read(bytes.subarray(length))) !== null;) length += count;
    judgement = judge({ listed, info, body: body.info, bytes, start });
  })());
  if (refusal?.kind === "not-found" || refusal?.kind === "conflict") return "changed";
  if (refusal) return otherRefusal(refusal);
  if (typeof judgement === "string") return judgement;
  return {
    status: "fail",
    summary: `${listed.key} is not what COS says it is: ${judgement.fault}`,
    remedy: {
      text:
        "Run it again. If it stays so, a proxy on the way changes what it carries, or the object is damaged: ask COS's " +
        "support",
    },
    data: { key: listed.key },
  };
}

type Judgement = "whole" | "changed" | { readonly fault: string };

function judge({ listed, info, body, bytes, start }: {
  listed: ListedObject;
  info: ObjectInfo;
  body: ObjectInfo;
  bytes: Uint8Array;
  start: number;
}): Judgement {
  if (info.etag !== listed.etag || body.etag !== info.etag) return "changed";
  if (info.size !== listed.size) {
    return { fault: `listed with ${listed.size} bytes, HEAD says ${info.size}` };
  }
  if (start + bytes.length !== info.size) {
    return { fault: `${info.size} bytes, of which ${start + bytes.length} came` };
  }
  if (start > 0 || info.crc64 === undefined) return "whole";
  const actual = crc64(bytes);
  if (actual === info.crc64) return "whole";
  return { fault: `CRC64 is ${info.crc64}, its bytes have ${actual}` };
}

/** The checks that only read. */
export const READ_CHECKS: readonly Check<AccountSubject>[] = [reading, sample, uploads];

import type { CheckedAccount } from "./account_subject.ts";

/** COS document 436/31923: an operation is allowed by the action of its name. */
const ACTIONS = {
  always: ["GetBucket", "HeadObject"],
  read: ["GetObject"],
  // APPE reads what it appends to; records of uploads, and what arrived damaged, are removed.
  write: [
    "GetObject",
    "PutObject",
    "DeleteObject",
    "InitiateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "ListParts",
    "ListMultipartUploads",
  ],
  // A rename is a copy, a new time too, and a large file that is appended to begins with one.
  copy: ["PutObjectCopy", "UploadPartCopy"],
  rename: ["DeleteMultipleObjects"],
} as const;

/** An operation of COS, whose action is `name/cos:` and its name. */
export type CamAction = (typeof ACTIONS)[keyof typeof ACTIONS][number];

/** What the keys of an account must be allowed for all that the account may do. */
export function neededActions(account: CheckedAccount): readonly CamAction[] {
  const { authority, renameEnable } = account;
  return [
    ...new Set<CamAction>([
      ...ACTIONS.always,
      ...authority.read ? ACTIONS.read : [],
      ...authority.write ? [...ACTIONS.write, ...ACTIONS.copy] : [],
      ...authority.write && renameEnable ? ACTIONS.rename : [],
    ]),
  ];
}

/** `name/cos:PutObject, name/cos:DeleteObject`. */
export function actionNames(actions: readonly CamAction[]): string {
  return actions.map((action) => `name/cos:${action}`).join(", ");
}

/** Operations on the bucket: a policy that names a folder of it may not be taken for them (COS document 436/46206). */
const ON_BUCKET: readonly CamAction[] = ["GetBucket", "ListMultipartUploads"];

/**
 * A policy of CAM, as JSON to paste, that allows an account's keys what they need, below its key prefix only, but for the names of
 * other keys.
 */
export function camPolicy(account: CheckedAccount): string {
  const { bucket, region = "", keyPrefix } = account;
  const appId = bucket.slice(bucket.lastIndexOf("-") + 1);
  const allow = (actions: readonly CamAction[], prefix: string) => ({
    effect: "allow",
    action: actions.map((action) => `name/cos:${action}`),
    resource: [`qcs::cos:${region}:uid/${appId}:${bucket}/${prefix}*`],
  });
  const needed = neededActions(account);
  const onBucket = needed.filter((action) => ON_BUCKET.includes(action));
  const onObjects = needed.filter((action) => !ON_BUCKET.includes(action));
  const statement = keyPrefix === ""
    ? [allow(needed, "")]
    : [allow(onBucket, ""), allow(onObjects, keyPrefix)];
  return JSON.stringify({ version: "2.0", statement }, null, 2);
}

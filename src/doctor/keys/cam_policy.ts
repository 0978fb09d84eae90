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

/** A policy of CAM, as JSON to paste, that allows an account's keys what they need below its key prefix, and nothing else. */
export function camPolicy(account: CheckedAccount): string {
  const { bucket, region = "", keyPrefix } = account;
  const appId = bucket.slice(bucket.lastIndexOf("-") + 1);
  return JSON.stringify(
    {
      version: "2.0",
      statement: [{
        effect: "allow",
        action: neededActions(account).map((action) => `name/cos:${action}`),
        resource: [`qcs::cos:${region}:uid/${appId}:${bucket}/${keyPrefix}*`],
      }],
    },
    null,
    2,
  );
}

import type { CheckedAccount } from "./account_subject.ts";

/** COS document 436/31923: an operation is allowed by the action of its name. */
const ACTIONS = {
  always: ["GetBucket", "HeadObject"],
  read: ["GetObject"],
  // A rename is a copy and a removal, and APPE reads what it appends to.
  write: [
    "GetObject",
    "PutObject",
    "PutObjectCopy",
    "DeleteObject",
    "DeleteMultipleObjects",
    "InitiateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "ListParts",
    "ListMultipartUploads",
  ],
} as const;

/** An operation of COS, whose action is `name/cos:` and its name. */
export type CamAction = (typeof ACTIONS)[keyof typeof ACTIONS][number];

/** What the keys of an account must be allowed for all that the account may do. */
export function neededActions({ authority }: CheckedAccount): readonly CamAction[] {
  return [
    ...new Set<CamAction>([
      ...ACTIONS.always,
      ...authority.read ? ACTIONS.read : [],
      ...authority.write ? ACTIONS.write : [],
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

import assert from "node:assert/strict";
import type { CheckedAccount } from "../../../src/doctor/keys/account_subject.ts";
import { camPolicy } from "../../../src/doctor/keys/cam_policy.ts";

function policyOf(settings: Partial<CheckedAccount> = {}) {
  return JSON.parse(camPolicy({
    name: "alice",
    bucket: "mybucket-1250000000",
    region: "ap-guangzhou",
    endpoint: undefined,
    keyPrefix: "team/a/",
    authority: { read: true, write: true },
    deleteEnable: true,
    renameEnable: true,
    encryption: undefined,
    ...settings,
  }));
}

const RESOURCE = "qcs::cos:ap-guangzhou:uid/1250000000:mybucket-1250000000";

Deno.test("a policy allows what an account's authority needs, objects below its key prefix only", () => {
  const authority = { read: true, write: false };
  assert.deepEqual(policyOf({ authority }), {
    version: "2.0",
    statement: [
      { effect: "allow", action: ["name/cos:GetBucket"], resource: [`${RESOURCE}/*`] },
      {
        effect: "allow",
        action: ["name/cos:HeadObject", "name/cos:GetObject"],
        resource: [`${RESOURCE}/team/a/*`],
      },
    ],
  });
  const [whole, ...others] = policyOf({ authority, keyPrefix: "" }).statement;
  assert.deepEqual([whole.resource, others], [[`${RESOURCE}/*`], []]);
});

Deno.test("the policy of the operating guide is the one that check-keys prints", async () => {
  const guide = await Deno.readTextFile(new URL("../../../conf/README.md", import.meta.url));
  const json = /## Permissions that the keys need[^]*?```json\n([^]*?)```/.exec(guide)![1]!;
  assert.deepEqual(JSON.parse(json), policyOf());
});

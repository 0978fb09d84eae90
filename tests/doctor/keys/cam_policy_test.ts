import assert from "node:assert/strict";
import { camPolicy } from "../../../src/doctor/keys/cam_policy.ts";

function policyOf(authority: { read: boolean; write: boolean }) {
  return JSON.parse(camPolicy({
    name: "alice",
    bucket: "my-photos-1250000001",
    region: "ap-guangzhou",
    endpoint: undefined,
    keyPrefix: "team/a/",
    authority,
    deleteEnable: true,
    encryption: undefined,
  }));
}

Deno.test("a policy allows what an account's authority needs, below its key prefix only", () => {
  const { version, statement } = policyOf({ read: true, write: false });
  assert.equal(version, "2.0");
  assert.deepEqual(statement, [{
    effect: "allow",
    action: ["name/cos:GetBucket", "name/cos:HeadObject", "name/cos:GetObject"],
    resource: ["qcs::cos:ap-guangzhou:uid/1250000001:my-photos-1250000001/team/a/*"],
  }]);
  const both: string[] = policyOf({ read: true, write: true }).statement[0].action;
  const writing: string[] = policyOf({ read: false, write: true }).statement[0].action;
  assert.deepEqual(both.toSorted(), writing.toSorted());
  assert.equal(new Set(both).size, both.length);
  assert.ok(both.includes("name/cos:AbortMultipartUpload"));
});

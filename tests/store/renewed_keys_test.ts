import assert from "node:assert/strict";
import type { Credentials, Keys } from "../../src/store/credentials.ts";
import { StoreError, uninterrupted } from "../../src/store/object_store.ts";
import { answer, CosStandIn, refusal, STORED, storeFailure } from "./cos_stand_in.ts";

const FOUND = ['ETag: "e"', "Last-Modified: Thu, 15 Jan 2026 12:00:00 GMT"];
const free = uninterrupted();

/** Keys numbered from 1; others come whenever COS has refused those in force, up to `last`. */
function numbered(last: number): Credentials & { readonly asked: (string | undefined)[] } {
  let number = 1;
  const asked: (string | undefined)[] = [];
  const credentials: Credentials = ({ refused }) => {
    asked.push(refused?.secretId);
    if (refused?.secretId === `AKID${number}` && number < last) number++;
    return Promise.resolve({ secretId: `AKID${number}`, secretKey: "s", token: `t${number}` });
  };
  return Object.assign(credentials, { asked });
}

const idsOf = (cos: CosStandIn) =>
  cos.requests.map(({ headers }) => {
    const id = /q-ak=(AKID\d)/.exec(headers.get("authorization")!)?.[1];
    return `${id} ${headers.get("x-cos-security-token")}`;
  });

for (const code of ["ExpiredToken", "InvalidAccessKeyId"]) {
  Deno.test(`PUT that is refused with ${code} is signed with new keys and sent again`, async () => {
    const credentials = numbered(2);
    await using cos = new CosStandIn(
      (_, number) => number === 1 ? refusal("403 Forbidden", code) : STORED,
      { credentials },
    );
    await cos.store.put("a", [new Uint8Array([1, 2, 3])], free);
    assert.deepEqual(idsOf(cos), ["AKID1 t1", "AKID2 t2"]);
    for (const { body } of cos.requests) assert.deepEqual([...body], [1, 2, 3]);
    assert.deepEqual(credentials.asked, [undefined, "AKID1"]);
  });
}

Deno.test("HEAD, which is refused without a reason, is sent again with new keys", async () => {
  await using cos = new CosStandIn(
    (_, number) => number === 1 ? answer("403 Forbidden") : answer("200 OK", { fields: FOUND }),
    {
      credentials: numbered(2),
    },
  );
  await cos.store.head("a", free);
  assert.deepEqual(idsOf(cos), ["AKID1 t1", "AKID2 t2"]);
});

Deno.test("request is sent a second time only, and not with the same keys", async () => {
  await using stubborn = new CosStandIn(() => refusal("403 Forbidden", "ExpiredToken"), {
    credentials: numbered(9),
  });
  await storeFailure(stubborn.store.delete("a", free), { kind: "denied", code: "ExpiredToken" });
  assert.deepEqual(idsOf(stubborn), ["AKID1 t1", "AKID2 t2"]);

  await using same = new CosStandIn(() => refusal("403 Forbidden", "ExpiredToken"), {
    credentials: numbered(1),
  });
  await storeFailure(same.store.delete("a", free), { kind: "denied", code: "ExpiredToken" });
  assert.equal(same.requests.length, 1);
});

Deno.test("refusal for other reasons does not ask for new keys", async () => {
  const credentials = numbered(2);
  await using cos = new CosStandIn(() => refusal("403 Forbidden", "AccessDenied"), { credentials });
  await storeFailure(cos.store.put("a", [], free), { kind: "denied", code: "AccessDenied" });
  assert.deepEqual(credentials.asked, [undefined]);
});

Deno.test("request without keys is tried again like one that COS did not answer", async () => {
  let missing = 2;
  const keys: Keys = { secretId: "AKID1", secretKey: "s", token: undefined };
  await using cos = new CosStandIn(() => STORED, {
    credentials: () =>
      missing-- > 0
        ? Promise.reject(new StoreError("No keys", { kind: "unavailable", code: "NoKeys" }))
        : Promise.resolve(keys),
  });
  await cos.store.put("a", [], free);
  assert.equal(cos.requests.length, 1);
});

import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { Gateway, PART_SIZE } from "./gateway.ts";

Deno.test("a new file has the content type that its name tells, and the account's storage class and encryption", async () => {
  const headers = { storageClass: "STANDARD_IA", encryption: "AES256" };
  await using gateway = await Gateway.start({ headers });
  using peer = await gateway.logIn();
  const files = [
    ["photo.jpg", 1, "image/jpeg"],
    ["dir/film.mp4", 2 * PART_SIZE + 1, "video/mp4"],
    ["report.xlsx", 0, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ] as const;
  for (const [name, size, type] of files) {
    assert.equal((await peer.upload(`STOR ${name}`, new Uint8Array(size))).code, 226);
    const { contentType, storageClass, encryption } = await gateway.store.head(
      name,
      uninterrupted(),
    );
    assert.deepEqual({ contentType, storageClass, encryption }, { contentType: type, ...headers });
  }
});

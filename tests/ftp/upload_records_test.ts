import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { noise } from "../checksum/noise.ts";
import { sendAll } from "./ftp_peer.ts";
import { Gateway, PART_SIZE } from "./gateway.ts";

const LARGE = noise(2 * PART_SIZE + 7);
const RECORD = ".cosftp/uploads/record";

Deno.test("records of uploads are not listed, and every command that names them is refused", async () => {
  for (const keyPrefix of ["", "team/"]) {
    await using gateway = await Gateway.start({ keyPrefix });
    const { store } = gateway;
    await gateway.put(`${keyPrefix}${RECORD}`, "{}");
    await gateway.put(`${keyPrefix}.cosftp/file`, "");
    await gateway.put(`${keyPrefix}.cosftp.txt`, "");
    await gateway.put(`${keyPrefix}a/.cosftp/file`, "");
    using peer = await gateway.logIn();
    for (const verb of ["LIST -a", "NLST", "MLSD", "NLST *", "NLST .*", "LIST /", "MLSD ."]) {
      const lines = await peer.list(verb);
      assert.ok(!lines.some((line) => /\.cosftp$/.test(line)), `${verb}: ${lines}`);
    }
    assert.deepEqual(await peer.names(), [".cosftp.txt", "a"]);
    assert.deepEqual(await peer.names("a"), [".cosftp"]);
    for (
      const path of [".cosftp", "/.cosftp/", `/${RECORD}`, "a/../.cosftp/uploads", "//.cosftp"]
    ) {
      const commands = ["CWD", "SIZE", "MDTM", "MLST", "STAT", "DELE", "RMD", "MKD", "RNFR"];
      for (const verb of commands) await peer.ask(`${verb} ${path}`, 553);
      for (const verb of ["RETR", "STOR", "APPE", "LIST", "NLST", "MLSD"]) {
        await peer.extendedPassive();
        await peer.ask(`${verb} ${path}`, 553);
      }
      await peer.ask("RNFR a", 350);
      await peer.ask(`RNTO ${path}`, 553);
    }
    await store.delete(`${keyPrefix}${RECORD}`, uninterrupted());
    assert.equal((await gateway.keys()).length, 3);
  }
});

Deno.test("a multipart upload has a record until it has ended, an upload of one part has none", async () => {
  await using gateway = await Gateway.start();
  const { traffic } = gateway.emulator;
  using peer = await gateway.logIn();
  assert.equal((await peer.upload("STOR small", "content")).code, 226);
  assert.equal(traffic.count("PutObject").begun, 1);
  using data = await peer.openData();
  await peer.ask("STOR large", 150);
  await sendAll(data, LARGE);
  await traffic.ended("PutObject", 3);
  const [recordKey] = await gateway.keys(gateway.records.prefix);
  const record = JSON.parse((await gateway.text(recordKey!))!);
  const [upload] = await gateway.store.listUploads({ prefix: "large", ...uninterrupted() });
  const { cluster } = gateway.records.options;
  assert.match(record.owner, /^[0-9a-f-]{36}$/);
  assert.deepEqual(record, {
    cluster,
    owner: record.owner,
    account: "alice",
    key: "large",
    started: "2026-01-15T12:00:00.000Z",
    uploadId: upload!.uploadId,
  });
  data.close();
  await peer.expect(226);
  assert.deepEqual(await gateway.keys(), ["large", "small"]);
});

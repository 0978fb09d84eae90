import assert from "node:assert/strict";
import { formatAddress } from "../../src/net/connection.ts";
import { RawServer } from "../net/raw_server.ts";
import { KEYS } from "./bucket.ts";
import { runClient } from "./client_run.ts";
import { clientTest } from "./client_test_case.ts";
import { Gateway } from "./gateway.ts";

clientTest({
  name: "curl stores with the keys of the machine's role",
  clients: ["curl"],
}, async (folder) => {
  const asked: string[] = [];
  await using metadata = new RawServer(async (peer) => {
    for (let head; (head = await peer.readHead()) !== null;) {
      asked.push(head.split("\r\n")[0]!);
      const body = JSON.stringify({
        TmpSecretId: KEYS.secretId,
        TmpSecretKey: KEYS.secretKey,
        Token: "",
        ExpiredTime: Math.floor(Date.now() / 1000) + 7200,
        Code: "Success",
      });
      await peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
  });
  await using gateway = await Gateway.start({
    COS_ACCOUNT_0: { cos_secretid: "", cos_secretkey: "", cos_cam_role: "ftp-gateway" },
    OPTIONAL: {
      metadata_endpoint: formatAddress(metadata.address),
      log_file_enabled: "false",
    },
  });
  await gateway.explain(async () => {
    await Deno.writeTextFile(`${folder}/a`, "content");
    const url = `ftp://${gateway.user}:${gateway.password}@${gateway.host}:${gateway.port}/a`;
    await runClient(["curl", "-sS", "-T", "a", url], { home: folder });
    assert.deepEqual(Object.keys(await gateway.bucket.digests()), ["a"]);
    assert.deepEqual(asked, [
      "GET /latest/meta-data/cam/security-credentials/ftp-gateway HTTP/1.1",
    ]);
  });
});

import assert from "node:assert/strict";
import { fileKeySource, parseKeys, roleKeySource } from "../../src/accounts/key_source.ts";
import { systemClock } from "../../src/clock.ts";
import { formatAddress, systemDialer } from "../../src/net/connection.ts";
import { HttpClient, HttpError } from "../../src/net/http_client.ts";
import { StoreError, uninterrupted } from "../../src/store/object_store.ts";
import { type Peer, RawServer } from "../net/raw_server.ts";

const { signal } = uninterrupted();
const END = Date.UTC(2026, 0, 15, 12);
const TEMPORARY = { keys: { secretId: "AKIDx", secretKey: "k", token: "t" }, end: END };

function parse(document: unknown) {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return parseKeys(new TextEncoder().encode(text));
}

Deno.test("keys are read of every form in which they come", () => {
  const seconds = END / 1000;
  const forms = [
    { SecretId: "AKIDx", SecretKey: "k", Token: "t", ExpiredTime: seconds },
    // The metadata service.
    {
      TmpSecretId: "AKIDx",
      TmpSecretKey: "k",
      ExpiredTime: seconds,
      Expiration: "2026-01-15T12:00:00Z",
      Token: "t",
      Code: "Success",
    },
    // STS, and the libraries around it.
    {
      Credentials: { TmpSecretId: "AKIDx", TmpSecretKey: "k", Token: "t" },
      ExpiredTime: seconds,
    },
    {
      credentials: { tmpSecretId: "AKIDx", tmpSecretKey: "k", sessionToken: "t" },
      expiredTime: seconds,
    },
  ];
  for (const form of forms) assert.deepEqual(parse(form), TEMPORARY);
  const permanent = {
    keys: { secretId: "AKIDx", secretKey: "k", token: undefined },
    end: Infinity,
  };
  assert.deepEqual(parse({ secretId: "AKIDx", secretKey: "k" }), permanent);
  assert.deepEqual(parse({ SecretId: "AKIDx", SecretKey: "k", Token: "" }), permanent);
});

Deno.test("document without keys is refused, and none of it is repeated", () => {
  const wrong = [
    ["HuSh", /found no JSON document/],
    ['{"SecretId": "HuSh", "SecretKey": "HuSh" oops', /found no JSON document/],
    ["", /found no JSON document/],
    ["[]", /wanted SecretId and SecretKey/],
    ["null", /found no JSON object/],
    [{ Code: "InternalError" }, /wanted SecretId and SecretKey/],
    [{ SecretId: "HuSh", SecretKey: "" }, /wanted SecretId and SecretKey/],
    [{ SecretId: "HuSh", SecretKey: "HuSh\r\nx: y" }, /wanted SecretId and SecretKey/],
    [{ SecretId: "HuSh", SecretKey: "HuSh", Token: "HuSh\n" }, /Token is no text of visible/],
    [{ SecretId: "HuSh", SecretKey: "HuSh", ExpiredTime: "HuSh" }, /ExpiredTime is not seconds/],
  ] as const;
  for (const [document, message] of wrong) {
    assert.throws(() => parse(document), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes("HuSh"), error.message);
      return true;
    });
  }
});

Deno.test("file is read anew each time, and one that is not there has no keys", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/keys.json`;
    const source = fileKeySource(path);
    for (const secretId of ["AKID1", "AKID2"]) {
      await Deno.writeTextFile(path, JSON.stringify({ secretId, secretKey: "k" }));
      assert.equal((await source.read(signal)).keys.secretId, secretId);
    }
    await Deno.remove(path);
    await assert.rejects(source.read(signal), Deno.errors.NotFound);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Asks a stand-in of the metadata service. */
async function askRole(script: (peer: Peer) => Promise<void>) {
  await using service = new RawServer(script);
  using http = new HttpClient({ dialer: systemDialer, clock: systemClock });
  const endpoint = formatAddress(service.address);
  return await roleKeySource({ role: "ftp@gateway", endpoint, http }).read(signal);
}

function answering(status: string, body: string): (peer: Peer) => Promise<void> {
  return async (peer) => {
    await peer.readHead();
    await peer.write(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  };
}

Deno.test("role's keys come from the metadata service", async () => {
  let head = "";
  const keys = await askRole(async (peer) => {
    head = await peer.readHead() ?? "";
    const body = JSON.stringify({
      TmpSecretId: "AKIDx",
      TmpSecretKey: "k",
      Token: "t",
      ExpiredTime: END / 1000,
    });
    await peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  assert.deepEqual(keys, TEMPORARY);
  assert.match(head, /^GET \/latest\/meta-data\/cam\/security-credentials\/ftp%40gateway HTTP/);
  assert.match(head, /^host: 127\.0\.0\.1:\d+\r$/m);
});

Deno.test("role that the machine does not have is denied, a service out of order is unavailable", async () => {
  for (
    const [status, kind] of [
      ["404 Not Found", "denied"],
      ["302 Found", "denied"],
      ["500 Error", "unavailable"],
    ] as const
  ) {
    await assert.rejects(askRole(answering(status, "<html>")), (error: StoreError) => {
      assert.deepEqual([error.kind, error.code], [kind, "NoKeys"]);
      assert.match(error.message, /from the metadata service for the role ftp@gateway: status \d+/);
      return true;
    });
  }
});

Deno.test("answer of the metadata service that does not end is given up", async () => {
  await assert.rejects(
    askRole(async (peer) => {
      await peer.readHead();
      await peer.write("HTTP/1.1 200 OK\r\n\r\n");
      for (;;) await peer.write(" ".repeat(16 * 1024));
    }),
    (error: HttpError) => error instanceof HttpError && error.kind === "malformed",
  );
});

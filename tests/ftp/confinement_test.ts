import assert from "node:assert/strict";
import { traversalAttempts } from "../vfs/traversal_attempts.ts";
import { Gateway } from "./gateway.ts";
import type { FtpPeer } from "./ftp_peer.ts";

const PREFIX = "tenants/alice/";
const SECRET = "not alice's";

/** Keys that are not the account's, the nearest ones among them. */
const OUTSIDE = [
  "outside.txt",
  "tenants",
  "tenants/",
  "tenants/alice",
  "tenants/alice.txt",
  "tenants/alice2/outside.txt",
  "tenants/outside.txt",
  "tenants/bob/outside.txt",
  "etc/passwd",
  "../outside.txt",
  "./outside.txt",
];

async function arrange(): Promise<Gateway> {
  const gateway = await Gateway.start({ keyPrefix: PREFIX });
  for (const key of OUTSIDE) await gateway.put(key, SECRET);
  return gateway;
}

/** Everything outside the prefix is as it was. */
async function assertUntouched(gateway: Gateway): Promise<void> {
  const keys = (await gateway.keys()).filter((key) => !key.startsWith(PREFIX));
  assert.deepEqual(keys, OUTSIDE.toSorted());
  for (const key of OUTSIDE) assert.equal(await gateway.text(key), SECRET, key);
}

/** Every object that was named to COS since the mark lies below the prefix. */
function assertConfined(gateway: Gateway, mark: number): void {
  for (const { message, fields } of gateway.requests.lines.slice(mark)) {
    if (message !== "COS request" || fields.operation === "GetBucket") continue;
    assert.ok(String(fields.key).startsWith(PREFIX), `${fields.operation} ${fields.key}`);
  }
}

/** What a control connection can carry as one line. */
const attempts = [...new Set(traversalAttempts())].filter((text) => !/[\r\n]/.test(text));

/** One command for each way to name a path, without a data connection. */
const COMMANDS = ["SIZE", "MDTM", "MLST", "STAT", "MKD", "RNFR", "DELE", "RMD", "CWD"];

Deno.test("no spelling of a path lets a command out of the key prefix", async () => {
  await using gateway = await arrange();
  assert.ok(attempts.length >= 1_000, `${attempts.length}`);
  const mark = gateway.requests.lines.length;
  await inParallel(gateway, attempts, async (peer, attempt) => {
    for (const verb of COMMANDS) {
      const { code, lines } = await peer.command(`${verb} ${attempt}`);
      const said = lines.join("\n");
      assert.ok(!/tenants|bob|passwd/.test(said), `${verb} ${attempt}: ${said}`);
      if (verb === "SIZE") assert.ok(code !== 213, `SIZE ${attempt}: ${said}`);
      if (verb === "DELE") assert.ok(code !== 250, `DELE ${attempt}: ${said}`);
    }
    await peer.ask("CWD /", 250);
  });
  assertConfined(gateway, mark);
  await assertUntouched(gateway);
});

Deno.test("no spelling of a path lets a file or a listing out of the key prefix", async () => {
  await using gateway = await arrange();
  const mark = gateway.requests.lines.length;
  await inParallel(gateway, attempts, async (peer, attempt) => {
    for (const line of [`RETR ${attempt}`, `LIST ${attempt}`, `NLST ${attempt}`]) {
      using data = await peer.openData();
      const { code } = await peer.command(line);
      if (code !== 150) continue;
      const got = new TextDecoder().decode(await readAll(data));
      await peer.expect(226);
      assert.ok(!got.includes(SECRET) && !/bob|passwd|tenants/.test(got), `${line}: ${got}`);
    }
    using data = await peer.openData();
    const { code } = await peer.command(`STOR ${attempt}`);
    if (code !== 150) return;
    data.close();
    await peer.expect(226);
  });
  assertConfined(gateway, mark);
  await assertUntouched(gateway);
});

Deno.test("a rename neither takes from outside the key prefix nor puts there", async () => {
  await using gateway = await arrange();
  await gateway.put(`${PREFIX}own`, "own");
  const mark = gateway.requests.lines.length;
  using peer = await gateway.logIn();
  let at = "own";
  for (const attempt of attempts) {
    await peer.ask(`RNFR ${at}`, 350);
    const { code } = await peer.command(`RNTO ${attempt}`);
    if (code === 250) at = attempt;
  }
  assertConfined(gateway, mark);
  await assertUntouched(gateway);
});

Deno.test("what is below the key prefix is all there is", async () => {
  await using gateway = await arrange();
  await gateway.put(`${PREFIX}mine/a`, "own");
  using peer = await gateway.logIn();
  for (const path of ["", "/", "..", "../..", "/../../.."]) {
    assert.deepEqual(await peer.names(path), ["mine"], path);
  }
  await peer.ask("CDUP", 250);
  assert.match((await peer.ask("PWD", 257)).text, /^"\/" /);
  for (const path of ["/outside.txt", "/tenants/alice/mine/a", "alice", "bob/outside.txt"]) {
    await peer.ask(`SIZE ${path}`, 550);
  }
});

async function readAll(data: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(data.readable).arrayBuffer());
}

/** Works through `items` with a few sessions at once. */
async function inParallel(
  gateway: Gateway,
  items: readonly string[],
  work: (peer: FtpPeer, item: string) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(Array.from({ length: 4 }, async () => {
    using peer = await gateway.logIn();
    for (const item of queue) await work(peer, item);
  }));
}

import assert from "node:assert/strict";
import type { Operation } from "../../src/emulator/api/call.ts";
import type { DataErrorKind } from "../../src/ftp/data/data_error.ts";
import type { TransferAbortReason } from "../../src/ftp/transfer.ts";
import type { TreeErrorKind } from "../../src/vfs/tree_error.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import { Gateway, MAX_FILE_SIZE, MIB, PART_SIZE } from "./gateway.ts";
import type { GatewayOptions } from "./gateway_options.ts";
import { CuttableData } from "./detour.ts";
import { FtpPeer, receiveAll, sendAll } from "./ftp_peer.ts";

/** Makes one error happen. @returns the code of the reply that tells of it. */
interface Provocation {
  /** Of the gateway that it needs. @default as all others */
  readonly options?: GatewayOptions;
  readonly run: (gateway: Gateway, peer: FtpPeer) => Promise<number>;
}

/** Every kind of error in the code is a key, or this does not compile. */
const KINDS: Readonly<Record<TreeErrorKind | DataErrorKind | TransferAbortReason, Provocation>> = {
  "not-found": asking("SIZE missing"),
  "exists": asking("MKD directory"),
  "not-empty": asking("RMD directory"),
  "not-a-file": asking("DELE /"),
  "not-permitted": asking("RMD /"),
  "same-path": asking("RNFR file", "RNTO file"),
  "inside-itself": asking("RNFR directory", "RNTO directory/inside"),
  "too-many-files": {
    options: { renameMaxFiles: 1 },
    run: asking("RNFR directory", "RNTO new").run,
  },
  "name-not-allowed": asking("MKD tab\there"),
  "too-large": {
    run: async (_gateway, peer) =>
      (await peer.upload("STOR new", new Uint8Array(MAX_FILE_SIZE + 1))).code,
  },
  "changed": {
    async run(gateway, peer) {
      await gateway.put("large", new Uint8Array(20 * MIB));
      gateway.emulator.faults.add({
        operation: "GetObject",
        times: 1,
        fault: { kind: "truncate-answer" },
      });
      using data = await peer.openData();
      await peer.ask("RETR large", 150);
      await gateway.store.delete("large", uninterrupted());
      await receiveAll(data);
      return (await peer.reply()).code;
    },
  },
  "beyond-end": {
    async run(_gateway, peer) {
      await peer.ask("REST 1000", 350);
      return await moving(peer, "RETR file");
    },
  },
  "not-resumable": {
    async run(_gateway, peer) {
      await peer.ask("REST 1", 350);
      return await moving(peer, "STOR new");
    },
  },
  "too-short": {
    options: { interrupted: "resume" },
    async run(gateway, peer) {
      await interrupt(gateway, peer, "STOR new");
      await peer.ask("REST 1", 350);
      const { code } = await peer.upload("STOR new", "short");
      await peer.ask("DELE new", 250);
      return code;
    },
  },
  "taken-over": {
    options: { interrupted: "resume" },
    async run(gateway, peer) {
      using other = await gateway.logIn();
      const kept = await interrupt(gateway, peer, "STOR new");
      using data = await resume(peer, kept);
      using _otherData = await resume(other, kept);
      const { code } = await peer.reply();
      data.close();
      await other.ask("ABOR", 426);
      await other.expect(226);
      await other.ask("DELE new", 250);
      return code;
    },
  },
  "not-prepared": asking("LIST"),
  "no-port": {
    options: { passivePorts: 1 },
    async run(gateway, peer) {
      using other = await gateway.logIn();
      await other.extendedPassive();
      return (await peer.command("EPSV")).code;
    },
  },
  "not-opened": {
    async run(gateway, peer) {
      await peer.extendedPassive();
      await peer.ask("LIST", 150);
      await gateway.turn(30_000);
      return (await peer.reply()).code;
    },
  },
  "not-protected": {
    options: { ftps: {} },
    async run(_gateway, peer) {
      await peer.ask("AUTH TLS", 234);
      await peer.startTls();
      await peer.logIn();
      await peer.ask("PBSZ 0", 200);
      await peer.ask("PROT P", 200);
      using data = await peer.openData();
      await peer.ask("LIST", 150);
      await sendAll(data, "no TLS");
      return (await peer.reply()).code;
    },
  },
  "truncated": {
    options: { ftps: {} },
    async run(_gateway, peer) {
      await peer.protect();
      await peer.logIn();
      using data = await CuttableData.open(peer);
      await peer.ask("STOR new", 150);
      await sendAll(data.conn, "content");
      await peer.moved("content".length);
      await data.cut();
      return (await peer.reply()).code;
    },
  },
  "lost": {
    async run(gateway, peer) {
      await gateway.put("large", new Uint8Array(20 * MIB));
      const data = await peer.openData();
      await peer.ask("RETR large", 150);
      data.close();
      return (await peer.reply()).code;
    },
  },
  "stalled": {
    async run(gateway, peer) {
      using _data = await peer.openData();
      await peer.ask("STOR new", 150);
      await gateway.turn(120_000);
      return (await peer.reply()).code;
    },
  },
  "abor": {
    async run(_gateway, peer) {
      await peer.extendedPassive();
      await peer.ask("STOR new", 150);
      const { code } = await peer.command("ABOR");
      await peer.expect(226);
      return code;
    },
  },
  "control-lost": {
    async run(gateway, peer) {
      await peer.extendedPassive();
      await peer.ask("STOR new", 150);
      peer.close();
      await gateway.sessionsLeft(0);
      const [line] = gateway.log.lines.filter(({ fields }) =>
        fields.verb === "STOR" && fields.reply
      );
      return Number(line!.fields.reply);
    },
  },
  "shutdown": {
    async run(gateway, peer) {
      using _data = await peer.openData();
      await peer.ask("STOR new", 150);
      const stopped = gateway.server.shutDown(30_000);
      await gateway.turn(30_000);
      const { code } = await peer.reply();
      await stopped;
      return code;
    },
  },
};

const OTHERS: Readonly<Record<string, Provocation>> = {
  "COS NoSuchKey": refusing("PutObjectCopy", "NoSuchKey", asking("RNFR file", "RNTO new").run),
  "COS NotFound": {
    async run(gateway, peer) {
      await peer.ask("RNFR directory", 350);
      gateway.emulator.faults.add({
        operation: "HeadObject",
        key: "directory/*",
        fault: { kind: "error", code: "NoSuchKey", status: 404 },
      });
      return (await peer.command("RNTO new")).code;
    },
  },
  "COS AccessDenied": refusing("GetObject", "AccessDenied", asking("RETR file").run),
  "COS InvalidObjectState": refusing("GetObject", "InvalidObjectState", asking("RETR file").run),
  "COS FileAlreadyExists": refusing("PutObject", "FileAlreadyExists", asking("MKD new").run),
  "COS KeyTooLong": refusing("PutObject", "KeyTooLong", asking("MKD new").run),
  "COS InvalidObjectName": refusing("PutObject", "InvalidObjectName", asking("MKD new").run),
  "COS InvalidURI": refusing("PutObject", "InvalidURI", asking("MKD new").run),
  "COS EntityTooLarge": refusing("PutObject", "EntityTooLarge", asking("MKD new").run),
  "COS, any other": refusing("GetBucket", "InternalError", asking("CWD elsewhere").run),
  "unexpected": {
    options: { authenticator: { authenticate: () => Promise.reject(new RangeError("bug")) } },
    run: asking("USER alice", "PASS secret").run,
  },
  "not logged in": asking("REIN", "PWD"),
  "TLS needed to log in": {
    options: { ftps: { required: "control" } },
    run: asking("USER alice").run,
  },
  "TLS needed for data": {
    options: { ftps: {}, requireTls: true },
    async run(gateway) {
      using other = await gateway.connect();
      await other.ask("AUTH TLS", 234);
      await other.startTls();
      await other.logIn();
      return await moving(other, "LIST");
    },
  },
  "less protection": { options: { ftps: {} }, run: asking("CCC").run },
  "protection level": {
    options: { ftps: {} },
    async run(_gateway, peer) {
      await peer.protect();
      return (await peer.command("PROT S")).code;
    },
  },
  "login incorrect": asking("USER alice", "PASS wrong"),
  "authority": { options: { authority: "R" }, run: asking("DELE file").run },
  "not UTF-8": {
    async run(_gateway, peer) {
      await peer.send(Uint8Array.of(0x43, 0x57, 0x44, 0x20, 0xff, 0x0d, 0x0a));
      return (await peer.reply()).code;
    },
  },
  "malformed argument": asking("REST many"),
  "not a directory": asking("MLSD file"),
  "unknown command": asking("NOSUCH"),
  "line too long": asking("x".repeat(9000)),
  "not implemented": asking("SMNT /"),
  "bad sequence": asking("RNTO new"),
  "unknown parameter": asking("TYPE E"),
  "network protocol": asking("EPSV 2"),
  "restart refused": {
    async run(_gateway, peer) {
      await peer.ask("REST 1", 350);
      return await moving(peer, "APPE new");
    },
  },
  "too many connections": {
    options: { maxConnections: 1 },
    async run(gateway) {
      using other = await FtpPeer.connect(gateway.address);
      return (await other.reply()).code;
    },
  },
  "too many of one address": {
    options: { maxConnectionsPerAddress: 1 },
    async run(gateway) {
      using other = await FtpPeer.connect(gateway.address);
      return (await other.reply()).code;
    },
  },
  "too many not logged in": {
    options: { maxUnauthenticated: 1 },
    async run(gateway) {
      using _first = await gateway.connect();
      using other = await FtpPeer.connect(gateway.address);
      return (await other.reply()).code;
    },
  },
  "banned": {
    options: { loginGuard: { threshold: 1 } },
    async run(gateway) {
      gateway.guard.failed("127.0.0.1");
      using other = await FtpPeer.connect(gateway.address);
      return (await other.reply()).code;
    },
  },
  "too many logins": {
    options: { maxLogins: 1 },
    async run(gateway) {
      using other = await gateway.connect();
      await other.ask("USER alice", 331);
      return (await other.command("PASS secret")).code;
    },
  },
  "failed logins": {
    async run(gateway) {
      using other = await gateway.connect();
      await other.send("USER a\r\nPASS b\r\n".repeat(3));
      for (const code of [331, 530, 331, 530, 331]) await other.expect(code);
      return (await other.reply()).code;
    },
  },
  "idle": {
    async run(gateway, peer) {
      await gateway.turn(300_000);
      return (await peer.reply()).code;
    },
  },
  "slow login": {
    async run(gateway) {
      using other = await gateway.connect();
      await gateway.turn(30_000);
      return (await other.reply()).code;
    },
  },
};

/** Sends lines, the last of which must provoke it; a data connection is prepared for those that move data. */
function asking(...lines: readonly string[]): Provocation {
  return {
    async run(_gateway, peer) {
      const last = lines.at(-1)!;
      for (const line of lines.slice(0, -1)) await peer.command(line);
      return /^(RETR|STOR|MLSD) /.test(last)
        ? await moving(peer, last)
        : (await peer.command(last)).code;
    },
  };
}

/** COS refuses an operation with a code. */
function refusing(operation: Operation, code: string, run: Provocation["run"]): Provocation {
  return {
    async run(gateway, peer) {
      gateway.emulator.faults.add({ operation, fault: { kind: "error", code, status: 400 } });
      return await run(gateway, peer);
    },
  };
}

/** A command that is refused before its 150. */
async function moving(peer: FtpPeer, line: string): Promise<number> {
  await peer.extendedPassive();
  return (await peer.command(line)).code;
}

const readme = Deno.readTextFileSync(new URL("../../src/README.md", import.meta.url));
const section = readme.split("\n## ").find((part) => part.startsWith("Errors and replies\n"))!;
const rows = [...section.matchAll(/^\| (.+?) +\| (\d{3}) +\| .+ \|$/gm)]
  .map(([, error, code]) => ({ error: error!.replaceAll("`", ""), code: Number(code) }));
const provocations = new Map(Object.entries({ ...KINDS, ...OTHERS }));

Deno.test("the table of errors and replies has a row for each error there is", () => {
  assert.deepEqual(rows.map(({ error }) => error).sort(), [...provocations.keys()].sort());
});

/** Of these the login itself is a part, or not possible. */
const BEFORE_LOGIN = ["unexpected", "TLS needed to log in", "TLS needed for data"];

for (const { error, code } of rows) {
  Deno.test(`the error "${error}" is told by ${code}`, async () => {
    const { options, run } = provocations.get(error)!;
    await using gateway = await Gateway.start(options);
    await gateway.put("file", "content");
    await gateway.put("directory/a");
    await gateway.put("directory/b");
    using peer = await gateway.connect();
    if (!BEFORE_LOGIN.includes(error)) await peer.logIn();
    assert.equal(await run(gateway, peer), code);
  });
}

/** Breaks an upload off after three parts. @returns the bytes that are kept. */
async function interrupt(gateway: Gateway, peer: FtpPeer, line: string): Promise<number> {
  using data = await peer.openData();
  await peer.ask(line, 150);
  await sendAll(data, new Uint8Array(3 * PART_SIZE + 1));
  await gateway.emulator.traffic.ended("UploadPart", 2);
  await peer.moved(3 * PART_SIZE + 1);
  await peer.ask("ABOR", 426);
  await peer.expect(226);
  return Number((await peer.ask("SIZE new", 213)).text);
}

async function resume(peer: FtpPeer, marker: number): Promise<Deno.Conn> {
  const data = await peer.openData();
  await peer.ask(`REST ${marker}`, 350);
  await peer.ask("STOR new", 150);
  return data;
}

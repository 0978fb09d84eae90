import assert from "node:assert/strict";
import { ArrivalBarrier, type Arrivals } from "../../src/net/arrival_barrier.ts";
import type { CertificatePair } from "../../src/net/certificate.ts";
import { selfSignedCertificate } from "../../src/net/self_signed.ts";
import type { CertificateSource } from "../../src/net/server_certificate.ts";
import { noise } from "../checksum/noise.ts";
import { LOCALHOST } from "../net/localhost_certificate.ts";
import { CuttableData, Detour } from "./detour.ts";
import { Gateway, MIB } from "./gateway.ts";
import { FtpPeer, receiveAll, sendAll, startTls } from "./ftp_peer.ts";

const LARGE = noise(3 * MIB + 7);

/** A session of the account with everything under TLS. */
async function logInPrivately(gateway: Gateway): Promise<FtpPeer> {
  const peer = await gateway.connect();
  await peer.protect();
  await peer.logIn();
  return peer;
}

/** Uploads, lists and downloads a file of several parts. */
async function carryThereAndBack(gateway: Gateway, peer: FtpPeer): Promise<void> {
  assert.equal((await peer.upload("STOR large", LARGE)).code, 226);
  assert.deepEqual(await gateway.get("large"), LARGE);
  assert.deepEqual(await peer.names(), ["large"]);
  assert.deepEqual((await peer.download("RETR large")).bytes, LARGE);
}

Deno.test("AUTH TLS and PROT P protect commands and data", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await logInPrivately(gateway);
  await carryThereAndBack(gateway, peer);
  await peer.ask("QUIT", 221);
  assert.equal(await peer.conn.read(new Uint8Array(1)), null, "the end has its close_notify");
});

Deno.test("implicit TLS comes before 220 and protects data from the beginning", async () => {
  await using gateway = await Gateway.start({ ftps: { required: "all" } });
  using peer = await gateway.connectImplicit();
  peer.dataIsPrivate = true;
  await peer.logIn();
  await carryThereAndBack(gateway, peer);
});

Deno.test("the older names of AUTH TLS protect data from the beginning", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  for (
    const [mechanism, isPrivate] of Object.entries({ "tls-c": false, ssl: true, "TLS-P": true })
  ) {
    using peer = await gateway.connect();
    await peer.ask(`AUTH ${mechanism}`, 234);
    await peer.startTls();
    peer.dataIsPrivate = isPrivate;
    await peer.logIn();
    assert.equal((await peer.upload("STOR a", "content")).code, 226, mechanism);
  }
});

Deno.test("PROT C leaves data connections in clear text under a protected control connection", async () => {
  await using gateway = await Gateway.start({ ftps: { required: "control" } });
  using peer = await logInPrivately(gateway);
  await peer.ask("PROT C", 200);
  peer.dataIsPrivate = false;
  await carryThereAndBack(gateway, peer);
});

Deno.test("active data connections are protected too, with the gateway as TLS server", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  await gateway.put("a", "content");
  using peer = await logInPrivately(gateway);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  for (const [line, content] of [["RETR a", "content"], ["STOR b", ""]] as const) {
    await peer.ask(`EPRT |1|127.0.0.1|${port}|`, 200);
    await peer.ask(line, 150);
    using data = await startTls(await listener.accept());
    if (line.startsWith("STOR")) {
      await sendAll(data, "active");
      await data.closeWrite();
    }
    assert.equal(new TextDecoder().decode(await receiveAll(data)), content);
    await peer.expect(226);
  }
  assert.equal(await gateway.text("b"), "active");
});

Deno.test("STAT and ABOR are heard in a transfer under TLS", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await logInPrivately(gateway);
  assert.ok((await peer.ask("STAT", 211)).lines.includes(
    " Control connection: TLS, data connections: TLS",
  ));
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, "some");
  await peer.moved(4);
  await peer.ask("ABOR", 426);
  await peer.expect(226);
  assert.equal(await gateway.text("a"), undefined);
});

Deno.test("an upload with AUTH behind it is not stored: nobody hears whether the client is there", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await gateway.logIn();
  using data = await peer.openData();
  await peer.ask("STOR a", 150);
  await sendAll(data, "content");
  await peer.moved(7);
  await peer.send("AUTH TLS\r\n");
  await gateway.turn(0);
  await (data as Deno.TcpConn).closeWrite();
  await peer.expect(426);
  await peer.expect(234);
  assert.equal(await gateway.text("a"), undefined);
});

Deno.test("a client that is gone when its upload has ended is noticed through TLS", async () => {
  using barrier = await ArrivalBarrier.open();
  const detours: Detour[] = [];
  const arrivals: Arrivals = {
    catchUp: () => barrier.catchUp(),
    async settle() {
      await barrier.settle(1);
      await detours.at(-1)!.cut();
      await barrier.catchUp();
      await barrier.catchUp();
    },
  };
  await using gateway = await Gateway.start({ ftps: { truncation: "accept" }, arrivals });
  await gateway.put("a", "old");
  for (const level of ["C", "P"]) {
    for (let round = 0; round < 10; round++) {
      using detour = new Detour(gateway.address);
      detours.push(detour);
      using peer = await FtpPeer.connect(detour.address);
      await peer.expect(220);
      await peer.protect();
      await peer.logIn();
      await peer.ask(`PROT ${level}`, 200);
      peer.dataIsPrivate = level === "P";
      using data = await peer.openData();
      await peer.ask("STOR a", 150);
      await sendAll(data, "new");
      await (data as Deno.TcpConn | Deno.TlsConn).closeWrite();
      await gateway.sessionsLeft(0);
      assert.equal(await gateway.text("a"), "old", `PROT ${level}, round ${round}`);
    }
  }
});

Deno.test("security commands have the replies of RFC 2228 and RFC 4217", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await gateway.connect();
  await peer.ask("AUTH GSSAPI", 504);
  await peer.ask("AUTH", 501);
  await peer.ask("PBSZ 0", 503);
  await peer.ask("PROT P", 503);
  await peer.ask("CCC", 534);
  await peer.ask("AUTH TLS", 234);
  await peer.startTls();
  await peer.ask("AUTH TLS", 503);
  await peer.ask("PROT P", 503);
  await peer.ask("PBSZ many", 501);
  assert.equal((await peer.ask("PBSZ 65536", 200)).text, "PBSZ=0");
  for (const [level, code] of Object.entries({ P: 200, c: 200, S: 536, e: 536, X: 504 })) {
    await peer.ask(`PROT ${level}`, code);
  }
  await peer.ask("CCC", 534);
  await peer.ask("REIN", 502);
  const { lines } = await peer.ask("FEAT", 211);
  for (const feature of [" AUTH TLS", " PBSZ", " PROT"]) assert.ok(lines.includes(feature));
});

Deno.test("AUTH logs out: what was agreed in clear text counts for nothing", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await gateway.logIn();
  await peer.ask("AUTH TLS", 234);
  await peer.startTls();
  await peer.ask("PWD", 530);
  await peer.ask("PASS secret", 503);
  await peer.logIn();
});

Deno.test("command injection: what comes in clear text behind AUTH is thrown away", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  await gateway.put("file", "content");
  const injected = "USER alice\r\nPASS secret\r\nDELE file\r\nUSER alice\r\n";
  for (const ending of ["\r\n", "\n"]) {
    using peer = await gateway.connect();
    await peer.send(`AUTH TLS${ending}${injected}`);
    await peer.expect(234);
    await peer.startTls();
    await peer.ask("PASS secret", 503);
    await peer.ask("NOOP", 200);
  }
  assert.equal(await gateway.text("file"), "content");
});

Deno.test("command injection: clear text after 234 ends the session unread", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await gateway.connect();
  await peer.ask("AUTH TLS", 234);
  await peer.send("USER alice\r\nPASS secret\r\n");
  assert.doesNotMatch(await restOf(peer), /331|230/);
  await gateway.sessionsLeft(0);
  assert.deepEqual(gateway.log.lines.filter(({ message }) => message === "Login"), []);
});

for (
  const [truncation, code, content] of [["reject", 426, "old"], ["accept", 226, "new"]] as const
) {
  Deno.test(`an upload that ends by FIN without close_notify, tls_truncation = ${truncation}`, async () => {
    await using gateway = await Gateway.start({ ftps: { truncation } });
    await gateway.put("a", "old");
    using peer = await logInPrivately(gateway);
    using data = await CuttableData.open(peer);
    await peer.ask("STOR a", 150);
    await sendAll(data.conn, "new");
    await peer.moved(3);
    await data.cut();
    await peer.expect(code);
    assert.equal(await gateway.text("a"), content);
  });
}

Deno.test("an upload waits for nothing when its client does not wait for the gateway's close_notify", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await logInPrivately(gateway);
  for (let round = 0; round < 20; round++) {
    assert.equal((await peer.upload("STOR a", `content ${round}`)).code, 226);
    assert.equal(await gateway.text("a"), `content ${round}`);
  }
});

Deno.test("a session keeps the certificate that it began with, for its data connections too", async () => {
  const renewed = await selfSignedCertificate({ names: ["localhost"], now: Date.now(), days: 2 });
  let pair: CertificatePair = LOCALHOST;
  const source: CertificateSource = {
    read: () => Promise.resolve(pair),
    version: () => Promise.resolve(pair.cert),
  };
  await using gateway = await Gateway.start({ ftps: { source } });
  using before = await logInPrivately(gateway);
  pair = renewed;
  await gateway.turn(5_000);
  using after = await gateway.connect();
  after.trusted = renewed.cert;
  await after.protect();
  await after.logIn();
  assert.equal((await before.upload("STOR a", "old certificate")).code, 226);
  assert.equal((await after.upload("STOR b", "new certificate")).code, 226);
});

/** Whatever bytes still come. */
async function restOf({ conn }: FtpPeer): Promise<string> {
  const buffer = new Uint8Array(1000);
  let text = "";
  for (let count; (count = await conn.read(buffer).catch(() => null)) !== null;) {
    text += String.fromCharCode(...buffer.subarray(0, count));
  }
  return text;
}

Deno.test("commands behind an AUTH that is refused are carried out", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await gateway.connect();
  await peer.send("AUTH GSSAPI\r\nNOOP\r\nUSER alice\r\n");
  await peer.expect(504);
  await peer.expect(200);
  await peer.expect(331);
});

Deno.test("tls_required = control: no login in clear text, data as the client likes", async () => {
  await using gateway = await Gateway.start({ ftps: { required: "control" } });
  using peer = await gateway.connect();
  await peer.ask("USER alice", 533);
  await peer.ask("PASS secret", 503);
  await peer.ask("AUTH TLS", 234);
  await peer.startTls();
  await peer.logIn();
  assert.equal((await peer.upload("STOR a", "content")).code, 226);
});

Deno.test("tls_required = all: no data connection in clear text", async () => {
  await using gateway = await Gateway.start({ ftps: { required: "all" } });
  using peer = await gateway.connect();
  await peer.ask("USER alice", 533);
  await peer.ask("AUTH TLS", 234);
  await peer.startTls();
  await peer.logIn();
  for (const line of ["LIST", "MLSD", "NLST", "RETR a", "STOR a", "STOU", "APPE a"]) {
    await peer.extendedPassive();
    await peer.ask(line, 521);
  }
  await peer.ask("PBSZ 0", 200);
  await peer.ask("PROT C", 534);
  await peer.ask("PROT P", 200);
  peer.dataIsPrivate = true;
  assert.equal((await peer.upload("STOR a", "content")).code, 226);
});

Deno.test("require_tls: an account cannot be told in clear text, and has private data only", async () => {
  await using gateway = await Gateway.start({ ftps: {}, requireTls: true });
  using plain = await gateway.connect();
  const answers: string[] = [];
  for (const password of ["secret", "wrong"]) {
    await plain.ask("USER alice", 331);
    answers.push((await plain.ask(`PASS ${password}`, 530)).text);
  }
  assert.equal(answers[0], answers[1]);
  using peer = await gateway.connect();
  await peer.ask("AUTH TLS", 234);
  await peer.startTls();
  await peer.logIn();
  await peer.extendedPassive();
  await peer.ask("LIST", 521);
  await peer.ask("PBSZ 0", 200);
  await peer.ask("PROT C", 534);
});

Deno.test("a TLS handshake that does not go on ends with the login timeout", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using explicit = await gateway.connect();
  await explicit.ask("AUTH TLS", 234);
  using implicit = await FtpPeer.connect(gateway.implicitAddress!);
  while (gateway.server.sessions < 2) await gateway.turn(0);
  await gateway.turn(30_000);
  await Promise.all([restOf(explicit), restOf(implicit)]);
  await gateway.sessionsLeft(0);
});

Deno.test("a TLS handshake that does not go on does not hold up a shutdown", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await FtpPeer.connect(gateway.implicitAddress!);
  while (gateway.server.sessions < 1) await gateway.turn(0);
  await gateway.server.shutDown(30_000);
  assert.equal(await restOf(peer), "");
});

Deno.test("a client that speaks no TLS on the implicit port is closed", async () => {
  await using gateway = await Gateway.start({ ftps: {} });
  using peer = await FtpPeer.connect(gateway.implicitAddress!);
  await peer.send("USER alice\r\nPASS secret\r\n");
  assert.doesNotMatch(await restOf(peer), /220|331/);
});

Deno.test("sessions beyond the limit on the implicit port are closed without a reply", async () => {
  await using gateway = await Gateway.start({ ftps: {}, maxConnections: 1 });
  using _first = await gateway.connect();
  using peer = await FtpPeer.connect(gateway.implicitAddress!);
  assert.equal(await restOf(peer), "");
});

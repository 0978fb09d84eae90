import assert from "node:assert/strict";
import { Gateway } from "./gateway.ts";
import { FtpPeer, receiveAll } from "./ftp_peer.ts";
import { Masquerade } from "../../src/ftp/data/masquerade.ts";
import { MemoryLog } from "../memory_log.ts";

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

const ignore = !hasIpv6();

Deno.test(
  "an IPv6 session transfers by EPSV and EPRT, and PASV says what to use",
  { ignore },
  async () => {
    await using gateway = await Gateway.start({ hostname: "::1" });
    await gateway.put("a", "content");
    using peer = await gateway.logIn();
    assert.match((await peer.ask("PASV", 425)).text, /EPSV/);
    await peer.ask("EPSV 2", 229);
    assert.match((await peer.ask("EPSV 1", 522)).text, /\(2\)/);
    assert.equal(new TextDecoder().decode((await peer.download("RETR a")).bytes), "content");

    using listener = Deno.listen({ hostname: "::1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    for (const address of ["::1", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001"]) {
      await peer.ask(`EPRT |2|${address}|${port}|`, 200);
      await peer.send("RETR a\r\n");
      using data = await listener.accept();
      await peer.expect(150);
      assert.equal(new TextDecoder().decode(await receiveAll(data)), "content");
      await peer.expect(226);
    }
    await peer.ask(`EPRT |1|127.0.0.1|${port}|`, 504);
    await peer.ask(`PORT 127,0,0,1,${port >> 8},${port & 255}`, 504);
  },
);

Deno.test(
  "masquerade_address, which is IPv4, does not lure an IPv6 client into PASV",
  { ignore },
  async () => {
    const masquerade = await Masquerade.start({
      name: "203.0.113.9",
      except: [],
      resolve: () => Promise.reject(new Error("not asked")),
      clock: { now: () => 0, schedule: () => assert.fail("nothing is looked up") },
      log: new MemoryLog(),
    });
    await using gateway = await Gateway.start({ hostname: "::1", masquerade });
    using peer = await gateway.logIn();
    await peer.ask("PASV", 425);
    await peer.list("LIST");
  },
);

Deno.test(
  "IPv4 clients of a server that listens on all addresses are IPv4 clients",
  { ignore },
  async () => {
    await using gateway = await Gateway.start({ hostname: "::" });
    using peer = await FtpPeer.connect({ hostname: "127.0.0.1", port: gateway.address.port });
    await peer.expect(220);
    await peer.logIn();
    assert.match((await peer.ask("PASV", 227)).text, /\(127,0,0,1,/);
    await peer.ask("EPSV 1", 229);
    await peer.ask("EPSV 2", 522);
    await peer.ask("PORT 127,0,0,1,200,200", 200);
    await peer.ask("EPRT |2|::ffff:127.0.0.1|50000|", 200);
    await peer.list("LIST");
    assert.ok(
      gateway.log.lines.every(({ fields }) => (fields.peer ?? "127.0.0.1") === "127.0.0.1"),
    );
  },
);

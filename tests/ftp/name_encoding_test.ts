import assert from "node:assert/strict";
import { gb18030 } from "../../src/accounts/name_encoding.ts";
import { Gateway } from "./gateway.ts";

const encoder = new TextEncoder();

/** `STOR ` and the like, then bytes as a Windows client sends them. */
function line(verb: string, name: Uint8Array): Uint8Array {
  return new Uint8Array([...encoder.encode(`${verb} `), ...name, 13, 10]);
}

Deno.test("names of an account in GB18030 are stored as what they say, and come back as they were sent", async () => {
  const encoding = await gb18030();
  await using gateway = await Gateway.start({ nameEncoding: encoding });
  using peer = await gateway.logIn();
  peer.decoder = new TextDecoder("gb18030", { fatal: true });
  // Two bytes a character, a euro sign, and a character of four bytes.
  for (const name of ["报告.txt", "€.txt", "𠮷野家.txt"]) {
    const sent = encoding.encode(name);
    const data = await peer.openData();
    await peer.send(line("STOR", sent));
    await peer.expect(150);
    data.close();
    await peer.expect(226);
    assert.equal(await gateway.text(name), "");
    const { bytes } = await peer.download("NLST");
    assert.deepEqual(bytes, new Uint8Array([...sent, 13, 10]));
    await peer.send(line("DELE", sent));
    await peer.expect(250);
  }
});

Deno.test("OPTS UTF8 ON switches a session of an account in GB18030 to UTF-8, OFF back", async () => {
  const encoding = await gb18030();
  await using gateway = await Gateway.start({ nameEncoding: encoding });
  await gateway.put("报告.txt", "x");
  using peer = await gateway.logIn();
  await peer.ask("OPTS UTF8 ON", 200);
  await peer.ask("SIZE 报告.txt", 213);
  assert.deepEqual(await peer.names(), ["报告.txt"]);
  await peer.ask("OPTS UTF8 OFF", 200);
  await peer.send(line("SIZE", encoding.encode("报告.txt")));
  await peer.expect(213);
});

Deno.test("bytes that are not GB18030 are refused with 501", async () => {
  await using gateway = await Gateway.start({ nameEncoding: await gb18030() });
  using peer = await gateway.logIn();
  for (const bytes of [[0xff], [0x81], [0x81, 0x20], [0x81, 0x30, 0x81]]) {
    await peer.send(line("SIZE", new Uint8Array(bytes)));
    await peer.expect(501);
  }
});

Deno.test("every two-byte name of GB18030 that can be decoded comes back as it was", async () => {
  const encoding = await gb18030();
  let count = 0;
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const bytes = Uint8Array.of(lead, trail);
      let text: string;
      try {
        text = encoding.decode(bytes);
      } catch {
        continue;
      }
      assert.deepEqual(new Uint8Array(encoding.encode(text)), bytes);
      count++;
    }
  }
  assert.ok(count > 20_000, `${count} can be decoded`);
});

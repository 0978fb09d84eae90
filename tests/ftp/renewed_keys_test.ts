import assert from "node:assert/strict";
import { renewedCredentials } from "../../src/accounts/credentials.ts";
import type { KeySource } from "../../src/accounts/key_source.ts";
import { systemClock } from "../../src/clock.ts";
import type { Credential } from "../../src/emulator/api/signature.ts";
import { MemoryLog } from "../memory_log.ts";
import { Gateway, KEYS, MIB } from "./gateway.ts";

/** Temporary keys that a test ends, and whoever hands them out. */
class Issuer {
  /** Whom the emulator lets in. */
  readonly known: Credential[] = [KEYS];
  handedOut = 0;

  readonly source: KeySource = {
    name: "the issuer",
    maxAge: Infinity,
    read: () => {
      const number = ++this.handedOut;
      const keys = { secretId: `AKID${number}`, secretKey: "s", token: `t${number}` };
      this.known.push(keys);
      return Promise.resolve({ keys, end: Infinity });
    },
  };

  /** Ends the keys that are in use: the way COS tells of it. */
  end(how: "ExpiredToken" | "InvalidAccessKeyId"): void {
    const keys = this.known.pop()!;
    if (how === "ExpiredToken") this.known.push({ ...keys, expires: 1 });
  }

  start(): Promise<Gateway> {
    const credentials = renewedCredentials({
      source: this.source,
      clock: systemClock,
      log: new MemoryLog(),
    });
    return Gateway.start({ credentials, emulatorKeys: this.known });
  }
}

for (const how of ["ExpiredToken", "InvalidAccessKeyId"] as const) {
  Deno.test(`long upload goes on with new keys after ${how}`, async () => {
    const issuer = new Issuer();
    await using gateway = await issuer.start();
    using peer = await gateway.logIn();
    const file = crypto.getRandomValues(new Uint8Array(48 * 1024));
    const parts = 6;
    using data = await peer.openData();
    await peer.ask("STOR long", 150);
    for (let part = 0; part < parts; part++) {
      for (let sent = 0; sent < MIB; sent += file.length) await data.write(file);
      await peer.moved((part + 1) * MIB);
      if (part === 3) issuer.end(how);
    }
    data.close();
    await peer.expect(226);
    assert.equal(issuer.handedOut, 2);
    const stored = (await gateway.get("long"))!;
    assert.equal(stored.length, parts * Math.ceil(MIB / file.length) * file.length);
  });
}

Deno.test("without keys clients hear 451, and the log says why", async () => {
  const issuer = new Issuer();
  await using gateway = await issuer.start();
  using peer = await gateway.logIn();
  issuer.source.read = () => Promise.reject(new Error("the service is down"));
  const { text } = await peer.ask("MKD a", 451);
  assert.equal(text, "COS could not do this now");
  const line = gateway.log.lines.find(({ fields }) => fields.code === "NoKeys")!;
  assert.match(`${line.fields.error}`, /Cannot get keys from the issuer: the service is down/);
});

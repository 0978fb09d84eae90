import assert from "node:assert/strict";
import { type CertificatePair } from "../../src/net/certificate.ts";
import { listen } from "../../src/net/connection.ts";
import { selfSignedCertificate } from "../../src/net/self_signed.ts";
import {
  certificateFiles,
  type CertificateLease,
  type CertificateSource,
  ServerCertificate,
} from "../../src/net/server_certificate.ts";
import type { TlsLease } from "../../src/net/tls_relay.ts";
import { FakeClock } from "../fake_clock.ts";
import { MemoryLog } from "../memory_log.ts";

const DAY = 86_400_000;

/** A certificate that is valid now, for the tests' TLS client, and for the fake clock. */
const make = () => selfSignedCertificate({ names: ["localhost"], now: Date.now(), days: 2 });

/** A source whose certificate a test replaces. */
class Replaceable implements CertificateSource {
  reads = 0;
  #pair: CertificatePair;
  #version = 0;

  constructor(pair: CertificatePair) {
    this.#pair = pair;
  }

  replace(pair: CertificatePair): void {
    this.#pair = pair;
    this.#version++;
  }

  read(): Promise<CertificatePair> {
    this.reads++;
    return Promise.resolve(this.#pair);
  }

  version(): Promise<string> {
    return Promise.resolve(`${this.#version}`);
  }
}

/** Whether a client that trusts nothing but `cert` gets TLS by `lease`, on both connections. @throws when on one only. */
async function shows({ control, data }: CertificateLease, cert: string): Promise<boolean> {
  const shown = await isTrusted(control, cert);
  assert.equal(await isTrusted(data, cert), shown);
  return shown;
}

async function isTrusted(lease: TlsLease, cert: string): Promise<boolean> {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  const client = await Deno.connect(listener.address);
  const accepting = lease.accept((await listener.accept())!, {
    signal: new AbortController().signal,
    truncation: "accept",
    halfClose: true,
  });
  const tls = await Deno.startTls(client, { hostname: "localhost", caCerts: [cert] });
  const outcomes = await Promise.allSettled([accepting, tls.handshake()]);
  tls.close();
  const [accepted] = outcomes;
  if (accepted.status === "fulfilled") accepted.value.close();
  return outcomes.every(({ status }) => status === "fulfilled");
}

async function open(source: CertificateSource) {
  const [clock, log] = [new FakeClock(Date.now()), new MemoryLog()];
  return { clock, log, certificate: await ServerCertificate.open({ source, clock, log }) };
}

Deno.test("a certificate that was replaced serves new leases, the old ones keep theirs", async () => {
  const [first, second] = [await make(), await make()];
  const source = new Replaceable(first);
  const { clock, certificate } = await open(source);
  using _closing = certificate;
  using before = await certificate.lease();
  assert.equal(await shows(before, first.cert), true);
  source.replace(second);
  using soon = await certificate.lease();
  assert.equal(await shows(soon, first.cert), true, "it is not looked at every time");
  clock.advance(5_000);
  using after = await certificate.lease();
  assert.equal(await shows(after, second.cert), true);
  assert.equal(await shows(before, first.cert), true);
  assert.equal(await shows(before, second.cert), false);
});

Deno.test("a certificate that stays as it is is read once", async () => {
  const source = new Replaceable(await make());
  const { clock, certificate } = await open(source);
  using _closing = certificate;
  for (let count = 0; count < 3; count++) {
    clock.advance(60_000);
    using _lease = await certificate.lease();
  }
  assert.equal(source.reads, 1);
});

Deno.test("a new certificate that cannot be used is logged once, and the old one stays", async () => {
  const [first, second] = [await make(), await make()];
  const source = new Replaceable(first);
  const { clock, log, certificate } = await open(source);
  using _closing = certificate;
  source.replace({ cert: second.cert, key: first.key });
  for (let count = 0; count < 3; count++) {
    clock.advance(60_000);
    using lease = await certificate.lease();
    assert.equal(await shows(lease, first.cert), true);
  }
  const errors = log.lines.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1);
  assert.match(String(errors[0]!.fields.error), /found the key of another certificate/);
  source.replace(second);
  clock.advance(60_000);
  using lease = await certificate.lease();
  assert.equal(await shows(lease, second.cert), true);
});

Deno.test("a certificate that is not valid now is used with a warning", async () => {
  const old = await selfSignedCertificate({
    names: ["localhost"],
    now: Date.now() - 30 * DAY,
    days: 2,
  });
  const { log, certificate } = await open(new Replaceable(old));
  certificate[Symbol.dispose]();
  assert.deepEqual(log.lines.map(({ level }) => level), ["warning"]);
});

Deno.test("certificate files that change, or are missing, are noticed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = { cert: `${folder}/cert.pem`, key: `${folder}/key.pem` };
    const source = certificateFiles(files);
    await assert.rejects(open(source), Deno.errors.NotFound);
    const write = async ({ cert, key }: CertificatePair) => {
      for (const [path, text] of [[files.cert, cert], [files.key, key]] as const) {
        await Deno.writeTextFile(`${path}.new`, text);
        await Deno.rename(`${path}.new`, path);
      }
    };
    const [first, second] = [await make(), await make()];
    await write(first);
    const { clock, log, certificate } = await open(source);
    using _closing = certificate;
    await write(second);
    clock.advance(5_000);
    {
      using lease = await certificate.lease();
      assert.equal(await shows(lease, second.cert), true);
    }
    await Deno.remove(files.key);
    for (let count = 0; count < 2; count++) {
      clock.advance(5_000);
      using lease = await certificate.lease();
      assert.equal(await shows(lease, second.cert), true);
    }
    assert.deepEqual(log.lines.map(({ level }) => level), ["info", "info", "error"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

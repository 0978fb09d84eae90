import assert from "node:assert/strict";
import { selfSignedCertificate } from "../../../src/net/self_signed.ts";
import { FakeClock } from "../../fake_clock.ts";
import { ACCOUNT, brief, checkText } from "./checked_configuration.ts";

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;
const PATHS = { cert: "/etc/cert.pem", key: "/etc/key.pem" };

const PAIR = await selfSignedCertificate({ names: ["ftp.example.com"], now: NOW, days: 90 });

async function check(
  { pair = PAIR, now = NOW, masquerade = "ftp.example.com" }: {
    pair?: { cert?: string; key?: string };
    now?: number;
    masquerade?: string;
  } = {},
) {
  const files: Record<string, string> = {};
  if (pair.cert !== undefined) files[PATHS.cert] = pair.cert;
  if (pair.key !== undefined) files[PATHS.key] = pair.key;
  const text = `${ACCOUNT}[NETWORK]\nmasquerade_address = ${masquerade}\n`;
  const clock = new FakeClock(now);
  return brief(await checkText("config.certificate", text, { certificate: PATHS, files, clock }));
}

/** The certificate of these tests is signed by itself. */
const SELF_SIGNED =
  "warn /etc/cert.pem: The certificate is signed by itself: no client trusts it unasked";

Deno.test("a certificate that is valid says for whom and how long", async () => {
  assert.deepEqual(await check(), [
    "pass /etc/cert.pem: DNS:ftp.example.com, valid for 90 days",
    SELF_SIGNED,
  ]);
  assert.deepEqual(await checkText("config.certificate", ACCOUNT), []);
});

Deno.test("a certificate that expires soon, has expired or is not valid yet is named with the day", async () => {
  const [soon] = await check({ now: NOW + 80 * DAY });
  assert.equal(soon, "warn /etc/cert.pem: The certificate expires in 10 days, on 2027-02-19");
  const [late] = await check({ now: NOW + 91 * DAY });
  assert.equal(late, "fail /etc/cert.pem: The certificate has expired on 2027-02-19");
  const [early] = await check({ now: NOW - 2 * DAY });
  assert.equal(early, "fail /etc/cert.pem: The certificate is only valid from 2026-11-20");
});

Deno.test("a certificate for other names than masquerade_address is warned of", async () => {
  for (const masquerade of ["gw.example.com", "203.0.113.7"]) {
    const findings = await check({ masquerade });
    assert.equal(
      findings[1],
      `warn /etc/cert.pem: The certificate is for DNS:ftp.example.com, not for masquerade_address ${masquerade}`,
    );
  }
});

Deno.test("a certificate for masquerade_address fits, whether that is a name or an address", async () => {
  const names = ["ftp.example.com", "203.0.113.7"] as const;
  const pair = await selfSignedCertificate({ names, now: NOW, days: 90 });
  for (const masquerade of names) {
    assert.deepEqual(await check({ pair, masquerade }), [
      "pass /etc/cert.pem: DNS:ftp.example.com, IP Address:203.0.113.7, valid for 90 days",
      SELF_SIGNED,
    ]);
  }
});

Deno.test("a certificate with its chain behind it is not warned of", async () => {
  const other = await selfSignedCertificate({ names: ["ca.example.com"], now: NOW, days: 90 });
  const findings = await check({ pair: { cert: PAIR.cert + other.cert, key: PAIR.key } });
  assert.deepEqual(findings, ["pass /etc/cert.pem: DNS:ftp.example.com, valid for 90 days"]);
});

Deno.test("a key of another certificate, and files that cannot be read, are named by their paths", async () => {
  const other = await selfSignedCertificate({ names: ["ftp.example.com"], now: NOW, days: 90 });
  const [mismatch] = await check({ pair: { cert: PAIR.cert, key: other.key } });
  assert.match(mismatch!, /^fail \/etc\/key\.pem: Cannot use the key: found the key of another/);
  const [broken] = await check({ pair: { cert: "nothing", key: other.key } });
  assert.match(broken!, /^fail \/etc\/cert\.pem: Cannot use the certificate: found no certificate/);
  const [absent] = await check({ pair: { key: other.key } });
  assert.match(absent!, /^fail \/etc\/cert\.pem: Cannot read the file: /);
});

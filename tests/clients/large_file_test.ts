import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { noise } from "../checksum/noise.ts";
import { type GatewayTest, gatewayTests } from "./client_test_case.ts";
import type { Client } from "./installed.ts";
import {
  curlOverTls,
  lftpOverTls,
  rcloneOverTls,
  type Spoken,
  urlOf,
  VERSIONS,
} from "./tls_clients.ts";

const GIB = 1024 ** 3;

/** How a client stores the file `large`, and fetches it into `fetched`. */
interface Carrier {
  readonly client: Client;
  /** Without it: clear text. */
  readonly spoken?: Spoken;
  /** Makes what does either. */
  carry(test: GatewayTest, spoken: Spoken): (what: "store" | "fetch") => Promise<unknown>;
}

const CARRIERS: readonly Carrier[] = [
  {
    client: "curl",
    carry: ({ gateway, run }) => {
      const url = urlOf(gateway, "explicit", "large");
      return (what) => run(["curl", "-sS", ...CURL_FILES[what], url]);
    },
  },
  {
    client: "curl",
    spoken: { way: "explicit", version: "TLS 1.3" },
    carry: ({ gateway, run }, { way, version }) => {
      const command = curlOverTls(gateway, ...VERSIONS[version].curl);
      const url = urlOf(gateway, way, "large");
      return (what) => run([...command, ...CURL_FILES[what], url]);
    },
  },
  {
    client: "lftp",
    spoken: { way: "implicit", version: "TLS 1.3" },
    carry: (test, spoken) => (what) =>
      lftpOverTls(test, spoken, { store: "put large", fetch: "get large -o fetched" }[what]),
  },
  {
    client: "python3",
    spoken: { way: "explicit", version: "TLS 1.2" },
    carry: ({ gateway, run }, { version }) => {
      const { host, port, user, password, certificate } = gateway;
      const args = [host, `${port}`, user, password, certificate, VERSIONS[version].ftplib];
      return (what) => run(["python3", FTPLIB, ...args, what]);
    },
  },
  {
    client: "rclone",
    spoken: { way: "implicit", version: "TLS 1.2" },
    carry: (test, spoken) => {
      const files = { store: ["large", "gateway:large"], fetch: ["gateway:large", "fetched"] };
      // In parts it takes the end of each for a failure, with vsftpd too.
      const copy = ["copyto", "--multi-thread-streams=0"];
      return async (what) => (await rcloneOverTls(test, spoken))(...copy, ...files[what]);
    },
  },
];

const CURL_FILES = { store: ["-T", "large"], fetch: ["-o", "fetched"] };
const FTPLIB = new URL("ftplib_large.py", import.meta.url).pathname;

for (const { client, spoken, carry } of CARRIERS) {
  const settings = spoken && { TLS: { tls_required: "all" } };
  const how = spoken ? ` by ${spoken.way} ${spoken.version}` : "";
  gatewayTests(client, settings)(`carries 1 GiB there and back${how}`, async (test) => {
    const { gateway, folder } = test;
    const carrying = carry(test, spoken ?? { way: "explicit", version: "TLS 1.3" });
    const digest = await writeLarge(`${folder}/large`);
    await carrying("store");
    assert.equal(await gateway.bucket.sha256("large"), digest);
    await Deno.remove(`${folder}/large`);
    await carrying("fetch");
    assert.equal(await sha256OfFile(`${folder}/fetched`), digest);
  });
}

/** Writes 1 GiB in which no two MiB are the same. @returns its SHA-256. */
async function writeLarge(path: string): Promise<string> {
  const block = noise(1024 * 1024);
  const hash = createHash("sha256");
  using file = await Deno.create(path);
  for (let index = 0; index < GIB / block.length; index++) {
    new DataView(block.buffer).setUint32(index, index);
    hash.update(block);
    for (let sent = 0; sent < block.length;) sent += await file.write(block.subarray(sent));
  }
  return hash.digest("hex");
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  return hash.digest("hex");
}

import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { gatewayTests } from "./client_test_case.ts";
import { sha256 } from "./file_tree.ts";
import { PART_SIZE } from "./gateway.ts";
import { RawClient } from "./raw_client.ts";
import { Haproxy, PROXY, SERVICE } from "./haproxy.ts";

const test = gatewayTests(["haproxy", "curl", "python3"], {
  NETWORK: { proxy_protocol_from: PROXY },
});

/** The client's own address. */
const CLIENT = "127.0.0.3";

for (const [mode, flags] of [["extended passive", []], ["passive", ["--disable-epsv"]]] as const) {
  test(`passes on control and data connections in ${mode} mode`, async (context) => {
    const { gateway, folder, run } = context;
    await using haproxy = await Haproxy.start(gateway, folder);
    const file = noise(3 * PART_SIZE + 1);
    await Deno.writeFile(`${folder}/file`, file);
    const url = `ftp://${gateway.user}:${gateway.password}@${SERVICE}:${haproxy.port}/file`;
    const curl = ["curl", "-sSv", "--interface", CLIENT, ...flags] as const;
    const { stderr } = await run([...curl, "-T", "file", url]);
    if (mode === "passive") assert.match(stderr, /227 Entering Passive Mode \(127,0,0,2,/);
    await run([...curl, "-o", "fetched", url]);
    assert.equal(sha256(await Deno.readFile(`${folder}/fetched`)), sha256(file));
    const logins = [...gateway.process.stderr.matchAll(/ INFO Login .* peer=(\S+)/g)];
    assert.deepEqual(logins.map(([, peer]) => peer), [CLIENT, CLIENT]);
    assert.doesNotMatch(gateway.process.stderr, / (WARNING|ERROR) /, "health checks are no news");
  });
}

for (
  const ending of ["kill -9", "end data reset", "end both reset", "end both fin", "end control fin"]
) {
  test(`publishes nothing of an upload whose client ends: ${ending}`, async ({ gateway, folder }) => {
    await using haproxy = await Haproxy.start(gateway, folder);
    const { user, password } = gateway;
    await using client = await RawClient.logIn({
      host: SERVICE,
      port: haproxy.port,
      user,
      password,
    });
    await client.send(PART_SIZE + 1);
    if (ending === "kill -9") await client.kill();
    else await client.do(ending);
    await gateway.process.said(/STOR \S*: (done|failed)/);
    // What is kept of it to be resumed has another name.
    const files = Object.keys(await gateway.bucket.digests());
    assert.deepEqual(files.filter((name) => !name.startsWith(".cosftp/")), []);
  });
}

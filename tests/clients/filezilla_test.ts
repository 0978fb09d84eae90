import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { gatewayTests } from "./client_test_case.ts";
import { digestTree, sha256 } from "./file_tree.ts";
import { FileZilla } from "./filezilla.ts";
import { PART_SIZE } from "./gateway.ts";

const test = gatewayTests(["filezilla", "xdotool", "xvfb"], { TLS: { tls_required: "all" } });

/** So many that each of its two sessions has several data connections. */
const FILES = new Map(
  Array.from({ length: 8 }, (_, index) => [`${index}`, noise(PART_SIZE + index)]),
);

for (const way of ["explicit", "implicit"] as const) {
  test(`stores, lists and fetches by ${way} TLS`, async ({ gateway, folder, run }) => {
    const fileZilla = await FileZilla.install({ home: folder, gateway, way });
    const names = [...FILES.keys()];
    for (const [name, content] of FILES) await Deno.writeFile(`${folder}/${name}`, content);
    const uploads = names.map((name) => ({ direction: "upload", name }) as const);
    assert.doesNotMatch(await fileZilla.process(uploads, run), /Error:/);
    assert.deepEqual(await gateway.bucket.digests(), digestTree(FILES));

    for (const name of names) await Deno.remove(`${folder}/${name}`);
    const downloads = names.map((name) => ({ direction: "download", name }) as const);
    const log = await fileZilla.process(downloads, run);
    assert.match(log, /Command: MLSD[^]*Directory listing of "\/" successful/);
    assert.doesNotMatch(log, /Error:/);
    for (const [name, content] of FILES) {
      assert.equal(sha256(await Deno.readFile(`${folder}/${name}`)), sha256(content));
    }
    // From then on it would fail all transfers that do not.
    assert.equal(await fileZilla.hasResumed(), false);
  });
}

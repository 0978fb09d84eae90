import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { gatewayTests } from "./client_test_case.ts";
import { digestDirectory, digestTree, sampleTree, sha256, treeIn, writeTree } from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";

const test = gatewayTests("ftp");
const typed = gatewayTests(["ftp", "expect"]);

/** So much that ftp, which reads on while it waits for the answer to its ABOR, does not come to the end. Bytes. */
const BIG = 256 * 1024 * 1024;

/** mput and mget work on one directory. */
const FLAT = new Map(
  [...sampleTree(PART_SIZE)].filter(([path]) => /^(names|sizes)\//.test(path))
    .map(([path, bytes]) => [path.slice(path.indexOf("/") + 1), bytes]),
);

for (const mode of ["passive", "active"]) {
  test(`stores and fetches many by mput and mget, ${mode}`, async (context) => {
    const { gateway, folder, run } = context;
    await writeTree(`${folder}/up`, FLAT);
    await Deno.mkdir(`${folder}/down`);
    const { stdout } = await run(["ftp", ...flags(gateway, mode)], {
      stdin: script(gateway, [
        "mkdir there",
        "cd there",
        "lcd up",
        "mput *",
        "mput .hidden",
        "lcd ../down",
        "mget *",
        "mget .hidden",
      ]),
    });
    assert.deepEqual(
      await gateway.bucket.digests(),
      digestTree(treeIn("there", FLAT)),
      stdout,
    );
    assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(FLAT), stdout);
  });
}

typed("does what the documents show, typed at its prompts", async (context) => {
  const { gateway, folder, run } = context;
  const [a, d] = [file("aaa\n"), file("ddd\n")];
  await writeTree(
    `${folder}/up`,
    new Map([["a.txt", a], ["b.txt", file("bbb\n")], ["c.txt", file("ccc\n")], ["d.txt", d]]),
  );
  await Deno.mkdir(`${folder}/down`);
  await run(["expect", "-f", scriptPath("ftp_prompts.exp"), ...login(gateway)]);
  assert.deepEqual(
    await gateway.bucket.digests(),
    digestTree(new Map([["photos/d.txt", d], ["photos/g.dat", file("ddd\naaa\n")]])),
  );
  assert.deepEqual(
    await digestDirectory(`${folder}/down`),
    digestTree(new Map([["a.txt", a], ["d.txt", d], ["f.dat", d]])),
  );
});

for (const mode of ["passive", "active"]) {
  // All that ftp does then is to end the data connection in good order: no server can tell that from the end of the file.
  typed(`goes on after Ctrl-C in an upload, ${mode}`, async (context) => {
    const { gateway, folder, run } = context;
    const whole = noise(4 * PART_SIZE);
    await Deno.writeFile(`${folder}/big`, whole);
    const interrupt = ["expect", "-f", scriptPath("ftp_interrupt.exp"), ...login(gateway)] as const;
    await run([...interrupt, mode, "put", "226"]);
    const { size } = await gateway.bucket.head("big");
    assert.ok(size < whole.length);
    assert.equal(await gateway.bucket.sha256("big"), sha256(whole.subarray(0, size)));
    assert.deepEqual(await gateway.bucket.pendingUploads(), []);
  });

  typed(`goes on after Ctrl-C in a download, ${mode}`, async (context) => {
    const { gateway, run } = context;
    await gateway.bucket.put("big", new Uint8Array(BIG));
    const interrupt = ["expect", "-f", scriptPath("ftp_interrupt.exp"), ...login(gateway)] as const;
    await run([...interrupt, mode, "get", "426 226"]);
  });
}

/** The login as arguments of the scripts beside this file. */
function login({ host, port, user, password }: Gateway): string[] {
  return [host, String(port), user, password];
}

function scriptPath(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

function file(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function flags({ host, port }: Gateway, mode: string): string[] {
  return ["-n", "-i", "-v", ...(mode === "active" ? ["-A"] : ["-p"]), host, String(port)];
}

function script({ user, password }: Gateway, commands: string[]): string {
  return [`user ${user} ${password}`, "binary", ...commands, "bye", ""].join("\n");
}

import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { gatewayTests } from "./client_test_case.ts";
import {
  digestDirectory,
  digestTree,
  filesOf,
  filterTree,
  sampleTree,
  sha256,
  writeTree,
} from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";

const test = gatewayTests("curl");

/** Without the progress meter, with errors. */
const CURL = ["curl", "-sS"] as const;
/** One transfer after the other, curl often waits a second: it overlooks a 229 that comes too fast. */
const IN_PARALLEL = ["-Z", "--parallel-max", "4"];

/** curl tells files and directories apart by the last slash, so empty directories are made by a command of their own. */
const TREE = sampleTree(PART_SIZE);
const FILES = filterTree(TREE, (path) => !path.endsWith("/"));

/** Ways to a data connection. */
const MODES = {
  "extended passive": [],
  "passive": ["--disable-epsv"],
  "extended active": ["-P", "-"],
  "active": ["-P", "-", "--disable-eprt"],
};

test("carries every name and size there and back", async ({ gateway, folder, run }) => {
  await writeTree(`${folder}/up`, TREE);
  const uploads = filesOf(TREE).flatMap((path) => ["-T", `up/${path}`, urlOf(gateway, path)]);
  const directories = ["-Q", "MKD empty", "-Q", "MKD d/empty"];
  await run([...CURL, ...IN_PARALLEL, "--ftp-create-dirs", ...uploads]);
  await run([...CURL, ...directories, urlOf(gateway, "")]);
  assert.deepEqual(await gateway.bucket.digests(), digestTree(TREE));

  const downloads = filesOf(TREE).flatMap((path) => ["-o", `down/${path}`, urlOf(gateway, path)]);
  await run([...CURL, ...IN_PARALLEL, "--create-dirs", ...downloads]);
  assert.deepEqual(await digestDirectory(`${folder}/down`), digestTree(FILES));
});

for (const [mode, flags] of Object.entries(MODES)) {
  test(`stores, lists and fetches in ${mode} mode`, async ({ gateway, folder, run }) => {
    const file = noise(PART_SIZE + 1);
    await Deno.writeFile(`${folder}/file`, file);
    await run([...CURL, ...flags, "-T", "file", urlOf(gateway, "a b")]);
    await run([...CURL, ...flags, "-o", "fetched", urlOf(gateway, "a b")]);
    assert.equal(sha256(await Deno.readFile(`${folder}/fetched`)), sha256(file));
    const { stdout } = await run([...CURL, ...flags, urlOf(gateway, "")]);
    assert.match(stdout, new RegExp(`^-rw\\S+ .* ${file.length} .* a b\\r?\\n$`));
  });
}

for (const method of ["multicwd", "nocwd", "singlecwd"]) {
  test(`reaches deep paths by ${method}`, async ({ gateway, folder, run }) => {
    const flags = ["--ftp-method", method];
    await gateway.bucket.put("a/b c/", new Uint8Array(0));
    await Deno.writeTextFile(`${folder}/file`, method);
    await run([...CURL, ...flags, "-T", "file", urlOf(gateway, "a/b c/d")]);
    const { stdout } = await run([...CURL, ...flags, urlOf(gateway, "a/b c/d")]);
    assert.equal(stdout, method);
    const listing = await run([...CURL, ...flags, urlOf(gateway, "a/b c/")]);
    assert.match(listing.stdout, /^-rw.* d\r?\n$/);
  });
}

test("resumes a download", async ({ gateway, folder, run }) => {
  const file = noise(2 * PART_SIZE + 3);
  await gateway.bucket.put("file", file);
  await Deno.writeFile(`${folder}/file`, file.subarray(0, PART_SIZE + 1));
  await run([...CURL, "-C", "-", "-o", "file", urlOf(gateway, "file")]);
  assert.equal(sha256(await Deno.readFile(`${folder}/file`)), sha256(file));
});

test("fetches ranges", async ({ gateway, run }) => {
  await gateway.bucket.put("file", new TextEncoder().encode("0123456789"));
  const range = async (bytes: string) =>
    (await run([...CURL, "-r", bytes, urlOf(gateway, "file")])).stdout;
  assert.equal(await range("0-0"), "0");
  assert.equal(await range("3-5"), "345");
  assert.equal(await range("7-"), "789");
  assert.equal(await range("-2"), "89");
});

test("stores what it reads from a pipe", async ({ gateway, run }) => {
  const piped = noise(3 * PART_SIZE + 7);
  await run([...CURL, "-T", "-", urlOf(gateway, "piped")], { stdin: piped });
  await run([...CURL, "-T", "-", urlOf(gateway, "nothing")]);
  assert.deepEqual(
    await gateway.bucket.digests(),
    digestTree(new Map([["nothing", new Uint8Array(0)], ["piped", piped]])),
  );
});

test("sends commands before and after a transfer", async (context) => {
  const { gateway, folder, run } = context;
  await Deno.writeTextFile(`${folder}/file`, "content");
  const before = ["-Q", "MKD made", "-Q", "CWD made"];
  const after = ["-Q", "-RNFR temporary", "-Q", "-RNTO final name"];
  await run([...CURL, ...before, ...after, "-T", "file", urlOf(gateway, "temporary")]);
  assert.deepEqual(Object.keys(await gateway.bucket.digests()), ["made/final name"]);
  const QUOTE_ERROR = 21;
  await run([...CURL, "-Q", "DELE missing", urlOf(gateway, "")], { code: QUOTE_ERROR });
  await run([...CURL, "-Q", "DELE made/final name", "-Q", "RMD made", urlOf(gateway, "")]);
  assert.deepEqual(await gateway.bucket.digests(), {});
});

test("lists names only", async ({ gateway, run }) => {
  await gateway.bucket.put("a b", noise(1));
  await gateway.bucket.put("d/x", noise(1));
  const { stdout } = await run([...CURL, "--list-only", urlOf(gateway, "")]);
  assert.deepEqual(stdout.split(/\r?\n/), ["a b", "d", ""]);
});

test("asks for size and time only", async ({ gateway, run }) => {
  await gateway.bucket.put("file", noise(12345));
  const { stdout } = await run([...CURL, "-I", urlOf(gateway, "file")]);
  assert.match(
    stdout,
    /^Last-Modified: .* GMT\r\nContent-Length: 12345\r\nAccept-ranges: bytes\r\n$/,
  );
});

test("appends to a small file", async ({ gateway, folder, run }) => {
  await gateway.bucket.put("log", new TextEncoder().encode("first\n"));
  await Deno.writeTextFile(`${folder}/more`, "second\n");
  await run([...CURL, "--append", "-T", "more", urlOf(gateway, "log")]);
  const { stdout } = await run([...CURL, urlOf(gateway, "log")]);
  assert.equal(stdout, "first\nsecond\n");
});

test("hears that a file or a login is wrong", async ({ gateway, run }) => {
  const REMOTE_FILE_NOT_FOUND = 78;
  const LOGIN_DENIED = 67;
  await run([...CURL, "-o", "none", urlOf(gateway, "missing")], { code: REMOTE_FILE_NOT_FOUND });
  await run([...CURL, "-u", "demo:wrong", `ftp://${gateway.host}:${gateway.port}/`], {
    code: LOGIN_DENIED,
  });
});

function urlOf(gateway: Gateway, path: string): string {
  const { user, password, host, port } = gateway;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `ftp://${user}:${password}@${host}:${port}/${encoded}`;
}

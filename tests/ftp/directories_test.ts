import assert from "node:assert/strict";
import { Gateway } from "./gateway.ts";

Deno.test("a directory exists by its marker, and by any key below it", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("marker/");
  await gateway.put("prefix/deep/file");
  using peer = await gateway.logIn();
  assert.deepEqual(await peer.names(), ["marker", "prefix"]);
  for (const path of ["marker", "/marker/", "prefix", "prefix/deep", "prefix//deep/."]) {
    await peer.ask("CWD /", 250);
    await peer.ask(`CWD ${path}`, 250);
  }
  assert.equal((await peer.ask("PWD", 257)).text, `"/prefix/deep" is the working directory`);
  await peer.ask("CDUP", 250);
  await peer.ask("XCUP", 250);
  await peer.ask("CDUP", 250);
  assert.equal((await peer.ask("XPWD", 257)).text, `"/" is the working directory`);
  for (const path of ["missing", "prefix/deep/file", "mark", "prefix/dee", "x".repeat(9)]) {
    await peer.ask(`CWD ${path}`, 550);
  }
  assert.deepEqual(await peer.names("marker"), []);
});

Deno.test("quotes in a path are doubled in 257, and names keep every blank", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  assert.equal((await peer.ask(`MKD a "b" `, 257)).text, `"/a ""b"" " was made`);
  assert.deepEqual(await gateway.keys(), [`a "b" /`]);
  assert.match((await peer.ask(`CWD a "b" `, 250)).text, /^"\/a ""b"" " /);
  assert.match((await peer.ask("PWD", 257)).text, /^"\/a ""b"" " /);
});

Deno.test("MKD makes a marker; 550 for what exists", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("prefix/file");
  using peer = await gateway.logIn();
  for (const [verb, name] of [["MKD", "a"], ["XMKD", "a/b"], ["MKD", "x/y/z"]] as const) {
    await peer.ask(`${verb} ${name}`, 257);
    await peer.ask(`${verb} ${name}`, 550);
  }
  for (const name of ["/", "prefix", "x", "x/y", "."]) await peer.ask(`MKD ${name}`, 550);
  assert.deepEqual(await gateway.keys(), ["a/", "a/b/", "prefix/file", "x/y/z/"]);
});

Deno.test("RMD removes an empty directory only", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("marked/");
  await gateway.put("full/");
  await gateway.put("full/file");
  await gateway.put("prefix/file");
  await gateway.put("file");
  using peer = await gateway.logIn();
  for (const name of ["full", "prefix", "file", "missing", "/", "marke", "full/file"]) {
    await peer.ask(`RMD ${name}`, 550);
  }
  await peer.ask("RMD marked", 250);
  await peer.ask("XRMD marked", 550);
  assert.deepEqual(await gateway.keys(), ["file", "full/", "full/file", "prefix/file"]);
});

Deno.test("a directory that this session emptied is still there for it, until it removes it", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a/b/file");
  using peer = await gateway.logIn();
  using other = await gateway.logIn();
  await peer.ask("CWD a/b", 250);
  await peer.ask("DELE file", 250);
  assert.deepEqual(await gateway.keys(), []);
  assert.deepEqual(await peer.names(), []);
  assert.deepEqual(await peer.list("LIST /a/b"), []);
  await peer.ask("CWD /a/b", 250);
  await peer.ask("MLST /a/b", 250);
  await other.ask("CWD /a/b", 550);
  await other.ask("RMD /a", 550);
  await peer.ask("CWD /", 250);
  await peer.ask("RMD a/b", 250);
  await peer.ask("RMD a/b", 550);
  await peer.ask("RMD a", 250);
  await peer.ask("CWD a", 550);
  assert.ok(
    !gateway.requests.lines.some(({ fields }) =>
      fields.operation === "PutObject" && fields.key !== "a/b/file"
    ),
  );
});

Deno.test("a tree is removed file by file, directory by directory, as clients do", async () => {
  await using gateway = await Gateway.start();
  for (const key of ["t/", "t/a", "t/d/", "t/d/b", "t/e/f/c"]) await gateway.put(key);
  using peer = await gateway.logIn();
  for (
    const line of [
      "DELE t/a",
      "DELE t/d/b",
      "RMD t/d",
      "DELE t/e/f/c",
      "RMD t/e/f",
      "RMD t/e",
      "RMD t",
    ]
  ) await peer.ask(line, 250);
  assert.deepEqual(await gateway.keys(), []);
});

Deno.test("foo and foobar are never confused", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("foobar", "file");
  await gateway.put("foobaz/x", "x");
  using peer = await gateway.logIn();
  for (const line of ["DELE foo", "RMD foo", "CWD foo", "SIZE foo", "RNFR foo", "DELE fooba"]) {
    await peer.ask(line, 550);
  }
  await peer.extendedPassive();
  await peer.ask("RETR foo", 550);
  await peer.ask("MKD foo", 257);
  await peer.ask("RMD foo", 250);
  assert.deepEqual(await gateway.keys(), ["foobar", "foobaz/x"]);
});

Deno.test("a file and a directory of one name are both reachable", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("both", "the file");
  await gateway.put("both/inside", "x");
  using peer = await gateway.logIn();
  const entries = (await peer.list("MLSD")).map((line) => line.replace(/;.*; /, "; "));
  assert.deepEqual(entries.toSorted(), ["type=dir; both", "type=file; both"]);
  assert.equal((await peer.ask("SIZE both", 213)).text, "8");
  const { bytes } = await peer.download("RETR both");
  assert.equal(new TextDecoder().decode(bytes), "the file");
  await peer.ask("CWD both", 250);
  assert.deepEqual(await peer.names(), ["inside"]);
  await peer.ask("CWD /", 250);
  await peer.ask("RMD both", 550);
  await peer.ask("DELE both", 250);
  assert.deepEqual(await gateway.keys(), ["both/inside"]);
  await peer.upload("STOR both", "again");
  await peer.ask("DELE both/inside", 250);
  await peer.ask("RMD both", 250);
  assert.deepEqual(await gateway.keys(), ["both"]);
});

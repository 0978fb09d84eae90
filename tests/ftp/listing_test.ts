import assert from "node:assert/strict";
import { uninterrupted } from "../../src/store/object_store.ts";
import { Gateway } from "./gateway.ts";

/** The name in a line of LIST. */
const nameOf = (line: string) => /^(?:\S+ +){8}(.*)$/.exec(line)![1]!;

Deno.test("LIST, NLST and MLSD list the working directory, sorted, whatever options LIST is given", async () => {
  await using gateway = await Gateway.start();
  for (const key of ["b", "a", "C", ".hidden", "d/x", "a b", "-l", "文", "\u{1f600}", "\uff21"]) {
    await gateway.put(key, "12345");
  }
  using peer = await gateway.logIn();
  const sorted = ["-l", ".hidden", "C", "a", "a b", "b", "d", "文", "\uff21", "\u{1f600}"];
  for (const line of ["LIST", "LIST -a", "LIST -la", "LIST -l -a", "LIST .", "LIST -la /"]) {
    assert.deepEqual((await peer.list(line)).map(nameOf), sorted, line);
  }
  assert.deepEqual(await peer.list("NLST"), sorted);
  assert.deepEqual(await peer.names(), sorted);
  const lines = await peer.list("LIST");
  assert.match(lines[3]!, /^-rw-r--r-- +1 ftp +ftp +5 [A-Z][a-z]{2} [ \d]\d  ?[\d:]{4,5} a$/);
  assert.match(lines[6]!, /^drwxr-xr-x +1 ftp +ftp +0 Jan {2}1 {2}1970 d$/);
});

Deno.test("a listing of a path: directory, file, pattern, or 550", async () => {
  await using gateway = await Gateway.start();
  for (const key of ["d/a.txt", "d/b.txt", "d/c.log", "d/sub/x.txt", "top.txt"]) {
    await gateway.put(key, "1");
  }
  using peer = await gateway.logIn();
  for (
    const [path, names] of [
      ["d", ["a.txt", "b.txt", "c.log", "sub"]],
      ["d/", ["a.txt", "b.txt", "c.log", "sub"]],
      ["-la d", ["a.txt", "b.txt", "c.log", "sub"]],
      ["/d/sub/..", ["a.txt", "b.txt", "c.log", "sub"]],
      ["d/a.txt", ["a.txt"]],
      ["d/*.txt", ["a.txt", "b.txt"]],
      ["-a d/[ac]*", ["a.txt", "c.log"]],
      ["*", ["d", "top.txt"]],
      ["d/?.log", ["c.log"]],
      ["d/*.none", []],
    ] as const
  ) {
    assert.deepEqual((await peer.list(`LIST ${path}`)).map(nameOf), names, path);
  }
  for (
    const [path, lines] of [
      ["d", ["d/a.txt", "d/b.txt", "d/c.log", "d/sub"]],
      ["d/", ["d/a.txt", "d/b.txt", "d/c.log", "d/sub"]],
      ["/d", ["/d/a.txt", "/d/b.txt", "/d/c.log", "/d/sub"]],
      [".", ["d", "top.txt"]],
      ["-1 d/*.txt", ["d/a.txt", "d/b.txt"]],
      ["*.txt", ["top.txt"]],
      ["d/a.txt", ["d/a.txt"]],
      ["top.txt", ["top.txt"]],
      ["*.none", []],
    ] as const
  ) assert.deepEqual(await peer.list(`NLST ${path}`), lines, path);
  for (const line of ["LIST", "NLST", "MLSD"]) {
    for (const path of ["missing", "missing/*", "d/a.txt/", "d/a.txt/b", "dd", "D"]) {
      await peer.extendedPassive();
      await peer.ask(`${line} ${path}`, line === "MLSD" && path === "d/a.txt/" ? 501 : 550);
    }
  }
  await peer.extendedPassive();
  await peer.ask("MLSD d/a.txt", 501);
});

Deno.test("names that look like options or patterns are found as they are", async () => {
  await using gateway = await Gateway.start();
  for (const key of ["-foo", "-x.txt", "[a]/x", "a/y", "what?"]) await gateway.put(key);
  using peer = await gateway.logIn();
  assert.deepEqual(await peer.list("NLST -foo"), ["-foo"]);
  assert.deepEqual(await peer.list("NLST -x.txt"), ["-x.txt"]);
  assert.deepEqual(await peer.list("NLST [a]"), ["[a]/x"]);
  assert.deepEqual(await peer.list("NLST ./-foo"), ["./-foo"]);
  assert.deepEqual(await peer.list("NLST what?"), ["what?"]);
});

Deno.test("an empty directory and an empty bucket list nothing", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (const line of ["LIST", "NLST", "MLSD"]) assert.deepEqual(await peer.list(line), []);
  await peer.ask("MKD d", 257);
  for (const line of ["LIST d", "NLST d", "MLSD d"]) assert.deepEqual(await peer.list(line), []);
});

Deno.test("a directory of more than one page of the store is listed whole and once", async () => {
  await using gateway = await Gateway.start();
  const names = Array.from({ length: 2500 }, (_, index) => `f${String(index).padStart(4, "0")}`);
  await Promise.all(names.map((name) => gateway.put(`d/${name}`)));
  using peer = await gateway.logIn();
  assert.deepEqual((await peer.list("LIST d")).map(nameOf), names);
  assert.deepEqual(
    await peer.list("NLST d/f1*"),
    names.slice(1000, 2000).map((name) => `d/${name}`),
  );
  const { closing } = await peer.download("MLSD d");
  assert.equal(closing, "Listing complete");
  assert.deepEqual(await peer.names("d"), names);
});

Deno.test("max_list_file ends a listing, and its 226 says so", async () => {
  for (const [max, listed, cut] of [[3, 3, true], [4, 4, false], [5, 4, false]] as const) {
    await using gateway = await Gateway.start({ maxListFile: max });
    for (const name of ["a", "b", "c", "d"]) await gateway.put(name);
    using peer = await gateway.logIn();
    for (const line of ["LIST", "NLST", "MLSD"]) {
      const { bytes, closing } = await peer.download(line);
      assert.equal(new TextDecoder().decode(bytes).split("\r\n").length - 1, listed);
      assert.equal(/max_list_file/.test(closing), cut, closing);
    }
  }
  await using gateway = await Gateway.start({ maxListFile: 1000 });
  await Promise.all(Array.from({ length: 1001 }, (_, index) => gateway.put(`${index}`)));
  using peer = await gateway.logIn();
  assert.match((await peer.download("LIST")).closing, /max_list_file/);
  await gateway.store.delete("7", uninterrupted());
  assert.equal((await peer.download("LIST")).closing, "Listing complete");
});

Deno.test("a listing that COS cannot finish ends in 451, one that cannot begin has no 150", async () => {
  await using gateway = await Gateway.start();
  await Promise.all(Array.from({ length: 1001 }, (_, index) => gateway.put(`${index}`)));
  using peer = await gateway.logIn();
  for (const skip of [0, 1]) {
    using _fault = gateway.emulator.faults.add({
      operation: "GetBucket",
      skip,
      fault: { kind: "error", code: "InternalError", status: 500 },
    });
    using _data = await peer.openData();
    if (skip === 1) await peer.ask("LIST", 150);
    else await peer.send("LIST\r\n");
    await peer.expect(451);
  }
});

Deno.test("keys that no FTP path can name are not shown, and hide nothing else", async () => {
  await using gateway = await Gateway.start();
  for (const key of ["a", "b//c", "d/../e", "f/./g", "tab\there", "line\nfeed", "z"]) {
    await gateway.put(key);
  }
  using peer = await gateway.logIn();
  assert.deepEqual(await peer.names(), ["a", "b", "d", "f", "z"]);
  for (const directory of ["b", "d", "f"]) assert.deepEqual(await peer.names(directory), []);
});

Deno.test("MLSD gives the facts that were chosen, and what the account may do", async () => {
  await using gateway = await Gateway.start({ authority: "R" });
  await gateway.put("a", "123");
  await gateway.put("d/x");
  using peer = await gateway.logIn();
  const [file, directory] = await peer.list("MLSD");
  assert.match(file!, /^type=file;size=3;modify=\d{14};perm=r; a$/);
  assert.equal(directory, "type=dir;perm=el; d");
  await peer.ask("OPTS MLST type;", 200);
  assert.deepEqual(await peer.list("MLSD"), ["type=file; a", "type=dir; d"]);
});

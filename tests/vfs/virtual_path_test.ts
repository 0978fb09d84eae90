import assert from "node:assert/strict";
import { TreeError } from "../../src/vfs/tree_error.ts";
import { directoryKey, fileKey, isName, VirtualPath } from "../../src/vfs/virtual_path.ts";
import { traversalAttempts } from "./traversal_attempts.ts";

const root = VirtualPath.root;
const path = (text: string) => root.resolve(text);

function isNotAllowed(error: unknown): boolean {
  return error instanceof TreeError && error.kind === "name-not-allowed";
}

Deno.test("VirtualPath resolves against the working directory, as POSIX does", () => {
  const directory = path("/a/b");
  for (
    const [text, resolved] of [
      ["c", "/a/b/c"],
      ["/c", "/c"],
      ["", "/a/b"],
      [".", "/a/b"],
      ["..", "/a"],
      ["../../..", "/"],
      ["../../../etc", "/etc"],
      ["//c///d//", "/c/d"],
      ["./c/./d/../e", "/a/b/c/e"],
      ["...", "/a/b/..."],
      ["..c", "/a/b/..c"],
      [" c ", "/a/b/ c "],
      ["c\\..\\d", "/a/b/c\\..\\d"],
      ["%2e%2e/c", "/a/b/%2e%2e/c"],
      ["~", "/a/b/~"],
      ["-la", "/a/b/-la"],
      ["文/😀", "/a/b/文/😀"],
    ] as const
  ) assert.equal(directory.resolve(text).toString(), resolved, JSON.stringify(text));
});

Deno.test("VirtualPath refuses control characters in a name", () => {
  for (const text of ["a\0", "\x01", "a\tb", "a\nb", "a\rb", "\x1f", "a\x7f", "ok/\x18"]) {
    assert.throws(() => path(text), isNotAllowed, JSON.stringify(text));
  }
  assert.throws(() => root.child("\0"), isNotAllowed);
});

Deno.test("VirtualPath knows its name, its parent and what it contains", () => {
  assert.equal(path("/a/b").name, "b");
  assert.equal(root.name, "");
  assert.equal(path("/a/b").parent.toString(), "/a");
  assert.equal(path("/a").parent.isRoot, true);
  assert.equal(root.parent.isRoot, true);
  assert.equal(path("/a").contains(path("/a/b/c")), true);
  assert.equal(path("/a").contains(path("/a")), false);
  assert.equal(path("/foo").contains(path("/foobar")), false);
  assert.equal(root.contains(path("/a")), true);
});

Deno.test("keys lie below the key prefix, whatever a client sends", () => {
  const attempts = [...traversalAttempts()];
  assert.ok(attempts.length >= 200, `${attempts.length}`);
  let resolved = 0;
  for (const directory of [root, path("/in/side")]) {
    for (const attempt of attempts) {
      let at: VirtualPath;
      try {
        at = directory.resolve(attempt);
      } catch (error) {
        assert.ok(isNotAllowed(error), String(error));
        continue;
      }
      resolved++;
      for (const key of [directoryKey("pre/fix/", at), at.isRoot ? "" : fileKey("pre/fix/", at)]) {
        if (key === "") continue;
        const segments = key.split("/");
        assert.ok(key.startsWith("pre/fix/"), key);
        assert.ok(!segments.includes("..") && !segments.includes("."), key);
        assert.ok(!segments.slice(0, -1).includes(""), key);
      }
    }
  }
  assert.ok(resolved >= 300, `${resolved}`);
});

Deno.test("keys have at most 850 bytes of UTF-8, the key prefix among them", () => {
  const name = "文".repeat(280); // 840 bytes
  assert.equal(fileKey("prefix/", path(`/${name}abc`)).length, 7 + 283);
  assert.throws(() => fileKey("prefix/", path(`/${name}abcd`)), isNotAllowed);
  assert.equal(directoryKey("prefix/", path(`/${name}ab`)), `prefix/${name}ab/`);
  assert.throws(() => directoryKey("prefix/", path(`/${name}abc`)), isNotAllowed);
});

Deno.test("the root is a directory and no file", () => {
  assert.equal(directoryKey("", root), "");
  assert.equal(directoryKey("prefix/", root), "prefix/");
  assert.throws(
    () => fileKey("prefix/", root),
    (error: unknown) => error instanceof TreeError && error.kind === "not-a-file",
  );
});

Deno.test("names that no path can name are told from those that can", () => {
  for (const name of ["", ".", "..", "a/b", "a\nb", "\x7f"]) {
    assert.equal(isName(name), false, name);
  }
  for (const name of ["a", "...", " ", "%2f", "文", "\u{10ffff}"]) assert.ok(isName(name), name);
});

import assert from "node:assert/strict";
import { globMatcher, isGlob } from "../../src/ftp/glob.ts";

Deno.test("globMatcher matches as a shell does, but for the leading dot", () => {
  for (
    const [pattern, matching, others] of [
      ["*", ["", "a", ".hidden", "a b"], []],
      ["*.txt", ["a.txt", ".txt", "a.b.txt"], ["a.txt.gz", "atxt", "A.TXT"]],
      ["a*b*c", ["abc", "aXbYc", "abbc", "abcabc"], ["ab", "abcd", "bc"]],
      ["?", ["a", "文", "😀"], ["", "ab"]],
      ["[abc]x", ["ax", "cx"], ["dx", "x", "abx"]],
      ["[a-c0-9]", ["b", "7"], ["d", "-"]],
      ["[!a-c]", ["d", "-"], ["a", ""]],
      ["[^a]", ["b"], ["a"]],
      ["[]]", ["]"], ["[", "]]"]],
      ["[a-]", ["a", "-"], ["b"]],
      ["[", ["["], ["a"]],
      ["a[b", ["a[b"], ["ab"]],
      ["a.c", ["a.c"], ["abc"]],
      ["**", ["", "ab"], []],
      ["*?", ["a", "ab"], [""]],
      ["", [""], ["a"]],
      ["(a|b)+\\", ["(a|b)+\\"], ["a"]],
    ] as const
  ) {
    const matches = globMatcher(pattern);
    for (const name of matching) assert.ok(matches(name), `${pattern} and ${name}`);
    for (const name of others) assert.ok(!matches(name), `${pattern} and ${name}`);
  }
});

Deno.test("globMatcher takes no more than a moment for a pattern made to be slow", () => {
  const matches = globMatcher("*a".repeat(400) + "b");
  const begun = performance.now();
  assert.ok(!matches("a".repeat(850)));
  assert.ok(performance.now() - begun < 1000);
});

Deno.test("isGlob finds the characters that a pattern is made with", () => {
  assert.deepEqual(["a*", "?", "[a"].map(isGlob), [true, true, true]);
  assert.deepEqual(["a", "", "a]", "{a,b}", "\\"].map(isGlob), [false, false, false, false, false]);
});

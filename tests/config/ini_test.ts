import assert from "node:assert/strict";
import { type IniEntry, readIni } from "../../src/config/ini.ts";

/** The only entry of `[S]` with this line in it. */
function entryOf(line: string): IniEntry {
  const { sections, faults } = readIni(`[S]\n${line}\n`);
  assert.deepEqual(faults, []);
  assert.equal(sections[0]?.entries.length, 1);
  return sections[0]!.entries[0]!;
}

Deno.test("readIni gives sections and entries with lines and columns", () => {
  assert.deepEqual(readIni("# top\n\n[A]\nx = 1\n  y=2\n[B]\n"), {
    sections: [
      {
        name: "A",
        line: 3,
        column: 1,
        entries: [
          { key: "x", value: "1", quote: "", line: 4, column: 1, valueColumn: 5 },
          { key: "y", value: "2", quote: "", line: 5, column: 3, valueColumn: 5 },
        ],
      },
      { name: "B", line: 6, column: 1, entries: [] },
    ],
    faults: [],
  });
});

Deno.test("readIni keeps values as they are written", () => {
  const cases: [line: string, value: string][] = [
    ["k = 021", "021"],
    ["k = a;b#c", "a;b#c"],
    ["k=#secret", "#secret"],
    ["k = a=b = c", "a=b = c"],
    ['k = it\'s "fine"', 'it\'s "fine"'],
    ["k = C:\\dir\\n", "C:\\dir\\n"],
    ["k = ${NAME}", "${NAME}"],
    ["k = 日本 語", "日本 語"],
    ["k =", ""],
    ["k = true", "true"],
  ];
  for (const [line, value] of cases) assert.equal(entryOf(line).value, value, line);
});

Deno.test("readIni ends a value at a blank and a comment sign", () => {
  const cases: [line: string, value: string][] = [
    ["k = a # b", "a"],
    ["k = a ; b", "a"],
    ["k = a\t\t #b ; c", "a"],
    ["k = a　# 全角", "a"],
    ["k = a\u00a0; nbsp", "a"],
    ["k = # nothing", ""],
    ["k = a b #", "a b"],
  ];
  for (const [line, value] of cases) assert.equal(entryOf(line).value, value, line);
});

Deno.test("readIni lets quotes protect a value", () => {
  const cases: [line: string, value: string, quote: string][] = [
    ['k = "pa ss#1"', "pa ss#1", '"'],
    ['k = " a ; b "  # comment', " a ; b ", '"'],
    ["k = 'a # b'", "a # b", "'"],
    ['k = "say ""hi"""', 'say "hi"', '"'],
    ["k = 'it''s'", "it's", "'"],
    ["k = 'a\\'", "a\\", "'"],
    ['k = ""', "", '"'],
    ['k = """"', '"', '"'],
  ];
  for (const [line, value, quote] of cases) {
    const entry = entryOf(line);
    assert.deepEqual([entry.value, entry.quote], [value, quote], line);
  }
});

Deno.test("readIni takes every kind of line end and blank, and a byte order mark", () => {
  const { sections, faults } = readIni(
    "\ufeff[ A ]\u3000# x\r\n\u3000a\u3000=\u30001\u3000\r\tb\u00a0=\u00a02\t\n\u200b[B]\u200b\n \t\u3000\n",
  );
  assert.deepEqual(faults, []);
  assert.deepEqual(
    sections.map(({ name, entries }) => [name, entries.map(({ key, value }) => [key, value])]),
    [["A", [["a", "1"], ["b", "2"]]], ["B", []]],
  );
});

Deno.test("readIni names the place of each line that it cannot read, and reads the others", () => {
  const { sections, faults } = readIni(
    [
      "stray = 1",
      "stray2 = 2",
      "[A]",
      "no equals sign",
      "two words = 1",
      "  = 1",
      'open = "abc',
      "open2 = 'abc",
      'behind = "a" b',
      "good = 1",
      "[broken",
      "lost = 1",
      "[C] x",
      "[D] # fine",
    ].join("\n"),
  );
  assert.deepEqual(
    faults.map(({ line, column, found }) => [line, column, found]),
    [
      [1, 1, "a key above the first section"],
      [4, 1, "a line that is no section, key or comment"],
      [5, 1, "a line that is no section, key or comment"],
      [6, 3, "a line that is no section, key or comment"],
      [7, 8, "a quote that is not closed"],
      [8, 9, "a quote that is not closed"],
      [9, 10, "text behind the closing quote"],
      [11, 1, "a section name without a closing bracket"],
      [13, 1, "text behind a section name"],
    ],
  );
  assert.deepEqual(sections.map(({ name, entries }) => [name, entries.map(({ key }) => key)]), [
    ["A", ["good"]],
    ["D", []],
  ]);
});

Deno.test("readIni never repeats the text of a line that it cannot read", () => {
  const { faults } = readIni('[A]\ncos_secretkey: hush-hush=\npassword hush\np = "hush\n[hush\n');
  assert.equal(faults.length, 4);
  assert.ok(!JSON.stringify(faults).includes("hush"));
});

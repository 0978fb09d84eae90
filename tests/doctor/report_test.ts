import assert from "node:assert/strict";
import type { Finding } from "../../src/doctor/check.ts";
import { renderList, type RenderOptions, renderReport } from "../../src/doctor/render.ts";
import { isWell, toDocument } from "../../src/doctor/report.ts";
import { madeCheck, madeFinding, madeReport } from "./made_check.ts";

const FAILURE = madeFinding({
  check: "a.longer",
  status: "fail",
  summary: "Nobody answers",
  detail: "It was asked twice\nand said nothing",
  remedy: { text: "Open the port", commands: ["iptables -I INPUT -p tcp --dport 21 -j ACCEPT"] },
  data: { port: 21 },
});

function render(findings: readonly Finding[], options: Partial<RenderOptions> = {}): string {
  return renderReport(madeReport(...findings), { colour: false, width: Infinity, ...options });
}

Deno.test("a report is a table in groups, with remedies under what is not a pass, and one line that sums up", () => {
  const findings = [
    madeFinding({ detail: "nobody needs to know" }),
    FAILURE,
    madeFinding({ target: "bob", status: "skip", remedy: { text: "Give --write" } }),
    madeFinding({ target: "bob", status: "warn", summary: "Almost well" }),
  ];
  assert.equal(
    render(findings),
    `alice
  ✓ pass  a.b       All is well
  ✗ fail  a.longer  Nobody answers
          It was asked twice
          and said nothing
          => Open the port
             iptables -I INPUT -p tcp --dport 21 -j ACCEPT

bob
  - skip  a.b       All is well
          => Give --write
  ! warn  a.b       Almost well

try: 1 pass, 1 warn, 1 fail, 1 skip (1.3 s)
`,
  );
});

Deno.test("a report in groups of another kind names the targets in its rows", () => {
  const text = render([madeFinding({ target: "21" })], { groupOf: () => "ports" });
  assert.match(text, /^ports\n {2}✓ pass {2}a\.b {2}21: All is well\n/);
});

Deno.test("long lines are broken at blanks, commands never", () => {
  const long = "many words ".repeat(12).trim();
  const finding = madeFinding({
    status: "fail",
    summary: long,
    detail: long,
    remedy: { text: long, commands: [long] },
  });
  const lines = render([finding], { width: 60 }).split("\n");
  assert.equal(lines.filter((line) => line.length > 60).length, 1);
  assert.ok(lines.includes(" ".repeat(13) + long));
  const words = lines.slice(1, -3).join(" ").match(/many|words/g);
  assert.equal(words!.length, 4 * 24);
});

Deno.test("colours are only there when asked for, and only around marks and headings", () => {
  assert.ok(!render([FAILURE]).includes("\x1b"));
  const coloured = render([FAILURE], { colour: true });
  assert.ok(coloured.startsWith("\x1b[1malice\x1b[0m\n  \x1b[31m✗ fail\x1b[0m  a.longer"));
});

Deno.test("text of others cannot reach into the terminal", () => {
  const nasty = "\x1b[2J\x9b1m\u202e\r\n";
  const finding = madeFinding({
    target: nasty,
    status: "fail",
    summary: nasty,
    detail: nasty,
    remedy: { text: nasty, commands: [nasty] },
  });
  assert.doesNotMatch(render([finding]), /[^\P{C}\n]/u);
  assert.match(render([finding]), /\\u001b\[2J\\u009b1m\\u202e\\u000d/);
});

Deno.test("a report of nothing says so", () => {
  assert.equal(render([]), "try: nothing to look at (1.3 s)\n");
});

Deno.test("the JSON document has the same fields for every finding", () => {
  assert.deepEqual(toDocument(madeReport(madeFinding({ durationMs: 7.4 }), FAILURE)), {
    version: 1,
    command: "try",
    program: "0.0.0",
    begun: "2026-01-02T03:04:05.000Z",
    durationMs: 1_250,
    counts: { pass: 1, warn: 0, fail: 1, skip: 0 },
    findings: [
      {
        check: "a.b",
        target: "alice",
        status: "pass",
        summary: "All is well",
        detail: null,
        remedy: null,
        data: {},
        durationMs: 7,
      },
      {
        check: "a.longer",
        target: "alice",
        status: "fail",
        summary: "Nobody answers",
        detail: "It was asked twice\nand said nothing",
        remedy: {
          text: "Open the port",
          commands: ["iptables -I INPUT -p tcp --dport 21 -j ACCEPT"],
        },
        data: { port: 21 },
        durationMs: 7,
      },
    ],
  });
});

Deno.test("all is well when nothing failed, and with strict when nothing was warned of", () => {
  const well = (status: Finding["status"], strict: boolean) =>
    isWell([madeFinding(), madeFinding({ status })], { strict });
  assert.deepEqual(
    (["pass", "skip", "warn", "fail"] as const).map((status) => [
      well(status, false),
      well(status, true),
    ]),
    [[true, true], [true, true], [true, false], [false, false]],
  );
});

Deno.test("the list names each check, what it touches and what it looks at", () => {
  const checks = [madeCheck({ id: "a" }), madeCheck({ id: "b.long", mode: "online" })];
  assert.equal(
    renderList(checks),
    "a       offline  Looks at a\nb.long  online   Looks at b.long\n",
  );
});

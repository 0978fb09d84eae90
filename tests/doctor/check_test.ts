import assert from "node:assert/strict";
import { selectChecks } from "../../src/doctor/check.ts";
import { madeCheck } from "./made_check.ts";

const CHECKS = [
  madeCheck({ id: "net.dns" }),
  madeCheck({ id: "net.tcp", needs: ["net.dns"] }),
  madeCheck({ id: "network" }),
  madeCheck({ id: "cos.tls", needs: ["net.tcp"] }),
  madeCheck({ id: "cos.list" }),
];

function selected(...wanted: string[]): string[] {
  return selectChecks(CHECKS, wanted).map(({ id }) => id);
}

Deno.test("all checks are selected where none is named", () => {
  assert.deepEqual(selected(), CHECKS.map(({ id }) => id));
});

Deno.test("checks are selected by id or by the words they begin with, in their own order", () => {
  assert.deepEqual(selected("cos.list", "net.dns"), ["net.dns", "cos.list"]);
  assert.deepEqual(selected("net"), ["net.dns", "net.tcp"]);
});

Deno.test("what a selected check needs is selected too", () => {
  assert.deepEqual(selected("cos.tls"), ["net.dns", "net.tcp", "cos.tls"]);
});

Deno.test("a name that no check has is refused", () => {
  for (const name of ["ne", "cos.", "tls", ""]) {
    assert.throws(() => selected("net", name), {
      name: "RangeError",
      message: `Cannot select "${name}": no check has this id or prefix, see --list`,
    });
  }
});

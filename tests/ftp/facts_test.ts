import assert from "node:assert/strict";
import { FACTS, featureLine, formatFacts, formatTimeVal } from "../../src/ftp/data/facts.ts";
import type { Permissions } from "../../src/accounts/permissions.ts";
import type { Entry } from "../../src/vfs/tree.ts";

const file: Entry = {
  name: "a; b=c",
  kind: "file",
  size: 5_368_709_121,
  modified: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 999)),
};
const directory: Entry = { name: "d", kind: "directory", size: 0, modified: undefined };

function perm(
  entry: Entry,
  authority: string,
  deleteEnable: boolean,
  others: Partial<Permissions> = {},
): string | undefined {
  const permissions = {
    authority: { read: authority.includes("R"), write: authority.includes("W") },
    deleteEnable,
    renameEnable: true,
    overwriteEnable: true,
    ...others,
  };
  return /perm=([a-z]*);/.exec(formatFacts(entry, { facts: new Set(FACTS), permissions }))?.[1];
}

Deno.test("facts of files and directories are in their order, those unknown left out", () => {
  const permissions = {
    authority: { read: true, write: false },
    deleteEnable: false,
    renameEnable: true,
    overwriteEnable: true,
  };
  const facts = new Set(FACTS);
  assert.equal(
    formatFacts(file, { facts, permissions }),
    "type=file;size=5368709121;modify=20260102030405;perm=r; a; b=c",
  );
  assert.equal(formatFacts(directory, { facts, permissions }), "type=dir;perm=el; d");
  assert.equal(formatFacts(file, { facts: new Set(), permissions }), " a; b=c");
  assert.equal(
    formatFacts(file, { facts: new Set(["size", "type"]), permissions }),
    "type=file;size=5368709121; a; b=c",
  );
});

Deno.test("the perm fact says what the account may do (RFC 3659 section 7.5.5)", () => {
  assert.equal(perm(file, "RW", true), "awrdf");
  assert.equal(perm(file, "RW", false), "awrf");
  assert.equal(perm(file, "R", true), "r");
  assert.equal(perm(file, "W", true), "awdf");
  assert.equal(perm(file, "RW", true, { renameEnable: false }), "awrd");
  assert.equal(perm(file, "RW", true, { overwriteEnable: false }), "rdf");
  assert.equal(perm(directory, "RW", true, { overwriteEnable: false }), "elcmdp");
  assert.equal(perm(directory, "RW", true), "elcmdp");
  assert.equal(perm(directory, "RW", false), "elcm");
  assert.equal(perm(directory, "R", true), "el");
  assert.equal(perm(directory, "W", true), "ecmdp");
});

Deno.test("FEAT marks the facts that are switched on", () => {
  assert.equal(featureLine(new Set(FACTS)), "MLST type*;size*;modify*;perm*;");
  assert.equal(featureLine(new Set(["size"])), "MLST type;size*;modify;perm;");
});

Deno.test("times are UTC to the second", () => {
  assert.equal(formatTimeVal(new Date(Date.UTC(999, 11, 31, 23, 59, 59))), "09991231235959");
});

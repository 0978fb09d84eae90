import assert from "node:assert/strict";
import type { CommandRow } from "../../src/ftp/commands/command_row.ts";
import { COMMANDS } from "../../src/ftp/commands/table.ts";
import { Gateway } from "./gateway.ts";

const VERBS =
  "USER PASS ACCT CWD CDUP PWD XPWD XCWD XCUP XMKD XRMD QUIT REIN PORT PASV EPRT EPSV " +
  "TYPE STRU MODE RETR STOR STOU APPE ALLO REST RNFR RNTO ABOR DELE RMD MKD LIST NLST STAT SIZE " +
  "MDTM MLSD MLST FEAT OPTS SYST HELP SITE NOOP CLNT MFMT AUTH PBSZ PROT CCC";

const rows = [...COMMANDS.values()];

/** An argument with which a command does no harm, and which it does not refuse for its form. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  USER: "alice",
  PASS: "wrong",
  TYPE: "I",
  STRU: "F",
  MODE: "S",
  PORT: "127,0,0,1,200,200",
  EPRT: "|1|127.0.0.1|50000|",
  ALLO: "1",
  REST: "0",
  OPTS: "UTF8 ON",
  SITE: "HELP",
  MFMT: "20260101000000 missing",
};

function line(row: CommandRow): string {
  return row.argument === "required" ? `${row.verb} ${ARGUMENTS[row.verb] ?? "missing"}` : row.verb;
}

Deno.test("the table has every command that is promised, and each row is whole", () => {
  assert.deepEqual([...COMMANDS.keys()].sort(), VERBS.split(" ").sort());
  for (const [verb, row] of COMMANDS) {
    assert.equal(row.verb, verb);
    assert.ok(row.syntax.startsWith(verb), verb);
    assert.equal(row.syntax === verb, row.argument === "none" || verb === "NOOP", verb);
    assert.match(row.rfc, /^RFC \d+( [\d.]+)?$|^draft-/, verb);
    assert.match(row.help, /^[a-z].*[^.]$/, verb);
  }
});

Deno.test("every command keeps its argument rule", async () => {
  await using gateway = await Gateway.start();
  for (const row of rows) {
    using peer = await gateway.logIn();
    if (row.argument === "required") {
      const { text } = await peer.ask(row.verb, 501);
      assert.ok(text.includes(row.syntax), row.verb);
      await peer.ask(`${row.verb} `, 501);
    }
    if (row.argument === "none") {
      await peer.ask(`${row.verb} x`, 501);
      await peer.ask("NOOP", 200);
    } else {
      const given = await peer.command(line(row));
      assert.notEqual(given.code, 500, row.verb);
      assert.notEqual(given.code, 501, row.verb);
    }
  }
});

Deno.test("every command but those for the way in needs a login", async () => {
  await using gateway = await Gateway.start();
  const open = rows.filter(({ beforeLogin }) => beforeLogin).map(({ verb }) => verb);
  assert.deepEqual(
    open.toSorted(),
    "AUTH CCC CLNT FEAT HELP NOOP OPTS PASS PBSZ PROT QUIT REIN SYST USER".split(" "),
  );
  for (const row of rows) {
    using peer = await gateway.connect();
    const { code, text } = await peer.command(line(row));
    const refused = code === 530 && text === "Log in first";
    assert.equal(refused, !row.beforeLogin, `${row.verb}: ${code} ${text}`);
  }
});

Deno.test("every command that needs a permission is refused without it, and changes nothing", async () => {
  for (
    const [authority, deleteEnable, renameEnable, missing] of [
      ["R", true, true, ["write", "delete", "rename"]],
      ["W", true, true, ["read"]],
      ["RW", false, true, ["delete"]],
      ["RW", true, false, ["rename"]],
      ["RW", true, true, []],
    ] as const
  ) {
    await using gateway = await Gateway.start({ authority, deleteEnable, renameEnable });
    await gateway.put("missing", "here all the same");
    const refused: string[] = [];
    for (const row of rows) {
      using peer = await gateway.logIn();
      const { code, text } = await peer.command(line(row));
      if (code === 550 && text.includes("not permitted")) refused.push(row.verb);
    }
    const expected = rows.filter(({ permission }) => missing.some((name) => name === permission));
    assert.deepEqual(refused, expected.map(({ verb }) => verb), authority);
    if (missing.some((name) => name === "delete")) {
      assert.deepEqual(await gateway.text("missing"), "here all the same");
    }
  }
});

Deno.test("reading and writing commands need the permission that the documents say", () => {
  const needing = (permission: string) =>
    rows.filter((row) => row.permission === permission).map(({ verb }) => verb).sort();
  assert.deepEqual(needing("read"), ["LIST", "MDTM", "MLSD", "MLST", "NLST", "RETR", "SIZE"]);
  assert.deepEqual(needing("write"), ["APPE", "MKD", "STOR", "STOU", "XMKD"]);
  assert.deepEqual(needing("rename"), ["RNFR", "RNTO"]);
  assert.deepEqual(needing("delete"), ["DELE", "RMD", "XRMD"]);
});

Deno.test("every command that moves data asks for a data connection first", async () => {
  await using gateway = await Gateway.start();
  const moving = rows.filter(({ dataConnection }) => dataConnection);
  assert.deepEqual(
    moving.map(({ verb }) => verb).sort(),
    ["APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "STOU"],
  );
  using peer = await gateway.logIn();
  for (const row of moving) await peer.ask(line(row), 425);
});

Deno.test("HELP names every command and describes each from its row", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  const { lines } = await peer.ask("HELP", 214);
  assert.deepEqual(
    lines.slice(1, -1).join(" ").trim().split(/\s+/),
    [...COMMANDS.keys()].sort(),
  );
  for (const { verb, syntax, help, rfc } of rows) {
    const { text } = await peer.ask(`HELP ${verb.toLowerCase()}`, 214);
    assert.equal(text, `${syntax}: ${help} (${rfc})`);
  }
  await peer.ask("HELP ADAT", 502);
  await peer.ask("HELP NOSUCH", 500);
});

Deno.test("FEAT names the extensions of the table's rows", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  const features = async () => (await peer.ask("FEAT", 211)).lines.slice(1, -1);
  assert.deepEqual((await features()).toSorted(), [
    " CLNT",
    " EPRT",
    " EPSV",
    " MDTM",
    " MLST type*;size*;modify*;perm*;",
    " REST STREAM",
    " SIZE",
    " TVFS",
    " UTF8",
  ]);
  await peer.ask("OPTS MLST size;modify;", 200);
  assert.ok((await features()).includes(" MLST type;size*;modify*;perm;"));
});

Deno.test("verbs of other servers, and TLS without a certificate, get 502, anything else 500, and the session goes on", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  for (
    const verb of ["AUTH TLS", "PBSZ 0", "PROT P", "CCC", "ADAT", "MFMT 20260101000000 a", "SMNT /"]
  ) {
    await peer.ask(verb, 502);
  }
  for (const verb of ["", " ", "NOSUCH", "GET / HTTP/1.1", "constructor", "__proto__", "\x00"]) {
    await peer.ask(verb, 500);
  }
  await peer.ask("noop", 200);
});

import assert from "node:assert/strict";
import { Gateway } from "./gateway.ts";

/** Sends each line and compares the code of its reply. */
async function askAll(
  gateway: Gateway,
  exchanges: readonly (readonly [line: string, code: number])[],
): Promise<void> {
  using peer = await gateway.logIn();
  for (const [line, code] of exchanges) await peer.ask(line, code);
}

Deno.test("TYPE takes ASCII, image and local 8; STRU and MODE what is not obsolete", async () => {
  await using gateway = await Gateway.start();
  await askAll(gateway, [
    ["TYPE A", 200],
    ["TYPE a n", 200],
    ["type i", 200],
    ["TYPE L 8", 200],
    ["TYPE E", 504],
    ["TYPE A C", 504],
    ["TYPE L 7", 504],
    ["TYPE X", 504],
    ["TYPE constructor", 504],
    ["STRU F", 200],
    ["STRU f", 200],
    ["STRU R", 504],
    ["STRU P", 504],
    ["MODE S", 200],
    ["MODE B", 504],
    ["MODE C", 504],
    ["MODE Z", 504],
  ]);
});

Deno.test("a session begins in TYPE A, and TYPE shows in STAT", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.connect();
  await peer.ask("USER alice", 331);
  await peer.ask("PASS secret", 230);
  assert.match((await peer.ask("STAT", 211)).lines.join("\n"), /TYPE: ASCII/);
  await peer.ask("TYPE L 8", 200);
  assert.match((await peer.ask("STAT", 211)).lines.join("\n"), /TYPE: image/);
});

Deno.test("ALLO refuses only what could never be stored", async () => {
  await using gateway = await Gateway.start();
  await askAll(gateway, [
    ["ALLO 0", 202],
    ["ALLO 1000 R 100", 202],
    [`ALLO ${24 * 1024 ** 2}`, 202],
    [`ALLO ${24 * 1024 ** 2 + 1}`, 552],
    ["ALLO 99999999999999999999999999", 552],
    ["ALLO many", 501],
    ["ALLO -1", 501],
  ]);
});

Deno.test("REST takes a number of bytes", async () => {
  await using gateway = await Gateway.start();
  await askAll(gateway, [
    ["REST 0", 350],
    ["REST 9007199254740991", 350],
    ["REST 9007199254740993", 501],
    ["REST -1", 501],
    ["REST 1.5", 501],
    ["REST 1e3", 501],
    ["REST 0x10", 501],
    ["REST  1", 501],
  ]);
});

Deno.test("OPTS is for UTF8 and MLST, before the login too", async () => {
  await using gateway = await Gateway.start();
  await askAll(gateway, [
    ["OPTS UTF8 ON", 200],
    ["OPTS utf8 on", 200],
    ["OPTS UTF8", 200],
    ["OPTS UTF-8 NLST", 200],
    ["OPTS UTF8 OFF", 504],
    ["OPTS HASH SHA-1", 501],
  ]);
  using peer = await gateway.connect();
  await peer.ask("OPTS UTF8 ON", 200);
  for (
    const [facts, chosen] of [
      ["Type;SIZE;", "MLST OPTS type;size;"],
      ["size;type;unknown;", "MLST OPTS type;size;"],
      ["unknown;", "MLST OPTS"],
      ["", "MLST OPTS"],
      ["type;size;modify;perm;", "MLST OPTS type;size;modify;perm;"],
    ] as const
  ) assert.equal((await peer.ask(`OPTS MLST ${facts}`.trim(), 200)).text, chosen);
});

Deno.test("SITE is for HELP, and for CHMOD which changes nothing", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("a", "content");
  await askAll(gateway, [
    ["SITE HELP", 214],
    ["SITE help", 214],
    ["SITE CHMOD 644 a", 200],
    ["SITE chmod 000 a", 200],
    ["SITE EXEC ls", 504],
    ["SITE UMASK 022", 504],
  ]);
  assert.equal(await gateway.text("a"), "content");
});

Deno.test("commands that need no answer but a code have it", async () => {
  await using gateway = await Gateway.start();
  using peer = await gateway.logIn();
  assert.equal((await peer.ask("SYST", 215)).text, "UNIX Type: L8");
  await peer.ask("NOOP", 200);
  await peer.ask("NOOP with something behind it", 200);
  await peer.ask("CLNT lftp/4.9", 200);
  await peer.ask("ACCT anything", 202);
  await peer.ask("ABOR", 226);
});

Deno.test("MLST gives the facts of one path over the control connection", async () => {
  await using gateway = await Gateway.start();
  await gateway.put("d/文 a", "12345");
  using peer = await gateway.logIn();
  const facts = async (line: string) => {
    const { lines } = await peer.ask(line, 250);
    assert.equal(lines.length, 3);
    return lines[1];
  };
  assert.match(
    (await facts("MLST d/文 a"))!,
    /^ type=file;size=5;modify=\d{14};perm=awrdf; \/d\/文 a$/,
  );
  assert.equal(await facts("MLST d"), " type=dir;perm=elcmdp; /d");
  assert.equal(await facts("MLST"), " type=dir;perm=elcmdp; /");
  await peer.ask("CWD d", 250);
  assert.equal(await facts("MLST"), " type=dir;perm=elcmdp; /d");
  await peer.ask("OPTS MLST size;", 200);
  assert.equal(await facts("MLST 文 a"), " size=5; /d/文 a");
  await peer.ask("MLST nothing", 550);
});

Deno.test("STAT of a path lists it over the control connection", async () => {
  await using gateway = await Gateway.start({ maxListFile: 3 });
  await gateway.put("d/a", "1");
  await gateway.put("d/b/c");
  await gateway.put("many/1");
  for (const name of ["2", "3", "4"]) await gateway.put(`many/${name}`);
  using peer = await gateway.logIn();
  const listed = async (line: string) => (await peer.ask(line, 213)).lines;
  const directory = await listed("STAT -la d");
  assert.equal(directory.length, 4);
  assert.match(directory[1]!, /^ -rw-r--r-- .* a$/);
  assert.match(directory[2]!, /^ drwxr-xr-x .* b$/);
  assert.match(directory[3]!, /^213 Listing complete$/);
  assert.match((await listed("STAT d/a"))[1]!, / a$/);
  const cut = await listed("STAT many");
  assert.equal(cut.length, 5);
  assert.match(cut[4]!, /^213 .*max_list_file/);
  await peer.ask("STAT nothing", 550);
});

Deno.test("STAT of a path ends its reply even when COS fails in the middle", async () => {
  await using gateway = await Gateway.start();
  for (let index = 0; index < 1001; index++) await gateway.put(`d/${index}`);
  using peer = await gateway.logIn();
  gateway.emulator.faults.add({
    operation: "GetBucket",
    skip: 1,
    fault: { kind: "error", code: "InternalError", status: 500 },
  });
  const { lines, text } = await peer.ask("STAT d", 213);
  assert.equal(lines.length, 1002);
  assert.match(text, /not complete/);
  await peer.ask("STAT d", 451);
  gateway.emulator.faults.clear();
  await peer.ask("NOOP", 200);
});

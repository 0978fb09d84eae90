import assert from "node:assert/strict";
import { COMMANDS } from "../../src/ftp/commands/table.ts";
import type { CommandRow } from "../../src/ftp/commands/command_row.ts";
import { Code, reply } from "../../src/ftp/reply.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import { MIB } from "../ftp/gateway.ts";
import { describeFinding, fuzz, playAlone } from "./fuzzer.ts";

/** Four times as many sessions as there are pairs of verb and state. */
const SESSIONS = 2592;
const SEED = 20260115;

/** So many sessions before the first round ends of those that are played where interrupted uploads are not kept. */
const FIRST = SESSIONS / 4 - 50;

Deno.test("generated sessions find no fault, and send every verb in every state", async () => {
  const { finding, played, coverage } = await fuzz({ seed: SEED, sessions: SESSIONS });
  assert.equal(finding && describeFinding(finding), undefined);
  assert.equal(played, SESSIONS);
  assert.deepEqual(coverage.missing, []);
  assert.ok(coverage.resumed > 0, "no interrupted upload was gone on with");
});

Deno.test("the same seed plays the same sessions", async () => {
  const [one, another] = [
    await fuzz({ seed: 1, first: FIRST, sessions: 100 }),
    await fuzz({ seed: 1, first: FIRST, sessions: 100, lanes: 1 }),
  ];
  assert.equal(one.coverage.table(), another.coverage.table());
  const other = await fuzz({ seed: 2, first: FIRST, sessions: 100 });
  assert.notEqual(one.coverage.table(), other.coverage.table());
});

Deno.test("deno task fuzz plays the same sessions in one thread and in several", async () => {
  const outputs = await Promise.all([1, 3].map(async (threads) => {
    const options = ["--seed", "1", "--first", `${FIRST}`, "--sessions", "100"];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--no-check", "--lock=tests/deno.lock"],
        ...["--allow-net", "--allow-read", "--allow-env", "--allow-sys"],
        ...["tests/fuzz/fuzz.ts", ...options, "--threads", `${threads}`],
      ],
      cwd: new URL("../../", import.meta.url).pathname,
      stderr: "null",
    }).output();
    assert.equal(code, 0);
    return new TextDecoder().decode(stdout);
  }));
  assert.equal(outputs[0], outputs[1]);
  assert.match(outputs[0]!, /\n100 sessions of seed 1 without a fault\n$/);
});

type Run = CommandRow["run"];

/** Faults of one command each, which only some arguments or states bring out, and what the fuzzer must call them. */
const PLANTED: readonly {
  fault: string;
  verb: string;
  rule: string;
  plant: (right: Run, leaks: DisposableStack) => Run;
}[] = [
  {
    fault: "ALLO after REST answers twice",
    verb: "ALLO",
    rule: "wrong reply",
    plant: (right) => async (session, argument) => {
      if (session.restartMarker > 0) await session.send(reply(Code.superfluous, "Once"));
      return await right(session, argument);
    },
  },
  {
    fault: "MLST throws at a byte that is not of UTF-8",
    verb: "MLST",
    rule: "unexpected error",
    plant: (right) => (session, argument) => {
      if (argument.bytes.includes(0xff)) throw new TypeError("Invalid byte");
      return right(session, argument);
    },
  },
  {
    fault: "ABOR keeps the data connection prepared",
    verb: "ABOR",
    rule: "unprepared",
    plant: () => () => reply(Code.transferComplete, "ABOR was carried out"),
  },
  {
    fault: "DELE leaves the account's prefix by ..",
    verb: "DELE",
    rule: "touched outside",
    plant: (right) => async (session, argument) => {
      if (!/\.\..*secret/.test(argument.text)) return await right(session, argument);
      await session.loggedIn.account.transfers.store.delete("secret.txt", uninterrupted());
      return reply(Code.actionCompleted, "Removed");
    },
  },
  {
    fault: "STOR goes on a byte before REST where something is kept",
    verb: "STOR",
    rule: "upload lost",
    plant: (right) => (session, argument) => {
      if (session.restartMarker >= MIB) session.restartMarker--;
      return right(session, argument);
    },
  },
  {
    fault: "SIZE says more than is kept",
    verb: "SIZE",
    rule: "wrong size",
    plant: (right) => async (session, argument) => {
      const told = await right(session, argument);
      return /^\d{7}$/.test(told.lines[0]!) ? reply(Code.fileStatus, String(8 * MIB)) : told;
    },
  },
  {
    fault: "EPSV with a number forgets a port",
    verb: "EPSV",
    rule: "passive ports left",
    plant: (right, leaks) => (session, argument) => {
      if (argument.text === "1") leaks.use(session.services.ports.open("127.0.0.1"));
      return right(session, argument);
    },
  },
];

for (const { fault, verb, rule, plant } of PLANTED) {
  Deno.test(`a planted fault is found and shrunk: ${fault}`, async () => {
    const rows = COMMANDS as Map<string, CommandRow>;
    const row = COMMANDS.get(verb)!;
    using leaks = new DisposableStack();
    rows.set(verb, { ...row, run: plant(row.run, leaks) });
    leaks.defer(() => rows.set(verb, row));
    const { finding } = await fuzz({ seed: SEED, sessions: SESSIONS });
    assert.ok(finding, "it was not found");
    const told = describeFinding(finding);
    assert.equal(finding.violation.rule, rule, told);
    assert.equal((await playAlone(finding.smallest))?.rule, rule, told);
    assert.match(told, new RegExp(`--seed ${SEED} --first ${finding.index} --sessions 1\n`));
    const lines = finding.smallest.steps.flatMap((step) => [...step.lines, ...step.data.during]);
    assert.ok(lines.length <= 6, told);
    rows.set(verb, row);
    assert.equal(await playAlone(finding.smallest), undefined, told);
  });
}

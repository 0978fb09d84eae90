import assert from "node:assert/strict";
import { countProblems, type Problem, renderProblem } from "../../src/config/problem.ts";
import { accountText, configOf, loadText, onlyProblem } from "./loading.ts";

const MIB = 1024 ** 2;

/** What tests compare of a problem: where it is and of what kind. */
function outline({ line, column, kind, severity, section, key }: Problem) {
  return [line, column, severity, kind, section, key];
}

Deno.test("all problems of a file are reported at once, in its order, each with a remedy", () => {
  const { config, problems } = loadText([
    "[COS_ACCOUNT_0]", // 1
    "cos_secretid = COS_SECRETID",
    "cos_bucket = photos",
    "cos_bucket = photos-1250000001",
    "authority = RWX", // 5
    "ftp_login_user_name = alice",
    "ftp_login_user_password = # forgotten",
    "listen_port = 21",
    "[NETWERK]",
    "listen_port = 22", // 10
    "[NETWORK]",
    "listen_prt = 23",
    "passive_port = 60000",
    "no key",
    "[OPTIONAL]", // 15
    "idle_timeout = soon",
    "[OPTIONAL]",
    "idle_timeout = 1s",
  ].join("\n"));
  assert.equal(config, undefined);
  assert.deepEqual(problems.map(outline), [
    [1, 1, "error", "missing", "COS_ACCOUNT_0", "cos_secretkey"],
    [1, 1, "error", "missing", "COS_ACCOUNT_0", "cos_region"],
    [2, 16, "error", "placeholder", "COS_ACCOUNT_0", "cos_secretid"],
    [3, 14, "error", "invalid", "COS_ACCOUNT_0", "cos_bucket"],
    [4, 1, "error", "duplicate", "COS_ACCOUNT_0", "cos_bucket"],
    [5, 13, "error", "invalid", "COS_ACCOUNT_0", "authority"],
    [7, 27, "error", "missing", "COS_ACCOUNT_0", "ftp_login_user_password"],
    [8, 1, "error", "unknown", "COS_ACCOUNT_0", "listen_port"],
    [9, 1, "error", "unknown", "NETWERK", undefined],
    [12, 1, "error", "unknown", "NETWORK", "listen_prt"],
    [13, 16, "error", "invalid", "NETWORK", "passive_port"],
    [14, 1, "error", "syntax", undefined, undefined],
    [16, 16, "error", "invalid", "OPTIONAL", "idle_timeout"],
    [17, 1, "error", "duplicate", "OPTIONAL", undefined],
    [18, 1, "error", "duplicate", "OPTIONAL", "idle_timeout"],
  ]);
  assert.equal(countProblems(problems), "15 errors");
  for (const problem of problems) {
    assert.equal(problem.file, "vsftpd.conf");
    assert.match(problem.message, /^[A-Z\[].*: .*[^.]$/);
    assert.match(problem.remedy, /^[A-Z].*[^.]$/);
  }
});

Deno.test("a problem is shown with its place, what was found, what is wanted, and a remedy", () => {
  const problem = onlyProblem(loadText(`${accountText()}[NETWORK]\nlisten_port = 21x\n`));
  assert.equal(
    renderProblem(problem),
    'vsftpd.conf:9:15: error: Cannot use [NETWORK] listen_port: found "21x", ' +
      "wanted a port from 0 to 65535\n    Give it a value like the default, 2121, or remove it\n",
  );
  assert.deepEqual([problem.found, problem.wanted], ["21x", "a port from 0 to 65535"]);
});

Deno.test("a problem shows no control characters and no endless values", () => {
  const text = `${accountText()}[NETWORK]\nlisten_address = \u001b[31m\u202e${"x".repeat(500)}\n`;
  const shown = renderProblem(onlyProblem(loadText(text)));
  assert.match(shown, /found "\\u001b\[31m\\u202ex{71}\.\.\."/);
});

Deno.test("unknown keys and sections get a suggestion, and are warnings when lenient", () => {
  const cases: [lines: string, hint: RegExp][] = [
    ["[NETWORK]\nlisten_prot = 21", /did you mean listen_port\?$/],
    ["[NETWORK]\nmasquerade_adress = a.example", /did you mean masquerade_address\?$/],
    ["[NETWORK]\nlog_dir = log", /it belongs to \[OPTIONAL\]$/],
    ["[NETWORK]\ncos_bucket = b-1", /it belongs to \[COS_ACCOUNT_\*\]$/],
    ["[NETWORK]\nzzz = 1", /zzz: unknown$/],
    ["[NETWROK]", /did you mean \[NETWORK\]\?$/],
    ["[COS_ACCOUNT]", /did you mean \[COS_ACCOUNT_0\]\?$/],
    ["[COS_ACOUNT_1]", /did you mean \[COS_ACCOUNT_0\]\?$/],
    ["[FTP_ACCOUNT]\nlogin_users = a:b:RW", /wanted one of COS_ACCOUNT_0, NETWORK/],
  ];
  for (const [lines, hint] of cases) {
    const text = `${accountText()}${lines}\n`;
    const problem = onlyProblem(loadText(text));
    assert.deepEqual([problem.kind, problem.severity], ["unknown", "error"]);
    assert.match(problem.message, hint);
    const lenient = loadText(text, { lenient: true });
    assert.equal(onlyProblem(lenient).severity, "warning");
    configOf(lenient);
  }
});

Deno.test("sections, keys, user names and home_dirs must not appear twice", () => {
  const first = accountText(0, "home_dir = /home/a");
  const cases: [text: string, key: string | undefined, line: number][] = [
    [`${first}${accountText(1, "home_dir = /home/a/")}`, "home_dir", 16],
    [`${first}${accountText(1).replace("alice1", "alice0")}`, "ftp_login_user_name", 14],
    [`${first}${accountText(1).replace("COS_ACCOUNT_1", "cos_account_0")}`, undefined, 9],
    [`${first}[NETWORK]\nlisten_port = 1\nLISTEN_PORT = 2`, "listen_port", 11],
    [`${first}[NETWORK]\nlisten_port = 1\n[NETWORK]`, undefined, 11],
  ];
  for (const [text, key, line] of cases) {
    const problem = onlyProblem(loadText(text));
    assert.deepEqual([problem.kind, problem.key, problem.line], ["duplicate", key, line]);
  }
  configOf(loadText(`${first}${accountText(1, "home_dir = /home/b")}`));
});

Deno.test("without an account there is nothing to serve", () => {
  const problem = onlyProblem(loadText("[NETWORK]\nlisten_port = 21\n"));
  assert.deepEqual([problem.kind, problem.file], ["missing", "vsftpd.conf"]);
  assert.match(problem.message, /found no account, wanted a section \[COS_ACCOUNT_0\]/);
});

Deno.test("an account needs a region or an endpoint", () => {
  const without = accountText().replace("cos_region = ap-guangzhou\n", "");
  assert.match(onlyProblem(loadText(without)).message, /found neither cos_region nor cos_endpoint/);
  assert.match(onlyProblem(loadText(`${without}cos_endpoint = a/b\n`)).message, /cos_endpoint: /);
  configOf(loadText(`${without}cos_endpoint = cos.example.com\n`));
});

Deno.test("values of the samples that work are warnings, the others errors", () => {
  const works = accountText().replace("photos-1250000001", "examplebucket-1250000000")
    .replace("correct-horse-0", "pass0");
  const { config, problems } = loadText(works);
  assert.deepEqual(problems.map(({ kind, severity, key }) => [kind, severity, key]), [
    ["placeholder", "warning", "cos_bucket"],
    ["placeholder", "warning", "ftp_login_user_password"],
  ]);
  assert.equal(config!.accounts[0]!.users[0]!.password, "pass0");
  const fails = `${accountText(0, "cos_endpoint = region.myqcloud.com")}[NETWORK]\n` +
    "masquerade_address = XXX.XXX.XXX.XXX\n";
  assert.deepEqual(loadText(fails).problems.map(({ severity, found }) => [severity, found]), [
    ["error", "region.myqcloud.com"],
    ["error", "XXX.XXX.XXX.XXX"],
  ]);
});

Deno.test("the samples' bucket is right at an endpoint of one's own", () => {
  const text = accountText(0, "cos_endpoint = 127.0.0.1:9000")
    .replace("photos-1250000001", "examplebucket-1250000000");
  assert.deepEqual(loadText(text).problems, []);
});

Deno.test("keys of the predecessor that do nothing any more are notes", () => {
  const loaded = loadText(
    `${accountText()}[OPTIONAL]\nlog_rotate_when = midnight\nconfig_check_enable = x\n` +
      "log_rotate_enabled = True\nlog_backup_count = 5\n",
  );
  assert.equal(configOf(loaded).log.backupCount, 5);
  assert.deepEqual(loaded.problems.map(({ severity, kind, key }) => [severity, kind, key]), [
    ["note", "retired", "log_rotate_when"],
    ["note", "retired", "config_check_enable"],
  ]);
});

Deno.test("a listen_port among the passive ports is a warning", () => {
  const text = `${accountText()}[NETWORK]\nlisten_port = 60100\n`;
  const loaded = loadText(text);
  assert.equal(onlyProblem(loaded).severity, "warning");
  configOf(loaded);
  assert.deepEqual(loadText(`${text}passive_port = 60101-60200\n`).problems, []);
});

Deno.test("the largest file must fit in the parts that the memory can hold", () => {
  const cases = [
    // 200 GiB in 10,000 parts is 20.48 MiB a part, in whole MiB 21; four are in flight while one is filled.
    { size: "200GiB", threads: 4, tooLittle: "104MiB", enough: "105MiB", atMost: "200000MiB" },
    { size: "200GiB", threads: 1, tooLittle: "41MiB", enough: "42MiB", atMost: "200000MiB" },
    { size: "10TiB", threads: 2, tooLittle: "1GiB", enough: "3147MiB", atMost: "3410000MiB" },
  ];
  for (const { size, threads, tooLittle, enough, atMost } of cases) {
    const loadWith = (memory: string) =>
      loadText(
        `${accountText()}[FILE_OPTION]\nsingle_file_max_size = ${size}\n` +
          `[OPTIONAL]\nupload_thread_num = ${threads}\nupload_memory_max = ${memory}\n`,
      );
    const problem = onlyProblem(loadWith(tooLittle));
    assert.deepEqual([problem.kind, problem.key, problem.line], [
      "conflict",
      "single_file_max_size",
      9,
    ]);
    assert.match(
      problem.message,
      new RegExp(`wanted ${enough} with upload_thread_num ${threads}$`),
    );
    assert.match(problem.remedy, new RegExp(`at most ${atMost}$`));
    configOf(loadWith(enough));
    configOf(loadText(
      `${accountText()}[FILE_OPTION]\nsingle_file_max_size = ${atMost}\n` +
        `[OPTIONAL]\nupload_thread_num = ${threads}\nupload_memory_max = ${tooLittle}\n`,
    ));
  }
});

Deno.test("the smallest part must fit in the memory", () => {
  const loadWith = (memory: string) =>
    loadText(
      `${accountText()}[OPTIONAL]\nmin_part_size = 300MiB\nupload_memory_max = ${memory}\n`,
    );
  const problem = onlyProblem(loadWith("1GiB"));
  assert.deepEqual([problem.kind, problem.key], ["conflict", "min_part_size"]);
  assert.match(problem.message, /found 1GiB of memory for parts, wanted 1500MiB with/);
  assert.match(problem.remedy, /at most 204MiB$/);
  configOf(loadWith("1500MiB"));
});

Deno.test("upload_memory_max follows the machine's memory, within what the other defaults need and 1 GiB", () => {
  const memoryOn = (machineMemory: number) =>
    configOf(loadText(accountText(), { machineMemory })).limits.uploadMemoryMax;
  assert.deepEqual([200, 2048, 65_536].map((mib) => memoryOn(mib * MIB)), [
    128 * MIB,
    512 * MIB,
    1024 * MIB,
  ]);
});

Deno.test("an account's largest file is no larger than that of all", () => {
  const option = "[FILE_OPTION]\nsingle_file_max_size = 2GiB\n";
  const { kind, key, found, message } = onlyProblem(
    loadText(accountText(0, "single_file_max_size = 3GiB") + option),
  );
  assert.deepEqual([kind, key, found], ["conflict", "single_file_max_size", "3GiB"]);
  assert.match(message, /found single_file_max_size 2GiB in \[FILE_OPTION\], wanted no less/);
  const { accounts } = configOf(
    loadText(accountText(0, "single_file_max_size = 1GiB") + accountText(1) + option),
  );
  assert.deepEqual(accounts.map((one) => one.singleFileMaxSize), [1024 ** 3, 2 * 1024 ** 3]);
});

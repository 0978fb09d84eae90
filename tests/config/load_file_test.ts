import assert from "node:assert/strict";
import { load } from "../../src/config/load.ts";
import { accountText, configOf, loadFiles, onlyProblem } from "./loading.ts";

const MACHINE_MEMORY = 1024 ** 3;

Deno.test("load reads the file of --config, else of COSFTP_CONFIG, else the first default", () => {
  const files = {
    "flag.conf": accountText(),
    "variable.conf": accountText(),
    "./conf/vsftpd.conf": accountText(),
    "/etc/cosftp/vsftpd.conf": accountText(),
  };
  const env = { COSFTP_CONFIG: "variable.conf" };
  const flag = loadFiles(files, { path: "flag.conf", env });
  assert.deepEqual([flag.file, flag.searched], ["flag.conf", ["flag.conf"]]);
  assert.equal(configOf(flag).file, "flag.conf");
  assert.equal(loadFiles(files, { env }).file, "variable.conf");
  assert.equal(loadFiles(files).file, "./conf/vsftpd.conf");
  assert.equal(loadFiles(files, { env: { COSFTP_CONFIG: "" } }).file, "./conf/vsftpd.conf");
  const system = loadFiles({ "/etc/cosftp/vsftpd.conf": accountText() });
  assert.equal(system.file, "/etc/cosftp/vsftpd.conf");
  assert.deepEqual(system.searched, ["./conf/vsftpd.conf", "/etc/cosftp/vsftpd.conf"]);
});

Deno.test("load says where it looked when there is no file", () => {
  const loaded = loadFiles({});
  assert.deepEqual([loaded.file, loaded.config], [undefined, undefined]);
  const problem = onlyProblem(loaded);
  assert.match(
    problem.message,
    /looked for \.\/conf\/vsftpd\.conf and \/etc\/cosftp\/vsftpd\.conf$/,
  );
  assert.match(problem.remedy, /--demo/);
});

Deno.test("load does not fall back when the named file is missing", () => {
  const files = { "./conf/vsftpd.conf": accountText() };
  const problem = onlyProblem(loadFiles(files, { path: "missing.conf" }));
  assert.deepEqual([problem.kind, problem.file], ["unreadable", "missing.conf"]);
  assert.match(problem.message, /: no such file or directory, wanted/);
});

Deno.test("load says why a file cannot be read", () => {
  const gbk = Uint8Array.of(0x23, 0x20, 0x0a, 0x23, 0x20, 0xc5, 0xe4, 0xd6, 0xc3, 0x0a);
  const cases = [
    [gbk, 2, /not UTF-8 but probably GBK/, /iconv -f GB18030/],
    [Uint8Array.of(0xff, 0xfe, 0x5b, 0x00), undefined, /UTF-16/, /iconv -f UTF-16/],
    [Uint8Array.of(0x5b, 0xff, 0xff), 1, /not UTF-8 text/, /UTF-8/],
  ] as const;
  for (const [bytes, line, message, remedy] of cases) {
    const problem = onlyProblem(loadFiles({ "x.conf": bytes }, { path: "x.conf" }));
    assert.deepEqual([problem.kind, problem.line], ["unreadable", line]);
    assert.match(problem.message, message);
    assert.match(problem.remedy, remedy);
  }
});

Deno.test("load reports a directory and a file without permission, and does not go on searching", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const problem = onlyProblem(load({ path: directory, env: {}, machineMemory: MACHINE_MEMORY }));
    assert.match(problem.message, /: is a directory, wanted/);
  } finally {
    await Deno.remove(directory);
  }
  const denied = onlyProblem(load({
    env: {},
    machineMemory: MACHINE_MEMORY,
    readFile: () => {
      throw new Deno.errors.PermissionDenied("Permission denied (os error 13): readfile 'x'");
    },
  }));
  assert.equal(denied.file, "./conf/vsftpd.conf");
  assert.match(denied.message, /: permission denied, wanted/);
});

import assert from "node:assert/strict";
import { accountText, loadText, onlyProblem } from "./loading.ts";

const modes = (mode: number) => ({ fileMode: () => mode });

Deno.test("secrets in a file that everybody may read are a warning that says what to do", () => {
  const loaded = loadText(accountText(), modes(0o100644));
  assert.ok(loaded.config);
  const { severity, kind, file, found, wanted, remedy } = onlyProblem(loaded);
  assert.deepEqual({ severity, kind, file, found, wanted, remedy }, {
    severity: "warning",
    kind: "exposed",
    file: "vsftpd.conf",
    found: "mode 0644",
    wanted: "mode 0600 or 0640",
    remedy: "chmod 0600 vsftpd.conf, or 0640 with a group of its own for cosftp",
  });
});

Deno.test("file that only its owner and its group may read is no problem", () => {
  for (const mode of [0o600, 0o640, 0o660, 0o400]) {
    assert.deepEqual(loadText(accountText(), modes(mode)).problems, []);
  }
});

Deno.test("file whose secrets are elsewhere may be read by everybody, but not written", () => {
  const text = accountText()
    .replace(/^cos_secretid = .*$/m, "cos_secretid = ${ID}")
    .replace(/^cos_secretkey = /m, "cos_secretkey_file = /run/")
    .replace(/^ftp_login_user_password = .*$/m, 'ftp_login_user_password = "${PASSWORD}"');
  const elsewhere = {
    env: { ID: "AKIDx", PASSWORD: "p" },
    files: { "/run/a-secret-key-0": "k" },
  };
  const modeOf = (mode: number) => ({
    fileMode: (path: string) => path === "vsftpd.conf" ? mode : 0o600,
  });
  assert.deepEqual(loadText(text, { ...elsewhere, ...modeOf(0o644) }).problems, []);
  const writable = onlyProblem(loadText(text, { ...elsewhere, ...modeOf(0o646) }));
  assert.match(writable.message, /everybody on this machine may change it/);
});

Deno.test("a file with a secret that the configuration names may not be read by everybody either", () => {
  const text = accountText().replace(/^cos_secretkey = /m, "cos_secretkey_file = /run/");
  const files = { "/run/a-secret-key-0": "k" };
  const fileMode = (path: string) => path === "vsftpd.conf" ? 0o600 : 0o644;
  const { kind, file, key, remedy } = onlyProblem(loadText(text, { files, fileMode }));
  assert.deepEqual([kind, file, key], ["exposed", "vsftpd.conf", "cos_secretkey_file"]);
  assert.match(remedy, /^chmod 0600 \/run\/a-secret-key-0,/);
  assert.equal(loadText(text, { files, fileMode, strict: true }).config, undefined);
});

Deno.test("part of a secret, or one that the environment replaces, is a secret too", () => {
  const part = accountText().replace(/^(cos_secretkey = ).*$/m, "$1${A}b");
  const env = { A: "a", COSFTP_COS_ACCOUNT_0_COS_SECRETKEY: "other" };
  assert.equal(onlyProblem(loadText(part, { env, ...modes(0o644) })).kind, "exposed");
});

Deno.test("strict makes errors of all warnings", () => {
  const loaded = loadText(accountText(), { strict: true, ...modes(0o644) });
  assert.equal(loaded.config, undefined);
  assert.equal(onlyProblem(loaded).severity, "error");
  assert.ok(loadText(accountText(), { strict: true, ...modes(0o600) }).config);
});

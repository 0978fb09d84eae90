import assert from "node:assert/strict";
import { loadText } from "../../config/loading.ts";
import { ACCOUNT, brief, checkText, GIB } from "./checked_configuration.ts";

Deno.test("problems of a configuration become findings at their places, with their remedies", async () => {
  const findings = await checkText(
    "config.problems",
    `${ACCOUNT}[NETWORK]\nlistn_port = 1\n[OPTIONAL]\nlog_rotate_when = D\n`,
  );
  assert.deepEqual(brief(findings), [
    "fail vsftpd.conf:9:1: Cannot use [NETWORK] listn_port: unknown, did you mean listen_port?",
    "warn vsftpd.conf:11:19: [OPTIONAL] log_rotate_when no longer does anything: " +
    "the log is rotated by size, see log_rotate_size",
  ]);
  const { remedy, data } = findings[0]!;
  assert.match(remedy!.text, /^Write listen_port/);
  assert.deepEqual([data!.kind, data!.section, data!.key, data!.line], [
    "unknown",
    "NETWORK",
    "listn_port",
    9,
  ]);
  assert.deepEqual(brief(await checkText("config.problems", ACCOUNT)), [
    "pass vsftpd.conf: Read vsftpd.conf: 1 account, listening on 0.0.0.0 port 2121",
  ]);
});

Deno.test("what cos-ftp-server-V5 ignored or misread is named value by value", async () => {
  const text = `${ACCOUNT}home_dir = /home/a   # a label
key_prefix = 'team # a/'
cos_token = "say ""hi"""
[NETWORK]
masquerade_address = ftp.example.com
[OPTIONAL]
max_connection_num = 0
log_level = critical
log_dir = /var/Log
`;
  const findings = await checkText("config.predecessor", text);
  assert.deepEqual(brief(findings), [
    "pass vsftpd.conf:8:1: [COS_ACCOUNT_0] home_dir: cos-ftp-server-V5 took the comment behind the " +
    "value as part of it; here it is a comment",
    "pass vsftpd.conf:9:1: [COS_ACCOUNT_0] key_prefix: cos-ftp-server-V5 took the quotes as part of " +
    "the value; here they only enclose it",
    "pass vsftpd.conf:10:1: [COS_ACCOUNT_0] cos_token: cos-ftp-server-V5 took the quotes as part of " +
    "the value; here they only enclose it",
    "pass vsftpd.conf:12:1: [NETWORK] masquerade_address: cos-ftp-server-V5 ignored what is no IPv4 " +
    "address; here it holds",
    "pass vsftpd.conf:14:1: [OPTIONAL] max_connection_num: cos-ftp-server-V5 ignored 0 and took 512; " +
    "here it is unlimited",
    "pass vsftpd.conf:15:1: [OPTIONAL] log_level: cos-ftp-server-V5 took it for INFO; here it holds",
    "pass vsftpd.conf:16:1: [OPTIONAL] log_dir: cos-ftp-server-V5 wrote to /var/log, in lower case; " +
    "here it holds as it stands",
  ]);
});

Deno.test("a file that cos-ftp-server-V5 read as it is meant has nothing to be named", async () => {
  const text = `${ACCOUNT}; a comment\n# another\n[NETWORK]\nmasquerade_address = 203.0.113.7
[OPTIONAL]\nlog_dir = default\nmax_connection_num = 512 ; few\nlog_level = DEBUG\n`;
  assert.deepEqual(await checkText("config.predecessor", text), []);
});

Deno.test("weak passwords are warned of and never shown", async () => {
  for (
    const [name, password, pattern] of [
      ["alice", "Alice1", /is the user name$/],
      ["alice", "Passw0rd!", /is one that everybody tries first$/],
      ["alice", "qwerty123", /is one that everybody tries first$/],
      ["alice", "kX9$z", /has 5 characters, wanted at least 8$/],
      ["alice", "4815162342", /has digits only$/],
      ["alice", "abababababab", /has hardly any different characters$/],
    ] as const
  ) {
    const text = ACCOUNT.replace("correct-horse", `'${password}'`).replace("alice", name);
    const findings = await checkText("config.passwords", text);
    assert.deepEqual(findings.map(({ status }) => status), ["warn"], password);
    assert.match(findings[0]!.summary, pattern);
    assert.equal(findings[0]!.target, "[COS_ACCOUNT_0] alice");
    assert.ok(!JSON.stringify(findings).includes(password));
  }
});

Deno.test("good passwords and hashes pass, and each user counts", async () => {
  const hash = `scrypt:N=32768:r=8:p=3:${"A".repeat(22)}:${"B".repeat(43)}`;
  const text = `${ACCOUNT}ftp_login_users = bob:${hash}, carol:12345678\n`;
  assert.deepEqual(brief(await checkText("config.passwords", text)), [
    "warn [COS_ACCOUNT_0] carol: The password has digits only",
  ]);
  assert.deepEqual(brief(await checkText("config.passwords", ACCOUNT)), [
    "pass vsftpd.conf: None of 1 is easily found by trying",
  ]);
});

Deno.test("anonymous is warned of only where it may write", async () => {
  const anonymous = ACCOUNT.replace("alice", "anonymous").replace(
    /ftp_login_user_password.*\n/,
    "",
  );
  assert.deepEqual(brief(await checkText("config.passwords", `${anonymous}authority = RW\n`)), [
    "warn [COS_ACCOUNT_0] anonymous: Everybody may write, without a password",
  ]);
  assert.equal((await checkText("config.passwords", anonymous))[0]!.status, "pass");
});

Deno.test("files with secrets that others may read or change are named, with the chmod that mends it", async () => {
  const key = "/etc/cosftp/a key";
  const text = ACCOUNT.replace("cos_secretkey = a-secret-key", `cos_secretkey_file = ${key}`);
  const files = { [key]: "a-secret-key\n" };
  const check = async (modes: Record<string, number>) =>
    await checkText("config.files", text, { files, modes });
  assert.deepEqual(brief(await check({ "vsftpd.conf": 0o100640, [key]: 0o100600 })), [
    "pass vsftpd.conf: No secrets in 2 files are anybody else's to read or change",
  ]);
  const readable = await check({ "vsftpd.conf": 0o100600, [key]: 0o100644 });
  assert.deepEqual(brief(readable), [
    `warn ${key}: Everybody on this machine may read the file: mode 0644, wanted 0600 or 0640`,
  ]);
  assert.deepEqual(readable[0]!.remedy!.commands, ["chmod 0600 '/etc/cosftp/a key'"]);
  assert.deepEqual(brief(await check({ [key]: 0o100666 })), [
    `fail ${key}: Everybody on this machine may change the file: mode 0666, wanted 0600 or 0640`,
  ]);
  const folder = await check({ "/etc/cosftp": 0o040777, ".": 0o041777 });
  assert.deepEqual(brief(folder), [
    "fail /etc/cosftp: Everybody on this machine may replace the files in it: mode 0777",
  ]);
});

Deno.test("a configuration file that is open is told of once, and only if it holds secrets", async () => {
  const modes = { "vsftpd.conf": 0o100644 };
  const check = async (check: string, text: string) => {
    const env = { ID: "AKIDexample", KEY: "k", PASSWORD: "correct-horse" };
    const loaded = loadText(text, { env, fileMode: (path) => modes[path as keyof typeof modes] });
    return brief(await checkText(check, text, { loaded, modes }));
  };
  assert.deepEqual(await check("config.files", ACCOUNT), [
    "warn vsftpd.conf: Everybody on this machine may read the file: mode 0644, wanted 0600 or 0640",
  ]);
  assert.equal((await check("config.problems", ACCOUNT)).length, 1);
  const without = ACCOUNT.replace("AKIDexample", "${ID}").replace("a-secret-key", "${KEY}")
    .replace("correct-horse", "${PASSWORD}");
  assert.deepEqual(await check("config.files", without), [
    "pass vsftpd.conf: No secrets in 1 file are anybody else's to read or change",
  ]);
});

Deno.test("a certificate is everybody's to read", async () => {
  const text = `${ACCOUNT}[TLS]\ntls_cert_file = /etc/cert.pem\ntls_key_file = /etc/key.pem\n`;
  const modes = { "/etc/cert.pem": 0o100644, "/etc/key.pem": 0o100644 };
  const targets = (await checkText("config.files", text, { modes })).map(({ target }) => target);
  assert.deepEqual(targets, ["/etc/key.pem"]);
});

Deno.test("only keys that name files with secrets are taken for them", async () => {
  const text =
    `${ACCOUNT}cos_credentials_file = /run/keys.json\n[OPTIONAL]\nMax_List_File = 10000\n`;
  const modes = { "vsftpd.conf": 0o100600, "10000": 0o100666, "/run/keys.json": 0o100644 };
  const targets = (await checkText("config.files", text, { modes })).map(({ target }) => target);
  assert.deepEqual(targets, ["/run/keys.json"]);
  const [pass] = await checkText("config.files", `${ACCOUNT}[OPTIONAL]\nmax_list_file = 10000\n`);
  assert.equal(pass!.summary, "No secrets in 1 file are anybody else's to read or change");
});

Deno.test("log_dir that is a file is named", async () => {
  const findings = await checkText("config.files", `${ACCOUNT}[OPTIONAL]\nlog_dir = /var/log/x\n`, {
    modes: { "/var/log/x": 0o100644 },
  });
  assert.deepEqual(brief(findings), [
    "fail /var/log/x: log_dir is a file, wanted a directory",
  ]);
});

Deno.test("parts and memory follow from the limits", async () => {
  const limits = (file: string, memory: string) =>
    `${ACCOUNT}[FILE_OPTION]\nsingle_file_max_size = ${file}\n[OPTIONAL]\nupload_memory_max = ${memory}\n`;
  const [small] = await checkText("config.uploads", limits("1GiB", "400MiB"));
  assert.equal(small!.status, "pass");
  assert.deepEqual(small!.data, {
    parts: 128,
    smallest: 8 * 1024 ** 2,
    largest: 8 * 1024 ** 2,
    memory: 400 * 1024 ** 2,
    uploads: 10,
  });
  const [large] = await checkText("config.uploads", limits("200GiB", "1GiB"));
  assert.match(
    large!.summary,
    /^200GiB go up in \d+ parts of 8MiB to 21MiB, 4 at once; 1GiB of memory/,
  );
  assert.ok((large!.data!.parts as number) <= 10_000);
});

Deno.test("memory for uploads of more than half of the machine's is warned of", async () => {
  const text = `${ACCOUNT}[OPTIONAL]\nupload_memory_max = 1GiB\n`;
  const [finding] = await checkText("config.uploads", text, { machineMemory: GIB });
  assert.equal(finding!.status, "warn");
  assert.equal(finding!.summary, "Uploads may take 1GiB of this machine's 1024MiB");
  assert.deepEqual(finding!.remedy!.commands, ["upload_memory_max = 512MiB"]);
});

Deno.test("a gateway that cannot be made is named with the reason", async () => {
  assert.deepEqual(brief(await checkText("config.build", ACCOUNT)), [
    "pass vsftpd.conf: The gateway can be made of it",
  ]);
  const build = () => Promise.reject(new RangeError("could not allocate memory"));
  const [finding] = await checkText("config.build", ACCOUNT, { build });
  assert.equal(finding!.status, "fail");
  assert.match(finding!.summary, /: could not allocate memory$/);
  assert.match(finding!.remedy!.text, /^Lower upload_memory_max/);
});

Deno.test("what a configuration with errors would come to is not looked at, and said to be so", async () => {
  const text = `${ACCOUNT}[NETWORK]\nlistn_port = 1\n`;
  for (const check of ["build", "uploads", "certificate", "passwords"]) {
    const [finding] = await checkText(`config.${check}`, text);
    assert.deepEqual([finding?.status, finding?.summary], [
      "skip",
      "Not tried: it needs config.problems",
    ]);
  }
});

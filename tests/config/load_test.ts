import assert from "node:assert/strict";
import { parseCidr } from "../../src/net/cidr.ts";
import { LOCALHOST } from "../net/localhost_certificate.ts";
import { accountOf, accountText, configOf, loadText } from "./loading.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

Deno.test("load fills in every default", () => {
  const { accounts, ...rest } = configOf(loadText(accountText()));
  assert.deepEqual(accounts, [{
    section: "COS_ACCOUNT_0",
    name: "alice0",
    users: [{ name: "alice0", password: "correct-horse-0" }],
    credentials: {
      from: "configuration",
      secretId: "AKIDexample0",
      secretKey: "a-secret-key-0",
      token: undefined,
    },
    bucket: "photos-1250000001",
    region: "ap-guangzhou",
    endpoint: undefined,
    protocol: "https",
    network: "auto",
    homeDir: "alice0",
    keyPrefix: "",
    authority: { read: true, write: true },
    deleteEnable: true,
    overwriteEnable: true,
    renameEnable: true,
    singleFileMaxSize: 200 * GIB,
    maxSessions: undefined,
    uploadRate: undefined,
    downloadRate: undefined,
    allowFrom: undefined,
    storageClass: undefined,
    encryption: undefined,
    preserveMtime: false,
    requireTls: false,
    pathEncoding: "utf-8",
  }]);
  assert.deepEqual(rest, {
    file: "vsftpd.conf",
    network: {
      listenAddress: "0.0.0.0",
      listenPort: 2121,
      masqueradeAddress: undefined,
      masqueradeExcept: [],
      passivePorts: { first: 60_000, last: 65_535 },
      proxyProtocolFrom: [],
      dataPeer: "same",
    },
    login: {
      guard: { threshold: 10, window: 600_000, ban: 600_000, except: [] },
      maxConnectionsPerAddress: 128,
      maxUnauthenticated: 256,
      cosKeyAccount: undefined,
    },
    tls: { files: undefined, required: "no", implicitPort: undefined, truncation: "reject" },
    limits: {
      singleFileMaxSize: 200 * GIB,
      minPartSize: 8 * MIB,
      uploadThreadNum: 4,
      uploadMemoryMax: GIB,
      interruptedUpload: "resume",
      resumeWindow: 86_400_000,
      maxConnectionNum: 512,
      maxLoginNum: 100,
      maxListFile: 10_000,
      renameMaxFiles: 5_000,
      idleTimeout: 300_000,
      loginTimeout: 30_000,
      dataConnectTimeout: 30_000,
      stallTimeout: 120_000,
      drainTimeout: 30_000,
    },
    log: { level: "INFO", dir: "log", toFile: true, rotateSize: 64 * MIB, backupCount: 10 },
    clusterName: undefined,
  });
});

Deno.test("load reads every key into its place", () => {
  const account = accountText(
    0,
    "cos_token = a-token",
    "cos_endpoint = 127.0.0.1:9000",
    "cos_protocol = http",
    "cos_network = internal",
    "home_dir = /home/alice",
    "key_prefix = /team/a",
    "authority = R",
    "delete_enable = off",
    "overwrite_enable = no",
    "rename_enable = 0",
    "single_file_max_size = 1MiB",
    "max_sessions = 3",
    "upload_rate = 64KiB",
    "download_rate = 128KiB",
    "allow_from = 10.0.0.0/8",
    "storage_class = standard_ia",
    "sse = AES256",
    "preserve_mtime = yes",
    "path_encoding = GB18030",
    "require_tls = yes",
  );
  const files = { "cert.pem": LOCALHOST.cert, "key.pem": LOCALHOST.key };
  const text = `${account}
[NETWORK]
listen_address = ::
listen_port = 21
passive_port = 40000-40100
masquerade_address = ftp.example.com
masquerade_except = 10.0.0.0/8
proxy_protocol_from = 10.0.0.5, 2001:db8::/64
data_peer = any
[LOGIN]
guard_threshold = 0
guard_window = 1m
guard_ban = 1d
guard_except = 127.0.0.1
max_connection_per_address = 4
max_unauthenticated_num = 5
cos_key_login = yes
cos_region = ap-shanghai
cos_endpoint = 127.0.0.1:9001
cos_protocol = http
cos_network = internal
authority = R
delete_enable = no
[FILE_OPTION]
single_file_max_size = 1G
[OPTIONAL]
min_part_size = 1MiB
upload_thread_num = 2
upload_memory_max = 96MiB
cluster_name = ftp-guangzhou
interrupted_upload = discard
resume_window = 14s
max_connection_num = 0
max_login_num = 7
max_list_file = 8
rename_max_files = 13
idle_timeout = 9
login_timeout = 10s
data_connect_timeout = 11s
stall_timeout = 12s
drain_timeout = 0s
log_level = debug
log_dir = /var/log/cosftp
log_file_enabled = no
log_rotate_enabled = false
log_rotate_size = 1MiB
log_backup_count = 3
[TLS]
tls_cert_file = cert.pem
tls_key_file = key.pem
tls_required = control
implicit_tls_port = 990
tls_truncation = accept
`;
  const config = configOf(loadText(text, { files }));
  assert.deepEqual(config.accounts[0], {
    section: "COS_ACCOUNT_0",
    name: "alice0",
    users: [{ name: "alice0", password: "correct-horse-0" }],
    credentials: {
      from: "configuration",
      secretId: "AKIDexample0",
      secretKey: "a-secret-key-0",
      token: "a-token",
    },
    bucket: "photos-1250000001",
    region: "ap-guangzhou",
    endpoint: "127.0.0.1:9000",
    protocol: "http",
    network: "internal",
    homeDir: "/home/alice",
    keyPrefix: "team/a/",
    authority: { read: true, write: false },
    deleteEnable: false,
    overwriteEnable: false,
    renameEnable: false,
    singleFileMaxSize: MIB,
    maxSessions: 3,
    uploadRate: 64 * 1024,
    downloadRate: 128 * 1024,
    allowFrom: [parseCidr("10.0.0.0/8")],
    storageClass: "STANDARD_IA",
    encryption: "AES256",
    preserveMtime: true,
    requireTls: true,
    pathEncoding: "gb18030",
  });
  assert.deepEqual(config.tls, {
    files: { cert: "cert.pem", key: "key.pem" },
    required: "control",
    implicitPort: 990,
    truncation: "accept",
  });
  assert.deepEqual(config.network.masqueradeExcept.map(({ text }) => text), ["10.0.0.0/8"]);
  assert.deepEqual(config.network.proxyProtocolFrom.map(({ text }) => text), [
    "10.0.0.5",
    "2001:db8::/64",
  ]);
  assert.deepEqual({ ...config.network, masqueradeExcept: [], proxyProtocolFrom: [] }, {
    listenAddress: "::",
    listenPort: 21,
    masqueradeAddress: "ftp.example.com",
    masqueradeExcept: [],
    passivePorts: { first: 40_000, last: 40_100 },
    proxyProtocolFrom: [],
    dataPeer: "any",
  });
  const { guard, ...login } = config.login;
  assert.deepEqual(guard.except.map(({ text }) => text), ["127.0.0.1"]);
  assert.deepEqual({ ...guard, except: [] }, {
    threshold: 0,
    window: 60_000,
    ban: 86_400_000,
    except: [],
  });
  assert.deepEqual(login, {
    maxConnectionsPerAddress: 4,
    maxUnauthenticated: 5,
    cosKeyAccount: {
      section: "LOGIN",
      region: "ap-shanghai",
      endpoint: "127.0.0.1:9001",
      protocol: "http",
      network: "internal",
      homeDir: "LOGIN",
      keyPrefix: "",
      authority: { read: true, write: false },
      deleteEnable: false,
      overwriteEnable: true,
      renameEnable: true,
      singleFileMaxSize: GIB,
      maxSessions: undefined,
      uploadRate: undefined,
      downloadRate: undefined,
      allowFrom: undefined,
      requireTls: false,
      storageClass: undefined,
      encryption: undefined,
      preserveMtime: false,
      pathEncoding: "utf-8",
    },
  });
  assert.deepEqual(config.limits, {
    singleFileMaxSize: GIB,
    minPartSize: MIB,
    uploadThreadNum: 2,
    uploadMemoryMax: 96 * MIB,
    interruptedUpload: "discard",
    resumeWindow: 14_000,
    maxConnectionNum: 0,
    maxLoginNum: 7,
    maxListFile: 8,
    renameMaxFiles: 13,
    idleTimeout: 9_000,
    loginTimeout: 10_000,
    dataConnectTimeout: 11_000,
    stallTimeout: 12_000,
    drainTimeout: 0,
  });
  assert.deepEqual(config.log, {
    level: "DEBUG",
    dir: "/var/log/cosftp",
    toFile: false,
    rotateSize: 0,
    backupCount: 3,
  });
  assert.equal(config.clusterName, "ftp-guangzhou");
});

Deno.test("load keeps passwords as they are written", () => {
  for (
    const [written, password] of [
      ["021", "021"],
      ["true", "true"],
      ["a;b#c", "a;b#c"],
      ['"pa ss#1"', "pa ss#1"],
      ["'${HOME} sweet'", "${HOME} sweet"],
      ["$1$ $HOME", "$1$ $HOME"],
      ["'default'", "default"],
      ["密码", "密码"],
    ] as const
  ) {
    const text = accountText().replace("correct-horse-0", () => written);
    assert.equal(accountOf(loadText(text)).users[0]!.password, password);
  }
});

Deno.test("load takes default and nothing for the default", () => {
  const { limits, network } = configOf(loadText(
    `${accountText()}[OPTIONAL]\nmin_part_size = default\nupload_thread_num = DEFAULT\n` +
      "max_list_file =\n[NETWORK]\nmasquerade_address = # none\n",
  ));
  assert.equal(limits.minPartSize, 8 * MIB);
  assert.equal(limits.uploadThreadNum, 4);
  assert.equal(limits.maxListFile, 10_000);
  assert.equal(network.masqueradeAddress, undefined);
});

Deno.test("load compares section and key names without regard to case", () => {
  const text = `${
    accountText().replace("COS_ACCOUNT", "Cos_Account")
  }[network]\nListen_Port = 21\n`;
  const config = configOf(loadText(text));
  assert.equal(config.network.listenPort, 21);
  assert.equal(config.accounts[0]!.section, "Cos_Account_0");
});

Deno.test("load gives a configuration that cannot be changed", () => {
  const config = configOf(loadText(accountText()));
  const parts = [config, config.accounts, config.accounts[0], config.network, config.limits];
  for (const part of [...parts, config.log, config.network.passivePorts]) {
    assert.ok(Object.isFrozen(part));
  }
});

Deno.test("load takes a quarter of the machine's memory for uploads, at most 1 GiB", () => {
  const memoryOf = (machineMemory: number) =>
    configOf(loadText(accountText(), { machineMemory })).limits.uploadMemoryMax;
  assert.equal(memoryOf(2 * GIB), GIB / 2);
  assert.equal(memoryOf(64 * GIB), GIB);
});

Deno.test("load lets a flag win over the environment, and the environment over the file", () => {
  const text = `${accountText()}[NETWORK]\nlisten_port = 1111\nlisten_address = wrong\n`;
  const env = {
    COSFTP_NETWORK_LISTEN_PORT: "2222",
    COSFTP_NETWORK_LISTEN_ADDRESS: "127.0.0.1",
    COSFTP_NETWORK_DATA_PEER: "",
  };
  const overrides = [
    { flag: "--listen", section: "NETWORK", key: "listen_port", text: "3333" },
  ] as const;
  const { network } = configOf(loadText(text, { env, overrides }));
  assert.equal(network.listenPort, 3333);
  assert.equal(network.listenAddress, "127.0.0.1");
  assert.equal(network.dataPeer, "same");
});

import { authority, bucket, keyPrefix, region } from "./cos_values.ts";
import { CREDENTIAL_KEYS } from "./credential_keys.ts";
import { type Keys, optional, required } from "./key.ts";
import { LOG_KEYS } from "./log_keys.ts";
import { LOGIN_KEYS } from "./login_keys.ts";
import { password, userList } from "./login_values.ts";
import { PART_COUNT_MAX, PART_SIZE_MAX, PART_SIZE_MIN, UPLOAD_MEMORY_MAX } from "./part_limits.ts";
import { PERMISSION_KEYS } from "./permission_keys.ts";
import { TLS_KEYS } from "./tls_keys.ts";
import {
  boolean,
  choice,
  cidrList,
  duration,
  endpoint,
  integer,
  ipAddress,
  port,
  portRange,
  publicHost,
  size,
  text,
} from "./values.ts";

/*
 * The key table: what may stand in a configuration. Validation, did-you-mean, the names of environment variables and
 * conf/vsftpd.conf.example (tests/config/write_example.ts writes it anew) all derive from it; `assemble.ts` says what
 * becomes of the values.
 */

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

/** COS document 436/33417; a PUT can ask for these. */
const STORAGE_CLASSES = [
  "STANDARD",
  "STANDARD_IA",
  "INTELLIGENT_TIERING",
  "ARCHIVE",
  "DEEP_ARCHIVE",
  "MAZ_STANDARD",
  "MAZ_STANDARD_IA",
  "MAZ_INTELLIGENT_TIERING",
] as const;

const ACCOUNT_KEYS = {
  ...CREDENTIAL_KEYS,
  cos_bucket: required(bucket, {
    en: "The bucket, with its APPID.",
    zh: "存储桶名称，格式为 BucketName-APPID。",
    example: "examplebucket-1250000000",
    placeholders: { "examplebucket-1250000000": "warning" },
  }),
  cos_region: optional(region, {
    en: "Region of the bucket, such as ap-guangzhou. Needed unless cos_endpoint is given.",
    zh: "存储桶所在地域，例如 ap-guangzhou。未填写 cos_endpoint 时必填。",
    example: "region",
    placeholders: { region: "error" },
  }),
  cos_endpoint: optional(endpoint, {
    en: "Endpoint of a private deployment or of cosftp emulator, host or host:port. " +
      "Wins over cos_region. The bucket's name is put in front of a domain name, " +
      "and into the path for an IP address or localhost.",
    zh: "私有化部署环境（或 cosftp emulator）的 endpoint，格式为 host 或 host:port。" +
      "同时填写 cos_region 时以 endpoint 为准。",
    example: "127.0.0.1:9000",
    placeholders: { "region.myqcloud.com": "error" },
  }),
  cos_protocol: optional(choice(["https", "http"]), {
    en: "How COS is spoken to: https or http.",
    zh: "访问 COS 的协议：https 或 http。",
    default: "https",
  }),
  cos_network: optional(choice(["auto", "internal", "public"]), {
    en: "Which of the region's endpoints is used: internal, public, " +
      "or auto for the nearer one that answers.",
    zh: "访问 COS 的网络：internal（内网）、public（公网）或 auto（自动选择，优先内网）。",
    default: "auto",
  }),
  key_prefix: optional(keyPrefix, {
    en: "Confines the account to the keys below this folder of the bucket.",
    zh: "将该账号限制在存储桶的某个目录（前缀）之内。",
    example: "team/a/",
    otherwise: { en: "the whole bucket", zh: "整个存储桶" },
  }),
  home_dir: optional(text("a label"), {
    en: "A label of the account that no other account has. " +
      "Nothing is stored there, and no such directory need exist.",
    zh: "该账号的标识，各账号必须互不相同。仅作标识使用，本机无需存在该目录。",
    example: "/home/user0",
    otherwise: { en: "the user name", zh: "用户名" },
  }),
  ftp_login_user_name: optional(text("a user name"), {
    en:
      "User name for the FTP login; no other user has the same. anonymous without a password lets " +
      "everybody in, also as ftp.",
    zh:
      "FTP 登录用户名，各用户必须互不相同。填写 anonymous 且不填写密码时，允许任何人匿名登录（也可用 ftp）。",
    example: "user0",
    otherwise: { en: "only the users of ftp_login_users", zh: "仅 ftp_login_users 中的用户" },
    isShown: true,
  }),
  ftp_login_user_password: optional(password, {
    en: "Password for the FTP login, or what cosftp hash-password makes of it.",
    zh: "FTP 登录密码，或由 cosftp hash-password 生成的密码哈希。",
    example: "pass0",
    secret: true,
    fromFile: true,
    placeholders: { pass0: "warning", pass1: "warning" },
  }),
  ftp_login_users: optional(userList, {
    en:
      "Users of the same account, besides ftp_login_user_name or in its place: name:password between commas, " +
      "with a \\ before each , and \\, and before each : of a name. Its file may have one on each line.",
    zh:
      "同一账号的多个用户，格式为 user1:pass1,user2:pass2。值中的 , 和 \\ 以及用户名中的 : 前需加 \\。" +
      "写在文件中时可每行一个。",
    example: "user1:pass1, user2:pass2",
    secret: true,
    fromFile: true,
  }),
  authority: optional(authority, {
    en: "What the account may do: R reads, W writes, RW both.",
    zh: "该用户的读写权限：R 表示读，W 表示写，RW 表示读和写。",
    example: "RW",
    otherwise: { en: "RW, and R for anonymous", zh: "RW，匿名用户为 R" },
  }),
  delete_enable: optional(boolean, {
    en:
      "Whether the account may delete. With false DELE, RMD and a rename onto a file that exists " +
      "are refused.",
    zh:
      "是否允许该用户进行删除操作。为 false 时，删除文件、删除目录以及重命名覆盖已有文件均被拒绝。",
    default: "true",
  }),
  ...PERMISSION_KEYS,
  storage_class: optional(choice(STORAGE_CLASSES), {
    en:
      "Storage class of new files. Files of an archive class must be restored in COS before they " +
      "can be read.",
    zh: "新文件的存储类型。归档类型的文件需先在 COS 中恢复才能读取。",
    example: "STANDARD_IA",
    otherwise: { en: "STANDARD", zh: "STANDARD" },
  }),
  sse: optional(choice(["AES256", "cos/kms"]), {
    en: "How COS encrypts new files: AES256 with its own keys, cos/kms with those of KMS.",
    zh: "新文件的服务端加密方式：AES256（COS 托管密钥）或 cos/kms（KMS 托管密钥）。",
    example: "AES256",
    otherwise: { en: "as the bucket is set up", zh: "按存储桶的默认设置" },
  }),
  preserve_mtime: optional(boolean, {
    en:
      "Whether clients may set the times of files (MFMT). Each setting copies the file within COS, " +
      "and listings ask for each file's time once.",
    zh:
      "是否允许客户端设置文件时间（MFMT）。每次设置会在 COS 内复制一次文件，列出目录时会逐个查询文件时间。",
    default: "false",
  }),
  path_encoding: optional(choice(["utf-8", "gb18030"]), {
    en: "How clients write names: utf-8, or gb18030 for Chinese Windows clients. " +
      "OPTS UTF8 ON switches a session to utf-8.",
    zh:
      "客户端文件名编码：utf-8，或用于中文 Windows 客户端的 gb18030。客户端发送 OPTS UTF8 ON 时该会话改用 utf-8。",
    default: "utf-8",
  }),
  require_tls: optional(boolean, {
    en: "Whether the account may log in under TLS only, with its data connections under TLS too.",
    zh: "该账号是否必须使用 TLS 登录，且数据连接也必须使用 TLS。",
    default: "false",
  }),
} satisfies Keys;

const NETWORK_KEYS = {
  listen_address: optional(ipAddress, {
    en: "Local address on which FTP clients are awaited; :: is every IPv4 and IPv6 address.",
    zh: "FTP Server 的监听地址；:: 表示所有 IPv4 和 IPv6 地址。",
    default: "0.0.0.0",
  }),
  listen_port: optional(port(0), {
    en: "Port of the control connection. The firewall and the security group must let it pass.",
    zh: "FTP Server 的监听端口。防火墙及 CVM 安全组需要放行该端口。",
    default: "2121",
  }),
  passive_port: optional(portRange, {
    en: "First and last port for the data connections of passive mode, both included. " +
      "The firewall and the security group must let all of them pass.",
    zh: "passive 模式下数据连接的端口范围（含两端）。防火墙及 CVM 安全组需要放行此区间端口。",
    default: "60000,65535",
  }),
  masquerade_address: optional(publicHost, {
    en: "Public IPv4 address or domain name of the gateway or NAT in front of this machine: " +
      "what clients are told to connect to in passive mode.",
    zh: "如果 FTP Server 处于某个网关或 NAT 后，在此填写客户端可以访问的 IP 地址或域名。",
    example: "203.0.113.10",
    otherwise: { en: "the address the client has reached", zh: "客户端所连接的地址" },
    placeholders: { "XXX.XXX.XXX.XXX": "error" },
  }),
  masquerade_except: optional(cidrList, {
    en: "Address blocks of clients that get the local address in spite of masquerade_address.",
    zh: "不使用 masquerade_address 的客户端网段（例如内网客户端），以逗号分隔。",
    example: "10.0.0.0/8, 192.168.0.0/16",
  }),
  proxy_protocol_from: optional(cidrList, {
    en:
      "Address blocks of load balancers in front of cosftp. Their connections, control and data, must " +
      "begin with a PROXY protocol header (version 1 or 2), whose addresses then count as the client's.",
    zh:
      "位于 cosftp 之前的负载均衡（代理）的网段，以逗号分隔。来自这些地址的控制连接和数据连接必须带有 " +
      "PROXY protocol（v1 或 v2）头，其中的地址将视为客户端地址。",
    example: "10.0.0.5, 10.0.1.0/24",
  }),
  data_peer: optional(choice(["same", "any"]), {
    en: "From where a data connection may come: the same address as the control connection, " +
      "or any, for clients behind a NAT with several addresses.",
    zh: "数据连接的来源：same 表示必须与控制连接的地址相同，any 表示不限制。",
    default: "same",
  }),
} satisfies Keys;

const FILE_OPTION_KEYS = {
  single_file_max_size: optional(size({ min: 1, max: PART_COUNT_MAX * PART_SIZE_MAX }), {
    en: "Largest file that may be uploaded. Larger files need larger parts, hence more memory.",
    zh: "单文件大小上限，不建议设置太大。",
    default: "200GiB",
  }),
} satisfies Keys;

const OPTIONAL_KEYS = {
  min_part_size: optional(size({ min: PART_SIZE_MIN, max: PART_SIZE_MAX }), {
    en: "Size of an upload's first parts; they grow with the file. A smaller file is one request.",
    zh: "上传分块的最小大小，分块大小随文件增大。",
    default: "8MiB",
  }),
  upload_thread_num: optional(integer({ min: 1, max: 64 }), {
    en: "Parts of one upload that are sent at the same time.",
    zh: "单个文件并发上传的分块数。",
    default: "4",
  }),
  upload_memory_max: optional(size({ min: 2 * PART_SIZE_MIN, max: UPLOAD_MEMORY_MAX }), {
    en: "Memory for the parts of all uploads together.",
    zh: "所有上传任务的分块缓冲区可使用的内存总量。",
    example: "1GiB",
    otherwise: {
      en: "a quarter of the machine's memory, 128MiB to 1GiB",
      zh: "机器内存的四分之一，128MiB 到 1GiB",
    },
  }),
  cluster_name: optional(text("a name"), {
    en: "Name of this gateway and of all others that serve the same accounts. " +
      "Only they clear away what a crash has left of an upload.",
    zh:
      "网关（集群）名称，服务相同账号的多个网关应使用同一名称。只有同名网关会清理异常退出后残留的分块上传。",
    otherwise: { en: "the host name", zh: "主机名" },
    example: "ftp-guangzhou",
  }),
  interrupted_upload: optional(choice(["resume", "discard"]), {
    en:
      "What becomes of an upload that breaks off: resume keeps what has arrived, so that the client " +
      "can go on with it (REST, SIZE, APPE); discard throws it away.",
    zh: "上传中断后的处理方式：resume 保留已上传的分块，客户端可断点续传；discard 丢弃。",
    default: "resume",
  }),
  resume_window: optional(duration({ min: SECOND, max: 30 * DAY }), {
    en: "How long an interrupted upload is kept, and one of which nothing more was heard is left " +
      "alone; longer than stall_timeout where several gateways have one cluster_name.",
    zh: "中断的分块上传在没有任何进展的情况下保留的时间，超时后自动清理。" +
      "多个网关使用同一 cluster_name 时应大于 stall_timeout。",
    default: "24h",
  }),
  max_connection_num: optional(integer({ min: 0, max: 1_000_000 }), {
    en: "Control connections at the same time; 0 is unlimited.",
    zh: "最大连接数，0 表示不限制。",
    default: "512",
  }),
  max_login_num: optional(integer({ min: 1, max: 1_000_000 }), {
    en: "Logged-in sessions at the same time.",
    zh: "允许同时登录的用户数目。",
    default: "100",
  }),
  max_list_file: optional(integer({ min: 1, max: 100_000_000 }), {
    en: "Most entries of one listing.",
    zh: "ls 命令最大可列出的文件数目，设置太大会增加 ls 命令的延时。",
    default: "10000",
  }),
  rename_max_files: optional(integer({ min: 1, max: 1_000_000 }), {
    en: "Files in a directory that may still be renamed: each is copied, and the client waits.",
    zh: "允许重命名的目录中最多包含的文件数：重命名需要逐个复制文件，客户端会一直等待。",
    default: "5000",
  }),
  idle_timeout: optional(duration({ min: SECOND, max: 7 * DAY }), {
    en: "A session that sends no command for so long is ended; transfers do not count as idle.",
    zh: "会话空闲超时时间（传输过程不计入空闲）。",
    default: "300s",
  }),
  login_timeout: optional(duration({ min: SECOND, max: DAY }), {
    en: "How long a client may take to log in.",
    zh: "登录超时时间。",
    default: "30s",
  }),
  data_connect_timeout: optional(duration({ min: SECOND, max: DAY }), {
    en: "How long a data connection may take to be made.",
    zh: "建立数据连接的超时时间。",
    default: "30s",
  }),
  stall_timeout: optional(duration({ min: SECOND, max: DAY }), {
    en: "A transfer in which the client moves no byte for so long is ended.",
    zh: "传输停滞（客户端没有收发任何数据）的超时时间。",
    default: "120s",
  }),
  metadata_endpoint: optional(endpoint, {
    en: "Where the metadata service for cos_cam_role answers, host or host:port.",
    zh: "cos_cam_role 使用的元数据服务地址，格式为 host 或 host:port。",
    default: "metadata.tencentyun.com",
  }),
  drain_timeout: optional(duration({ min: 0, max: DAY }), {
    en: "How long running transfers may go on when cosftp is told to stop.",
    zh: "停止服务时，等待正在进行的传输完成的时间。",
    default: "30s",
  }),
  ...LOG_KEYS,
} satisfies Keys;

/** The sections by name. `COS_ACCOUNT` stands for every `COS_ACCOUNT_*`. */
export const SECTIONS = {
  COS_ACCOUNT: {
    keys: ACCOUNT_KEYS,
    en: "An FTP account and the bucket it works on. Further accounts are further sections: " +
      "COS_ACCOUNT_1, COS_ACCOUNT_2 and so on.",
    zh: "FTP 账号及其对应的存储桶。添加 COS_ACCOUNT_1、COS_ACCOUNT_2 等 section 即可配置多个账号。",
  },
  NETWORK: { keys: NETWORK_KEYS, en: "Addresses and ports.", zh: "地址与端口。" },
  LOGIN: {
    keys: LOGIN_KEYS,
    en: "Who is turned away, and logins with keys of the cloud.",
    zh: "登录限制，以及使用云密钥登录。",
  },
  TLS: {
    keys: TLS_KEYS,
    en: "FTP over TLS (FTPS), explicit by AUTH TLS and implicit.",
    zh: "FTP over TLS（FTPS）：显式（AUTH TLS）与隐式。",
  },
  FILE_OPTION: { keys: FILE_OPTION_KEYS, en: "Files.", zh: "文件。" },
  OPTIONAL: {
    keys: OPTIONAL_KEYS,
    en: "What may be left as it is; the word default stands for each key's default.",
    zh: "以下设置，如无特殊需要，建议保留 default 设置。",
  },
} as const;
export type SectionKind = keyof typeof SECTIONS;

/** Which kind of section `name` is, without regard to case; undefined for an unknown one. */
export function sectionKind(name: string): SectionKind | undefined {
  const upper = name.toUpperCase();
  if (/^COS_ACCOUNT_[\p{L}\p{N}_.-]+$/u.test(upper)) return "COS_ACCOUNT";
  return upper !== "COS_ACCOUNT" && Object.hasOwn(SECTIONS, upper)
    ? upper as SectionKind
    : undefined;
}

/** All names that may stand in a section of this kind, `_file` variants included. */
export function keyNames(kind: SectionKind): string[] {
  return Object.entries<Keys[string]>(SECTIONS[kind].keys).flatMap(([name, key]) =>
    key.fromFile ? [name, `${name}_file`] : name
  );
}

/** The names, of those, whose value is the path of a file with secrets. */
export function secretFileKeys(kind: SectionKind): string[] {
  return Object.entries<Keys[string]>(SECTIONS[kind].keys).flatMap(([name, key]) => [
    ...key.fromFile ? [`${name}_file`] : [],
    ...key.namesSecrets ? [name] : [],
  ]);
}

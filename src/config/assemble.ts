import type { AccountConfig, Config, CredentialsConfig, UserConfig } from "./config.ts";
import type { Values } from "./key.ts";
import type { SECTIONS } from "./keys.ts";
import type { ReadSection } from "./read_section.ts";

type KeysOf<Kind extends keyof typeof SECTIONS> = (typeof SECTIONS)[Kind]["keys"];

/** Every section of a configuration, read. */
export interface ReadSettings {
  readonly accounts: readonly ReadSection<KeysOf<"COS_ACCOUNT">>[];
  readonly network: ReadSection<KeysOf<"NETWORK">>;
  readonly login: ReadSection<KeysOf<"LOGIN">>;
  /** The section `LOGIN` read as an account's: the defaults of what it does not give. */
  readonly loginAccount: ReadSection<KeysOf<"COS_ACCOUNT">>;
  readonly tls: ReadSection<KeysOf<"TLS">>;
  readonly fileOption: ReadSection<KeysOf<"FILE_OPTION">>;
  readonly optional: ReadSection<KeysOf<"OPTIONAL">>;
}

/** Makes the frozen configuration of settings among which there is no error. */
export function assembleConfig(
  read: ReadSettings,
  { file, uploadMemoryMax }: { file: string | undefined; uploadMemoryMax: number },
): Config {
  // Without an error every value is there.
  const network = read.network.values as Values<KeysOf<"NETWORK">>;
  const login = read.login.values as Values<KeysOf<"LOGIN">>;
  const tls = read.tls.values as Values<KeysOf<"TLS">>;
  const fileOption = read.fileOption.values as Values<KeysOf<"FILE_OPTION">>;
  const optional = read.optional.values as Values<KeysOf<"OPTIONAL">>;
  const others = {
    metadataEndpoint: optional.metadata_endpoint,
    singleFileMaxSize: fileOption.single_file_max_size,
  };
  const accounts = read.accounts.map(({ section, values }) =>
    account(section.name, values as Values<KeysOf<"COS_ACCOUNT">>, others)
  );
  return deepFreeze({
    file,
    accounts,
    network: {
      listenAddress: network.listen_address,
      listenPort: network.listen_port,
      masqueradeAddress: network.masquerade_address,
      masqueradeExcept: network.masquerade_except ?? [],
      passivePorts: network.passive_port,
      proxyProtocolFrom: network.proxy_protocol_from ?? [],
      dataPeer: network.data_peer,
    },
    login: {
      guard: {
        threshold: login.guard_threshold,
        window: login.guard_window,
        ban: login.guard_ban,
        except: login.guard_except ?? [],
      },
      maxConnectionsPerAddress: login.max_connection_per_address,
      maxUnauthenticated: login.max_unauthenticated_num,
      cosKeyAccount: login.cos_key_login ? cosKeyAccount(read, others) : undefined,
    },
    tls: {
      files: tls.tls_cert_file && tls.tls_key_file
        ? { cert: tls.tls_cert_file, key: tls.tls_key_file }
        : undefined,
      required: tls.tls_required,
      implicitPort: tls.implicit_tls_port,
      truncation: tls.tls_truncation,
    },
    limits: {
      singleFileMaxSize: fileOption.single_file_max_size,
      minPartSize: optional.min_part_size,
      uploadThreadNum: optional.upload_thread_num,
      uploadMemoryMax,
      interruptedUpload: optional.interrupted_upload,
      resumeWindow: optional.resume_window,
      maxConnectionNum: optional.max_connection_num,
      maxLoginNum: optional.max_login_num,
      maxListFile: optional.max_list_file,
      renameMaxFiles: optional.rename_max_files,
      idleTimeout: optional.idle_timeout,
      loginTimeout: optional.login_timeout,
      dataConnectTimeout: optional.data_connect_timeout,
      stallTimeout: optional.stall_timeout,
      drainTimeout: optional.drain_timeout,
    },
    log: {
      level: optional.log_level,
      dir: optional.log_dir,
      toFile: optional.log_file_enabled,
      rotateSize: optional.log_rotate_enabled ? optional.log_rotate_size : 0,
      backupCount: optional.log_backup_count,
    },
    clusterName: optional.cluster_name,
  });
}

/** What an account takes over from other sections. */
interface FromOthers {
  readonly metadataEndpoint: string;
  readonly singleFileMaxSize: number;
}

function account(
  section: string,
  values: Values<KeysOf<"COS_ACCOUNT">>,
  others: FromOthers,
): AccountConfig {
  const users = usersOf(values);
  // Without an error there is one.
  const { name } = users[0]!;
  const isAnonymous = users.some(({ password }) => password === undefined);
  return {
    ...accountOfAnybody(section, values, others),
    name,
    users,
    credentials: credentials(values, others),
    bucket: values.cos_bucket,
    homeDir: values.home_dir ?? name,
    authority: values.authority ?? { read: true, write: !isAnonymous },
  };
}

function cosKeyAccount(
  { login, loginAccount }: ReadSettings,
  others: FromOthers,
): Config["login"]["cosKeyAccount"] {
  const values = loginAccount.values as Values<KeysOf<"COS_ACCOUNT">>;
  const { cos_network } = login.values as Values<KeysOf<"LOGIN">>;
  return accountOfAnybody(login.section.name, { ...values, cos_network }, others);
}

/** What an account has besides its users, keys and bucket. */
function accountOfAnybody(
  section: string,
  values: Values<KeysOf<"COS_ACCOUNT">>,
  { singleFileMaxSize }: FromOthers,
): NonNullable<Config["login"]["cosKeyAccount"]> {
  return {
    section,
    region: values.cos_region,
    endpoint: values.cos_endpoint,
    protocol: values.cos_protocol,
    network: values.cos_network,
    homeDir: values.home_dir ?? section,
    keyPrefix: values.key_prefix ?? "",
    authority: values.authority ?? { read: true, write: true },
    deleteEnable: values.delete_enable,
    overwriteEnable: values.overwrite_enable,
    renameEnable: values.rename_enable,
    singleFileMaxSize: values.single_file_max_size ?? singleFileMaxSize,
    maxSessions: values.max_sessions,
    uploadRate: values.upload_rate,
    downloadRate: values.download_rate,
    allowFrom: values.allow_from,
    storageClass: values.storage_class,
    encryption: values.sse,
    preserveMtime: values.preserve_mtime,
    requireTls: values.require_tls,
    pathEncoding: values.path_encoding,
  };
}

function credentials(
  values: Values<KeysOf<"COS_ACCOUNT">>,
  { metadataEndpoint }: FromOthers,
): CredentialsConfig {
  const { cos_credentials_file: path, cos_cam_role: role } = values;
  if (role !== undefined) return { from: "role", role, metadataEndpoint };
  if (path !== undefined) return { from: "file", path };
  return {
    from: "configuration",
    // Without an error they are there where neither of the others is.
    secretId: values.cos_secretid!,
    secretKey: values.cos_secretkey!,
    token: values.cos_token,
  };
}

/** Who may log in to an account, `ftp_login_user_name` first. */
export function usersOf(
  values: Partial<Values<KeysOf<"COS_ACCOUNT">>>,
): readonly UserConfig[] {
  const { ftp_login_user_name: name, ftp_login_user_password: password, ftp_login_users } = values;
  const single = name === undefined ? [] : [{ name, password }];
  return [...single, ...ftp_login_users ?? []];
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
